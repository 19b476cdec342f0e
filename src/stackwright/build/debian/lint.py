"""What lintian says of packages that were built, asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.build.cache import Provenance, key_of, sha256_of
from stackwright.build.debian.chroot import Base, entered
from stackwright.build.debian.layers import Layer
from stackwright.tools import chroot, lintian

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.debian.builder import BuiltDebs, DebPlan
    from stackwright.tools.lintian import Tag

VERDICTS = "lintian"
SAID = "lintian.txt"
PACKAGES, SOURCE = "/srv/packages", "/srv/source"


def lint(plan: DebPlan, built: BuiltDebs, *, cache: ArtifactCache, log: Path) -> tuple[Tag, ...]:
    """Give what the lintian of the suite finds in the packages and in their source package.

    :raises EnvironmentLacksError: it cannot be installed
    """
    made = cache.make(VERDICTS, key_of(VERDICTS, plan.key), lambda directory: _ask(plan, built, directory, cache, log))
    return lintian.read((made / SAID).read_text(errors="replace"))


def _ask(plan: DebPlan, built: BuiltDebs, directory: Path, cache: ArtifactCache, log: Path) -> Provenance:
    layers = Layer(Base(plan.suite), lintian.PACKAGE, packages=(lintian.PACKAGE,)).make(cache, log)
    shown = {PACKAGES: built.directory, SOURCE: plan.source.dsc.parent}
    files = [f"{SOURCE}/{plan.source.dsc.name}", *(f"{PACKAGES}/{deb.name}" for deb in built.debs)]
    with entered(cache, *layers, shown=shown) as system:
        script = f'"$@" >/root/{SAID}'
        chroot.run(system, ["sh", "-c", script, "sh", *lintian.argv(files)], log=log)
        said = (system.upper / "root" / SAID).read_bytes()
    (directory / SAID).write_bytes(said)
    return Provenance({"packages": dict(built.hashes)}, {}, {SAID: sha256_of(directory / SAID)})
