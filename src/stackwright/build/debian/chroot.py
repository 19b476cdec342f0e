"""The clean systems that packages are built in: one made once for a suite, and layers with packages over it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import Provenance, key_of
from stackwright.build.scratch import scratch_directory
from stackwright.errors import EnvironmentLacksError
from stackwright.tools import apt_config, apt_sources, chroot, dpkg, mmdebstrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.build.cache import ArtifactCache

BASES = "chroots"
ROOT = "root"
# What everybody may expect of a system that builds packages (Debian Policy 4.2), and fakeroot for old ones.
BUILDING = ("build-essential", "ca-certificates", "fakeroot")
SECONDS = 1800.0
DAYS = 21  # after which no build asks for a system of its week any more, however long it takes
BUILDER = "builder"
BUILDER_ID = 5000
DPKG_SETTINGS = "etc/dpkg/dpkg.cfg.d/90stackwright"
# Nothing here outlives a loss of power: what is not waited for takes a third of the time. And nobody can be asked.
DPKG_TEXT = "force-unsafe-io\nforce-confold\n"
POLICY = "usr/sbin/policy-rc.d"
APT_SETTINGS = 'APT::Install-Recommends "false";\nAPT::Get::Assume-Yes "true";\nAcquire::Languages "none";\n'


@dataclass(frozen=True)
class Base:
    """A Debian system with some packages. It is made anew each week, as Debian mends its packages.

    :param suite: such as ``trixie``, or ``bookworm-backports``, which comes with what it is made for
    :param packages: what is in it besides the least
    """

    suite: str
    packages: tuple[str, ...] = BUILDING

    @cached_property
    def sources(self) -> str:
        """Where it gets packages: from where this machine does, of its own suite.

        :raises EnvironmentLacksError: this machine has no sources for it
        """
        text = packages_of(self.suite)
        if not text:
            raise EnvironmentLacksError(
                f"this machine has no apt sources for the suite {self.suite}",
                fix=f"add a line to them, such as: deb http://MIRROR/debian {self.suite} main",
            )
        return text

    @cached_property
    def settings(self) -> str:
        """Lines of apt's configuration in it."""
        return apt_config.fetching() + APT_SETTINGS

    @cached_property
    def key(self) -> str:
        """Its place in the cache."""
        week = datetime.now(UTC).isocalendar()[:2]
        return key_of(BASES, self.suite, self.packages, self.sources, self.settings, week)

    def make(self, cache: ArtifactCache, log: Path) -> Path:
        """Give the folder of the system, made first if the cache does not have it.

        :raises EnvironmentLacksError: not root, a package cannot be had, no space
        """
        made = cache.make(BASES, self.key, lambda directory: self._fill(directory, log))
        cache.prune(BASES, days=DAYS)
        return made / ROOT

    def _fill(self, directory: Path, log: Path) -> Provenance:
        sources, settings = directory / "stackwright.sources", directory / "apt.conf"
        sources.write_text(self.sources)
        settings.write_text(self.settings)
        root = directory / ROOT
        root.mkdir(mode=0o755)
        root.chmod(0o755)
        mmdebstrap.make(
            root,
            suite=self.suite.partition("-")[0],
            packages=self.packages or ("apt",),
            sources=sources,
            settings=settings,
            log=log,
            seconds=SECONDS,
        )
        (root / DPKG_SETTINGS).write_text(DPKG_TEXT)
        (root / POLICY).write_text("#!/bin/sh\nexit 101\n")
        (root / POLICY).chmod(0o755)
        for keyring in map(Path, re.findall(r"(?i)^signed-by: *(/\S+)$", self.sources, re.MULTILINE)):
            inside = root / keyring.relative_to("/")
            if keyring.is_file() and not inside.exists():
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(keyring, inside)
        _add_builder(root)
        return Provenance(
            {"suite": self.suite, "packages": list(self.packages), "apt": self.sources}, {}, dpkg.installed(root)
        )


def packages_of(suite: str) -> str:
    """Give apt's sources of this machine for the packages of a suite and its updates (sources.list(5)); empty if none.

    A suite such as ``bookworm-backports`` is made for another, which comes with it.
    """
    entries = apt_sources.machine_entries()
    name = suite.partition("-")[0]
    endings = {one.partition("-")[2] for entry in entries for one in entry["suites"].split()}
    wanted = [
        name,
        *(f"{name}-{ending}" for ending in apt_sources.ENDINGS if ending in endings),
        *([suite] if suite != name else ()),
    ]
    chosen = [entry for one in wanted for entry in apt_sources.of_suite(entries, one)]
    paragraphs = ["".join(f"{key}: {value}\n" for key, value in entry.items() if value) for entry in chosen]
    return "\n".join(f"types: deb\n{paragraph}" for paragraph in dict.fromkeys(paragraphs))


@contextmanager
def entered(cache: ArtifactCache, *layers: Path, shown: Mapping[str, Path] | None = None) -> Iterator[chroot.System]:
    """Give a system to run programs in, of these layers; what they write is gone afterwards.

    :param shown: folders of this machine that it has, to read
    """
    with scratch_directory(cache.directory / "unfinished") as place:
        system = chroot.System(layers, place, shown or {})
        chroot.prepare(system)
        yield system


def _add_builder(root: Path) -> None:
    """Let a system have the user as whom packages are built, with the folder that they are built in."""
    for file, line in (
        ("etc/passwd", f"{BUILDER}:x:{BUILDER_ID}:{BUILDER_ID}::/nonexistent:/bin/sh"),
        ("etc/group", f"{BUILDER}:x:{BUILDER_ID}:"),
    ):
        with (root / file).open("a") as stream:
            stream.write(f"{line}\n")
