"""Layers over a clean system: packages installed once, used by every build that needs the same."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import Provenance, key_of
from stackwright.build.debian.chroot import DAYS, Base, entered
from stackwright.build.debian.deb822 import relations, written
from stackwright.build.debian.failures import NOT_FOUND, apt_failed
from stackwright.build.scratch import scratch_directory
from stackwright.tools import chroot, dpkg

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stackwright.build.cache import ArtifactCache
    from stackwright.sources.deb822 import Paragraph

LAYERS = "chroot-layers"
UPPER = "upper"
REPOSITORY = "/srv/stackwright"
LISTED = "etc/apt/sources.list.d/stackwright-repository.list"
RELATIONS = tuple(f"Build-{kind}{where}" for kind in ("Depends", "Conflicts") for where in ("", "-Arch", "-Indep"))
WISHED = "/build-dependencies.dsc"


@dataclass(frozen=True)
class Layer:
    """Packages over a clean system.

    :param subject: what they are for, in messages: ``nova 2:31.0.0-6``
    :param packages: to be installed by name
    :param relations: fields of a source package, whose build dependencies are to be installed
    :param profiles: build profiles that count for these
    :param more: .deb files that may be taken besides those of the suite -> their SHA-256
    """

    base: Base
    subject: str
    packages: tuple[str, ...] = ()
    relations: Mapping[str, str] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Its place in the cache."""
        more = sorted((Path(file).name, sha256) for file, sha256 in self.more.items())
        return key_of(LAYERS, self.base.key, self.packages, dict(self.relations), self.profiles, more)

    def make(self, cache: ArtifactCache, log: Path) -> tuple[Path, ...]:
        """Give the folders of the system with its packages, the lowest first.

        :raises InputError: a package, or what it needs, cannot be had in this suite
        :raises EnvironmentLacksError: not root, a download that fails, no space
        :raises CheckFailedError: a maintainer script fails
        """
        root = self.base.make(cache, log)
        if not self.packages and not self.relations:
            return (root,)
        made = cache.make(LAYERS, self.key, lambda directory: self._fill(directory, root, cache, log))
        cache.prune(LAYERS, days=DAYS)
        return (root, made / UPPER)

    def _fill(self, directory: Path, root: Path, cache: ArtifactCache, log: Path) -> Provenance:
        with scratch_directory(cache.directory / "unfinished") as repository:
            shown = {REPOSITORY: repository} if self.more else {}
            for file in self.more:
                shutil.copyfile(file, repository / Path(file).name)
            if self.more:
                (repository / "Packages").write_bytes(dpkg.scan_packages(repository))
            with entered(cache, root, shown=shown) as system:
                self._install(system, log)
                (system.upper / LISTED).unlink(missing_ok=True)
                (system.upper / WISHED.lstrip("/")).unlink(missing_ok=True)
                shutil.rmtree(system.upper / "var/cache/apt/archives", ignore_errors=True)
                system.upper.rename(directory / UPPER)
        inputs = {
            "base": self.base.key,
            "packages": list(self.packages),
            "relations": dict(self.relations),
            "profiles": list(self.profiles),
            "more": dict(self.more),
        }
        return Provenance(inputs, {}, {})

    def _install(self, system: chroot.System, log: Path) -> None:
        if self.more:
            listed = system.upper / LISTED
            listed.parent.mkdir(parents=True)
            listed.write_text(f"deb [trusted=yes] file:{REPOSITORY} ./\n")
            _apt(system, ["update"], self.subject, log)
        if self.relations:
            about = {"Format": "3.0 (quilt)", "Source": "wished", "Version": "0-1", "Architecture": "any all"}
            (system.upper / WISHED.lstrip("/")).write_text(written([{**about, **self.relations}]))
            profiles = [f"--build-profiles={','.join(self.profiles)}"] if self.profiles else []
            _apt(system, ["build-dep", *profiles, f".{WISHED}"], self.subject, log)
        if self.packages:
            _apt(system, ["install", *self.packages], self.subject, log)


def relations_of(paragraph: Paragraph, architecture: str, profiles: Collection[str]) -> dict[str, str]:
    """Give the fields of a source package that say what its build needs: what counts here, in an order of its own.

    So packages share a layer whose needs differ only in what is left out.

    :raises ValueError: a field is not of the form of deb-control(5)
    """
    found = {}
    for name in RELATIONS:
        texts = {" ".join(text.split()) for text in paragraph.get(name, "").split(",") if text.strip()}
        counting = sorted(text for text in texts if _counts(text, architecture, profiles))
        if counting:
            found[name] = ", ".join(counting)
    return found


def _counts(text: str, architecture: str, profiles: Collection[str]) -> bool:
    return any(one.counts(architecture, profiles) for group in relations(text) for one in group)


def _apt(system: chroot.System, words: Sequence[str], subject: str, log: Path) -> None:
    """Run apt-get in a system; package lists that are older than the mirror are renewed."""
    for again in (False, True):
        start = log.stat().st_size if log.exists() else 0
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        if chroot.run(system, ["apt-get", *words], network=True, env=env, log=log, check=False).status == 0:
            return
        with log.open("rb") as stream:
            stream.seek(start)
            said = stream.read().decode(errors="replace")
        if again or not NOT_FOUND.search(said):
            raise apt_failed(said, subject, log)
        chroot.run(system, ["apt-get", "update"], network=True, log=log, check=False)
