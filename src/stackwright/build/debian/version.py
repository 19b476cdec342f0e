"""Versions of Debian packages, compared as dpkg compares them (deb-version(7)), and those that we give ourselves."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from itertools import zip_longest

from packaging.version import Version as PythonVersion

# Behind `+b1`, a rebuild of Debian's with nothing changed, and before `+deb13u1`, a security update: a patched package
# replaces Debian's, and a security update replaces it. So it is missed by nobody, and tells that ours has to be made
# anew on top of it.
SUFFIX = "+carried"

_FORM = re.compile(r"(?:(?P<epoch>[0-9]+):)?(?P<upstream>[0-9][A-Za-z0-9.+~:-]*?)(?:-(?P<revision>[A-Za-z0-9.+~]+))?")
_BACKPORT = re.compile(r"~bpo[0-9]+\+[0-9]+")
_RELEASES = {"bookworm": 12, "trixie": 13, "forky": 14, "duke": 15}


@functools.total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """A version of a Debian package; two are equal where dpkg takes them for equal, however they are written.

    :param revision: Debian's; empty in a native package
    """

    epoch: int
    upstream: str
    revision: str

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read a version.

        :raises ValueError: it is none
        """
        form = _FORM.fullmatch(text)
        if form is None or ("-" in form["upstream"] and not form["revision"]):
            raise ValueError(f"{text!r} is not the version of a Debian package")
        return cls(int(form["epoch"] or 0), form["upstream"], form["revision"] or "")

    @property
    def without_epoch(self) -> str:
        """Give it as it stands in the names of files."""
        return f"{self.upstream}-{self.revision}" if self.revision else self.upstream

    def __str__(self) -> str:
        """Give it as it is written."""
        return f"{self.epoch}:{self.without_epoch}" if self.epoch else self.without_epoch

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and _order(self, other) == 0

    def __lt__(self, other: Version) -> bool:
        return _order(self, other) < 0

    def __hash__(self) -> int:
        return hash((self.epoch, *(_canonical(part) for part in (self.upstream, self.revision))))


def compare(a: str, b: str) -> int:
    """Compare two versions: less than 0, 0 or more than 0 as the first sorts before, with or behind the second.

    :raises ValueError: one is no version
    """
    return _order(Version.parse(a), Version.parse(b))


def ours(debian: str, number: int, *, suffix: str = SUFFIX) -> str:
    """Give the version of a package with patches of ours: above the one that they are on, below Debian's next.

    :param debian: the version of the source package that they are on
    :param number: which of our own on top of that, counting from 1
    :param suffix: what stands before the number
    """
    return f"{debian}{suffix}{number}"


def backport(version: str, release: str | int, revision: int = 1) -> str:
    """Give the version of a backport: below the one that it is of, above those of older releases.

    https://backports.debian.org/Contribute/: ``~bpo12+1``.

    :param release: the release that it is built for: its name (``bookworm``) or number
    :param revision: which backport of this version, counting from 1
    :raises ValueError: no release has this name
    """
    return f"{version}~bpo{release_number(release)}+{revision}"


def without_backport(version: str) -> str:
    """Give the version that a backport is of, whichever revision it has; another version as it is."""
    return re.sub(rf"{_BACKPORT.pattern}$", "", version)


def release_number(release: str | int) -> int:
    """Give the number of a Debian release: 12 of ``bookworm``, ``bookworm-backports`` or ``12``.

    :raises ValueError: no release has this name
    """
    name = str(release).partition("-")[0]
    number = _RELEASES.get(name, int(name) if name.isdecimal() else None)
    if number is None:
        raise ValueError(f"no release of Debian is named {name!r}; known are {', '.join(_RELEASES)}")
    return number


def of_upstream(version: str) -> str:
    """Give the upstream part of a Debian version for a version of Python's: ``31.0.0.0rc1`` is ``31.0.0~rc1``.

    What comes before a release sorts before it (Debian Policy 5.6.12). PBR's tags of candidates have a zero more than
    the release.

    :raises packaging.version.InvalidVersion: it is none (PEP 440)
    """
    read = PythonVersion(version)
    release = read.release
    if read.pre and len(release) > 3 and not release[-1]:
        release = release[:-1]
    text = ".".join(map(str, release))
    if read.pre:
        text += f"~{read.pre[0]}{read.pre[1]}"
    if read.post is not None:
        text += f".post{read.post}"
    if read.dev is not None:
        text += f"~dev{read.dev}"
    if read.local:
        text += f"+{read.local}"
    return f"{read.epoch}:{text}" if read.epoch else text


def _order(a: Version, b: Version) -> int:
    return (a.epoch > b.epoch) - (a.epoch < b.epoch) or _part(a.upstream, b.upstream) or _part(a.revision, b.revision)


def _part(a: str, b: str) -> int:
    """Compare upstream versions, or revisions: what is no digit by characters, what is by number, in turns."""
    for (words_a, number_a), (words_b, number_b) in zip_longest(_pieces(a), _pieces(b), fillvalue=("", 0)):
        for one, other in zip_longest(words_a, words_b, fillvalue=""):
            if (difference := _weight(one) - _weight(other)) != 0:
                return difference
        if number_a != number_b:
            return 1 if number_a > number_b else -1
    return 0


def _pieces(part: str) -> list[tuple[str, int]]:
    return [(words, int(digits or 0)) for words, digits in re.findall(r"([^0-9]*)([0-9]*)", part) if words or digits]


def _weight(character: str) -> int:
    """Give how a character sorts: the tilde before the end, then letters, then all others."""
    if character == "~":
        return -1
    if not character:
        return 0
    return ord(character) if character.isalpha() else ord(character) + 256


def _canonical(part: str) -> tuple[tuple[str, int], ...]:
    """Give what is the same for parts that compare equal: ``1.0`` and ``1.00``; a missing revision and ``0``."""
    pieces = _pieces(part)
    while pieces and pieces[-1] == ("", 0):
        pieces.pop()
    return tuple(pieces)
