"""The Debian systems that images stand on, made once from packages; and what of them is in a layer."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.archive import MTIME
from stackwright.build.cache import PROVENANCE, ArtifactCache, Provenance, key_of
from stackwright.build.debian.chroot import packages_of
from stackwright.build.image.accounts import ACCOUNT_FILES, Accounts
from stackwright.build.image.layer import Kind, Layer, Member, layer, walk
from stackwright.build.image.platform import foreign
from stackwright.build.scratch import scratch_directory
from stackwright.errors import EnvironmentLacksError, InputError, suggestion
from stackwright.sources.deb822 import paragraphs
from stackwright.tools import apt_config, dpkg, dpkg_deb, mmdebstrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackwright.build.image.layer import Layer

SYSTEMS = "image-systems"
ROOT = "root"
SECONDS = 1800.0
DAYS = 2  # after which no command that has begun with a system still reads it, where there is a newer one
# The version of Python that a suite has.
SUITES: Mapping[str, str] = {"bookworm": "3.11", "trixie": "3.13"}
NUMBERS: Mapping[str, str] = {"bookworm": "12", "trixie": "13"}
# What says where this machine gets packages, which may hold credentials, and what they left behind when they came.
REMOVED = (
    *("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d/99mmdebstrap", "etc/resolv.conf"),
    *("etc/hostname", "var/lib/apt/lists", "var/cache/apt"),
)
# Of a system's own: what this machine or the moment has left in it, and what no container reads.
LEFT_OUT = (
    *("dev", "proc", "sys", "run", "tmp", "var/tmp", "var/log", "boot"),
    *("etc/resolv.conf", "etc/hostname", "etc/machine-id", "etc/.pwd.lock", "etc/mtab"),
    *("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d/99mmdebstrap"),
    *("etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-"),
    *("var/lib/apt/lists", "var/lib/apt/extended_states", "var/cache", "var/backups", "var/lib/dbus"),
    *("var/lib/dpkg/status-old", "var/lib/dpkg/available", "var/lib/dpkg/diversions-old"),
    *("var/lib/dpkg/statoverride-old", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dpkg/triggers/Lock"),
    *("usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/groff"),
    *("usr/share/bug", "usr/share/doc-base"),
)
# A folder that is empty in an image, but there, with its mode.
EMPTY: Mapping[str, int] = {
    **dict.fromkeys(("boot", "dev", "proc", "run", "sys", "var/backups", "var/cache", "var/log"), 0o755),
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    **dict.fromkeys(("var/lib/apt/lists", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"), 0o755),
    **dict.fromkeys(("var/cache/apt", "var/cache/apt/archives"), 0o755),
}
DOCUMENTATION, LICENCE = "usr/share/doc/", "/copyright"


@dataclass(frozen=True)
class SystemPlan:
    """Everything that a Debian system is a function of, but the moment: Debian mends its packages.

    :param architecture: as dpkg names it
    :param repositories: endings of further suites that packages are taken from, such as ``-backports``
    :param debs: files of packages that are taken where they are newer than the suite's -> SHA-256
    """

    suite: str
    architecture: str
    packages: tuple[str, ...]
    repositories: tuple[str, ...] = ()
    debs: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def wanted(self) -> str:
        """What is the same for all that were made of this plan, whenever that was."""
        debs = sorted((Path(file).name, sha256) for file, sha256 in self.debs.items())
        made_of = self.suite, self.architecture, sorted(self.packages), self.repositories
        return key_of(SYSTEMS, *made_of, *([debs] if debs else []))

    def newest(self, cache: ArtifactCache) -> System | None:
        """Give the newest that has been made of it."""
        made = sorted((cache.directory / SYSTEMS).glob(f"{self.wanted}-*/{PROVENANCE}"))
        return System(self, made[-1].parent) if made else None

    def make(self, cache: ArtifactCache, log: Path) -> System:
        """Make one of today's packages; of two on one day, the second is the first.

        :param log: a file that the programs' output is appended to
        :raises EnvironmentLacksError: not root, a package cannot be had, no space; programs of the architecture cannot
            be run here
        """
        key = f"{self.wanted}-{datetime.now(UTC):%Y%m%d}"

        def fill(directory: Path) -> Provenance:
            with scratch_directory(cache.directory / "unfinished") as repository:
                return self._fill(directory, repository, log)

        made = System(self, cache.make(SYSTEMS, key, fill))
        newest = {name.rpartition("-")[0]: name for name in cache.keys(SYSTEMS)}
        cache.prune(SYSTEMS, days=DAYS, kept=lambda name: newest.get(name.rpartition("-")[0]) == name)
        return made

    def _fill(self, directory: Path, repository: Path, log: Path) -> Provenance:
        sources, settings, root = directory / "image.sources", directory / "apt.conf", directory / ROOT
        sources.write_text(self._sources() + (_filled(repository, self.debs) if self.debs else ""))
        settings.write_text(apt_config.fetching())
        root.mkdir()
        root.chmod(0o755)
        began = int(time.time())
        mmdebstrap.make(
            root,
            suite=self.suite,
            packages=self.packages,
            sources=sources,
            settings=settings,
            log=log,
            seconds=SECONDS,
            architecture=self.architecture,
            machine=foreign(self.architecture),
        )
        sources.unlink()
        settings.unlink()
        for path in REMOVED:
            _remove(root / path)
        inputs = {
            "suite": self.suite,
            "architecture": self.architecture,
            "packages": list(self.packages),
            "repositories": list(self.repositories),
        }
        installed = dpkg.installed(root)
        taken = {Path(file).name: sha256 for file, sha256 in self.debs.items() if _is_of(Path(file), installed)}
        return Provenance({**inputs, "began": began, "taken": taken}, {}, installed)

    def _sources(self) -> str:
        """Give where it gets packages: from where this machine does."""
        suites = [self.suite, *(f"{self.suite}{ending}" for ending in self.repositories)]
        if not (texts := [text for suite in suites if (text := packages_of(suite))]):
            raise EnvironmentLacksError(
                f"apt's sources of this machine lead to no Debian {self.suite}",
                fix=f"add a line to them, such as: deb http://MIRROR/debian {self.suite} main",
            )
        return "\n\n".join(dict.fromkeys("\n".join(texts).strip().split("\n\n"))) + "\n"


@dataclass(frozen=True)
class System:
    """A Debian system that has been made.

    :param directory: of the artifact
    """

    plan: SystemPlan
    directory: Path

    @property
    def root(self) -> Path:
        """Its files. Never change one in place."""
        return self.directory / ROOT

    @property
    def key(self) -> str:
        """Its place in the cache."""
        return self.directory.name

    def installed(self, cache: ArtifactCache) -> Mapping[str, str]:
        """Give its packages: name -> version."""
        return cache.provenance(SYSTEMS, self.key).outputs

    def taken(self, cache: ArtifactCache) -> Mapping[str, str]:
        """Give those of its packages that are of none of Debian's suites: file name -> SHA-256."""
        taken: Mapping[str, str] = cache.provenance(SYSTEMS, self.key).inputs.get("taken", {})
        return taken

    def accounts(self) -> Accounts:
        """Give its users and groups."""
        return Accounts(*((self.root / name).read_text() for name in ACCOUNT_FILES))

    def layer(self, cache: ArtifactCache) -> Layer:
        """Give the layer of all of it."""
        return layer(
            cache,
            f"Debian {self.plan.suite}: {' '.join(self.plan.packages)}",
            {"system": self.key},
            lambda: self.members(cache),
        )

    def layer_above(self, base: System, cache: ArtifactCache) -> Layer:
        """Give the layer of what it has more than a base, or has otherwise."""
        more = sorted({*self.plan.packages} - {*base.plan.packages})
        return layer(
            cache,
            f"Debian packages: {' '.join(more)}",
            {"system": self.key, "base": base.key},
            lambda: _above(self.members(cache), base.members(cache)),
        )

    def members(self, cache: ArtifactCache) -> Iterator[Member]:
        """Give its files as they are in an image."""
        began = int(cache.provenance(SYSTEMS, self.key).inputs["began"])
        settled = self.accounts().settled().shadow.encode()
        for member in walk(self.root, leave_out=is_left_out):
            if member.path in EMPTY:
                continue
            # A package's files have the times of the package, which the bytecode of Python's modules refers to.
            mtime = member.mtime if member.mtime < began else MTIME
            content = settled if member.path == "etc/shadow" else member.content
            yield Member(member.path, member.kind, member.mode, member.uid, member.gid, content, member.target, mtime)
        for path, mode in EMPTY.items():
            yield Member(path, Kind.DIRECTORY, mode)


def _filled(repository: Path, debs: Mapping[str, str]) -> str:
    """Lay packages into a folder with an index, and give the paragraph of apt's sources for it."""
    for file in debs:
        shutil.copyfile(file, repository / Path(file).name)
    (repository / "Packages").write_bytes(dpkg.scan_packages(repository))
    return f"\ntypes: deb\nuris: copy:{repository.resolve()}\nsuites: ./\ntrusted: yes\n"


def _is_of(deb: Path, installed: Mapping[str, str]) -> bool:
    """Tell whether a package is one of those that are installed."""
    (about,) = paragraphs(dpkg_deb.control(deb), deb)
    return installed.get(about["Package"]) == about["Version"]


def base_packages(suite: str) -> tuple[str, ...]:
    """Give the packages of every image: the Python of the suite, and whom to trust."""
    return ("ca-certificates", f"python{SUITES[suite]}")


def require_suite(suite: str) -> None:
    """See that images can be based on a suite.

    :raises InputError: they cannot
    """
    if suite not in SUITES:
        raise InputError(f"no image can be based on {suite!r}", fix=suggestion(suite, SUITES))


def require_python(python: str, suite: str, release: str) -> None:
    """See that a suite has the Python that a release's environments are made for.

    :raises InputError: it has not
    """
    if SUITES[suite] != python:
        fitting = next((one for one, version in SUITES.items() if version == python), None)
        raise InputError(
            f"the services of {release} run on Python {python}, and Debian {suite} has {SUITES[suite]}",
            fix=f"--base {fitting}" if fitting else f"choose another `python:` in the release {release}",
        )


def _above(members: Iterable[Member], base: Iterable[Member]) -> Iterator[Member]:
    """Give what differs from a base. What the base has and the other has not stays: packages take nothing away."""
    known = {member.path: member for member in base}
    folders: dict[str, Member] = {}
    needed: set[str] = set()
    for member in members:
        before = known.get(member.path)
        if member.kind is Kind.DIRECTORY:
            folders[member.path] = member
        if before is not None and _is_same(member, before):
            continue
        if member.kind is not Kind.DIRECTORY or before is None or before.mode != member.mode:
            needed.add(member.path)
            if member.kind is not Kind.DIRECTORY:
                yield member
    leading = {
        "/".join(parts[:length]) for path in needed for parts in [path.split("/")] for length in range(1, len(parts))
    }
    for path in (leading | needed) & folders.keys():
        yield folders[path]


def _is_same(one: Member, other: Member) -> bool:
    if (one.kind, one.mode, one.uid, one.gid, one.target) != (
        other.kind,
        other.mode,
        other.uid,
        other.gid,
        other.target,
    ):
        return False
    return one.kind is not Kind.FILE or one.read() == other.read()


def is_left_out(path: str) -> bool:
    """Tell whether a file of a system is no part of an image."""
    if path.startswith(DOCUMENTATION) and "/" in path.removeprefix(DOCUMENTATION):
        return not path.endswith(LICENCE)
    return path in LEFT_OUT


def _remove(path: Path) -> None:
    """Remove a file, or what is in a folder: a mount point stays."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        for entry in path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
