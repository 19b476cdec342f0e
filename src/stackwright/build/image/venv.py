"""The two layers of a Python environment: upstream's packages, and above them those that are built here.

A changed patch changes the second alone. Environments work wherever they are: their programs look for the Python that
is beside them (uv's relocatable environments), so their files are taken as they are.
"""

from __future__ import annotations

import csv
import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.build.archive import MTIME
from stackwright.build.bytecode import LEFT_OUT
from stackwright.build.image.layer import Kind, Layer, Member, directories, layer, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.environment import Environment

PLACE = "var/lib/openstack"
# What only who builds needs, or what tells of this machine: where a wheel was, and when.
NOT_NEEDED = frozenset({"CACHEDIR.TAG", "provenance.json", ".lock", ".gitignore", "include", "pyvenv.cfg"})
OF_THIS_MACHINE = ("direct_url.json", "uv_cache.json")
# A component's: what it is, by what installed it. The rest of its metadata is the package's own.
INFO = ".dist-info"
SHELLS = ("activate", "deactivate")


@dataclass(frozen=True)
class VenvLayers:
    """What of an environment goes into images.

    :param python: its version
    :param own: the distributions that are built here (normalized names)
    """

    environment: Environment
    python: str
    own: frozenset[str]

    @property
    def site_packages(self) -> Path:
        """Where its packages are."""
        return self.environment.path / f"lib/python{self.python}/site-packages"

    @cached_property
    def records(self) -> Mapping[str, tuple[str, ...]]:
        """Distribution (normalized) -> its files relative to the environment."""
        found: dict[str, tuple[str, ...]] = {}
        for info in sorted(self.site_packages.glob(f"*{INFO}")):
            name = canonicalize_name(info.name.removesuffix(INFO).rpartition("-")[0])
            found[name] = tuple(self._files(info / "RECORD"))
        return found

    def upstream(self, cache: ArtifactCache) -> Layer:
        """Give the layer of upstream's packages."""
        return layer(
            cache,
            f"Python {self.python} environment at /{PLACE}: {len(self.records.keys() - self.own)} packages",
            {"environment": self._upstream_digest(), "python": self.python, "place": PLACE},
            lambda: self._members(own=False),
        )

    def components(self, cache: ArtifactCache) -> Layer:
        """Give the layer of the packages that are built here."""
        return layer(
            cache,
            f"Built here: {' '.join(sorted(self.own & self.records.keys()))}",
            {"environment": self.environment.key, "own": sorted(self.own), "place": PLACE},
            lambda: self._members(own=True),
        )

    def members(self) -> Iterator[Member]:
        """Give all of both."""
        found = {member.path: member for own in (False, True) for member in self._members(own=own)}
        yield from found.values()

    def _members(self, *, own: bool) -> Iterator[Member]:
        yield from directories(PLACE)
        mine = self._own_files()
        taken = set()
        folders: dict[str, Member] = {}
        for member in walk(self.environment.path, leave_out=self._is_left_out):
            if member.kind is Kind.DIRECTORY:
                folders[member.path] = member
            elif (member.path in mine) is own:
                taken.add(member.path)
                yield self._placed(member)
        leading = {
            "/".join(parts[:length]) for path in taken for parts in [path.split("/")] for length in range(1, len(parts))
        }
        for path in leading:
            yield self._placed(folders[path])
        if not own:
            settings = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {self.python}\n"
            yield Member(f"{PLACE}/pyvenv.cfg", Kind.FILE, 0o644, content=settings.encode())

    def _placed(self, member: Member) -> Member:
        content = member.content
        if member.path.endswith(f"{INFO}/RECORD"):
            content = _record((self.environment.path / member.path).read_text())
        mode = member.mode | 0o044 if member.kind is Kind.FILE else 0o755 if member.kind is Kind.DIRECTORY else 0o777
        return Member(f"{PLACE}/{member.path}", member.kind, mode, content=content, target=member.target, mtime=MTIME)

    def _own_files(self) -> frozenset[str]:
        """Give the files of what is built here, with their bytecode."""
        tag = f"cpython-{self.python.replace('.', '')}"
        files: set[str] = set()
        for name in self.own & self.records.keys():
            for path in self.records[name]:
                files.add(path)
                if path.endswith(".py"):
                    folder, _, module = path.rpartition("/")
                    files.add(f"{folder}/__pycache__/{module.removesuffix('.py')}.{tag}.pyc")
        return frozenset(files)

    def _files(self, record: Path) -> Iterator[str]:
        top = os.path.relpath(self.site_packages, self.environment.path)
        with record.open(newline="") as stream:
            for path, *_ in csv.reader(stream):
                yield os.path.normpath(f"{top}/{path}")

    def _upstream_digest(self) -> str:
        """Give what the files of upstream's packages are a function of: the records of their hashes (PEP 376)."""
        digest = hashlib.sha256()
        for info in sorted(self.site_packages.glob(f"*{INFO}")):
            if canonicalize_name(info.name.removesuffix(INFO).rpartition("-")[0]) not in self.own:
                digest.update(f"{info.name}\n".encode() + _record((info / "RECORD").read_text()))
        return digest.hexdigest()

    @staticmethod
    def _is_left_out(path: str) -> bool:
        top, _, rest = path.partition("/")
        name = path.rpartition("/")[2]
        if path in NOT_NEEDED or (top == "bin" and rest.startswith(SHELLS)):
            return True
        if top == "lib" and name in LEFT_OUT - {"__pycache__"}:
            return True
        return name in OF_THIS_MACHINE and f"{INFO}/" in path


def _record(text: str) -> bytes:
    """Give a record without the files that are left out of images."""
    lines = (line for line in text.splitlines() if line)
    kept = (
        line for line in lines if not line.split(",")[0].endswith(tuple(f"{INFO}/{name}" for name in OF_THIS_MACHINE))
    )
    return "".join(f"{line}\n" for line in kept).encode()
