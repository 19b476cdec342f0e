"""A distribution whose packages are made of small source packages and trees, for tests of what builds them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.debian.making import Making, Wishes
from stackwright.distribution import load
from stackwright.events import Event, Events
from stackwright.store import Memo, Store
from tests.debian import CONTROL, LINES, Packager, difference

if TYPE_CHECKING:
    from collections.abc import Mapping

DEBIANS = LINES.replace("line 3\n", "line three\n")
OURS = DEBIANS.replace("line three\n", "line three, ours\n")
OWN = difference("pear.py", LINES, DEBIANS)  # Debian's own patch
CODE = f"LINES = '''\\\n{LINES}'''\n"
WISHES = Wishes(suite="bookworm")
SITE = "release: r\ntarget: local\nregion: RegionOne\nservices: [core]\n"
PEAR = 'debian: pear, version: "2:1.0-3", dsc: debian/pear_1.0-3.dsc'


def mail(subject: str, *differences: str, more: str = "") -> str:
    """Give a patch as git format-patch writes it, of differences that `difference` gave."""
    diffs = "".join(one.split("\n\n", 1)[1] for one in differences)
    head = f"From: Ada Ours <ada@example.org>\nDate: Wed, 02 Apr 2025 10:00:00 +0200\nSubject: [PATCH] {subject}\n"
    return f"{head}\nBecause.\n{more}---\n\n{diffs}"


def control(old: str, new: str, name: str = "pear") -> str:
    """Give the difference of a change in a package's control file."""
    text = CONTROL.format(name=name)
    assert old in text
    return difference("debian/control", text, text.replace(old, new))


@dataclass
class Orchard:
    """A distribution, and where its packages are made."""

    root: Path
    seen: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.packager = Packager(self.root / "mirror/pool")
        self.distribution = self.root / "distribution"
        self.write("distribution.yaml", "name: orchard\nmaintainer: Ada Ours <ada@example.org>\n")
        self.write("sites/local.yaml", SITE)
        self.components(pear=f"source: {{{PEAR}}}")

    def write(self, path: str, text: str) -> Path:
        file = self.distribution / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def components(self, **components: str) -> None:
        """Write the release: each component as the inside of a YAML map."""
        lines = "".join(f"  {name}: {{{text}}}\n" for name, text in components.items())
        self.write("releases/r.yaml", f'python: "3.11"\npins: {{exclude-newer: 2026-10-15}}\ncomponents:\n{lines}')

    def series(self, component: str, patches: Mapping[str, str]) -> None:
        folder = self.distribution / "patches" / component / "r"
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in patches.items():
            self.write(f"patches/{component}/r/{name}", text)
        self.write(f"patches/{component}/r/series", "".join(f"{name}\n" for name in patches))

    def own(self, dsc: Path) -> None:
        """Let the distribution have the files of a source package."""
        (self.distribution / "debian").mkdir(parents=True, exist_ok=True)
        for file in dsc.parent.iterdir():
            if file.is_file():
                shutil.copyfile(file, self.distribution / "debian" / file.name)

    @cached_property
    def events(self) -> Events:
        events = Events()
        events.subscribe(self.seen.append)
        return events

    @property
    def making(self) -> Making:
        """What makes its packages, of the files as they are now."""
        distribution = load(self.distribution)
        cache = self.root / "cache"
        return Making(
            distribution,
            distribution.release("r"),
            Store(self.root / "store"),
            Memo(cache),
            ArtifactCache(cache),
            self.root / "builds",
            self.events,
        )


def made(orchard: Orchard, name: str = "pear") -> Path:
    """Give the .dsc that a component or a folder becomes."""
    place = orchard.making.source(name, WISHES).place
    assert place is not None
    return place


def unpacked(dsc: Path, into: Path) -> Path:
    """Unpack a source package as anybody does, its hashes checked."""
    subprocess.run(["dpkg-source", "--extract", str(dsc), str(into)], check=True, capture_output=True)
    return into
