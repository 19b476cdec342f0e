"""The system that machines are copies of: a Debian made once from packages, kept in the cache by what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.build.cache import Provenance, key_of
from stackwright.proof.machine.surroundings import SUITE
from stackwright.tools import dpkg, mmdebstrap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.proof.machine.surroundings import Surroundings

KIND = "machines"
ROOT = "root"
# What ./run setup installs, and what a command line is made with.
PACKAGES = ("ca-certificates", "dpkg-dev", "git", "iproute2", "openssh-client", "procps", "python3", "python3-venv")
SECONDS = 1800.0
DAYS = 28  # for which a base is kept
SETTINGS = "etc/apt/apt.conf.d/90stackwright"


@dataclass(frozen=True)
class Base:
    """A Debian system to copy, with the packages that a site's services need.

    It is made anew each week, as Debian mends its packages; the site's own packages are in it, so that machines do not
    fetch and install the same ones again and again.

    :param packages: Debian packages
    :param finish: makes of the system in a folder what machines of a kind need, beside it (none: it is the folder)
    :param recipe: what that does; another one makes another base
    """

    packages: tuple[str, ...]
    surroundings: Surroundings
    finish: Callable[[Path, Path, Path], None] | None = None
    recipe: str = ""

    @cached_property
    def key(self) -> str:
        """Its place in the cache."""
        week = datetime.now(UTC).isocalendar()[:2]
        apt = self.surroundings.apt
        return key_of(KIND, SUITE, self.packages, apt.name, apt.text, self.surroundings.apt_settings, week, self.recipe)

    def make(self, cache: ArtifactCache, log: Path) -> Path:
        """Give its folder, made first if the cache does not have it; the system is in ROOT.

        :param log: a file that the programs' output is appended to
        :raises EnvironmentLacksError: not root, a package cannot be had, no space
        """

        def fill(directory: Path) -> Provenance:
            apt = self.surroundings.apt
            sources, settings = directory / apt.name, directory / "apt.conf"
            sources.write_text(apt.text)
            settings.write_text(self.surroundings.apt_settings)
            root = directory / ROOT
            root.mkdir()
            root.chmod(0o755)
            mmdebstrap.make(
                root,
                suite=SUITE,
                packages=self.packages,
                sources=sources,
                settings=settings,
                log=log,
                seconds=SECONDS,
            )
            installed = dpkg.installed(root)
            if self.finish:
                self.finish(directory, root, log)
            return Provenance({"packages": list(self.packages), "apt": apt.text}, {}, installed)

        made = cache.make(KIND, self.key, fill)
        cache.prune(KIND, days=DAYS)
        return made

    def find(self, cache: ArtifactCache) -> Path | None:
        """Give its folder, if the cache has it."""
        return cache.find(KIND, self.key)


def packages_of(site_packages: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """Give the packages of a base for a site."""
    return tuple(sorted({*PACKAGES, *site_packages, *more}))
