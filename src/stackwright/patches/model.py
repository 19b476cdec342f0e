"""What a patch is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.errors import Where
from stackwright.patches import header as forms
from stackwright.patches.metadata import Metadata, metadata_of

if TYPE_CHECKING:
    from pathlib import Path

LINK = "120000"


@dataclass(frozen=True)
class Hunk:
    """One place of a file that changes.

    :param line: the line of the patch file its header is in
    :param header: that header, ``@@ -1,2 +1,3 @@ section``
    :param old_start: where it begins in the old file, counting from 1
    :param old: the lines it replaces, with their line ends
    :param new: the lines it replaces them with
    :param leading: how many lines at its beginning are context
    :param trailing: how many at its end are
    """

    line: int
    header: str
    old_start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]
    leading: int
    trailing: int


@dataclass(frozen=True)
class Change:
    """What a patch does to one file.

    :param line: the line of the patch file it begins in
    :param old: the path the file has before; None if the patch makes it
    :param new: the path it has afterwards; None if the patch deletes it
    :param mode: the mode it has afterwards, where the patch says (``100644``, ``100755``, ``120000``)
    :param copied: the old file stays
    :param binary: the change is in git's binary form and has no hunks
    :param text: the lines of the patch file that say all this
    """

    line: int
    old: str | None
    new: str | None
    mode: str | None
    copied: bool
    binary: bool
    hunks: tuple[Hunk, ...]
    text: bytes

    @property
    def path(self) -> str:
        """The path to speak of it by."""
        return self.new or self.old or ""


@dataclass(frozen=True)
class Offset:
    """A hunk that applied, but not at the line it names.

    :param hunk: its number among the file's hunks, from 1
    :param lines: how far it moved, downwards
    """

    path: str
    hunk: int
    lines: int


@dataclass(frozen=True)
class Patch:
    """One file of the user's: who made it, why, and what it changes.

    :param name: as the series names it
    :param author: ``Name <address>``, empty if it does not say
    :param date: as it is written
    :param message: the subject, then the rest behind an empty line
    :param head: what stands in the file before the first change
    :param tail: what stands behind the last, such as the signature of a mail
    :param strip: how many leading parts its paths lose
    :param listed: where the series names it
    """

    name: str
    file: Path | None
    author: str
    date: str
    message: str
    changes: tuple[Change, ...]
    head: bytes = b""
    tail: bytes = b""
    strip: int = 1
    listed: Where = field(default_factory=Where)

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]

    @cached_property
    def header(self) -> forms.Header:
        """What it says of itself, with the places in its file."""
        return forms.parse(self.head)

    @cached_property
    def metadata(self) -> Metadata:
        """Why it is carried, by whom, where it stands upstream, and until when."""
        return metadata_of(self.header)

    @property
    def diff(self) -> bytes:
        """What is given to git: the changes that were understood, and nothing else of the file."""
        return b"".join(change.text for change in self.changes)

    @property
    def paths(self) -> frozenset[str]:
        """Every path it touches."""
        return frozenset(path for change in self.changes for path in (change.old, change.new) if path)


@dataclass(frozen=True)
class Line:
    """A line of a ``series`` file that names a patch.

    :param name: as it stands there
    :param file: the patch file that is meant; it may not exist
    :param strip: how many leading parts the paths of the patch lose
    :param here: its place
    :param disabled: it is kept, and not applied
    :param comment: what stands behind ``#``
    """

    name: str
    file: Path
    strip: int
    here: Where
    disabled: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Series:
    """The ordered patches of a component for a release.

    :param directory: the folder with its ``series`` file; neither need be there if there are no patches
    :param disabled: the lines that name patches which are kept, and not applied
    """

    directory: Path
    patches: tuple[Patch, ...]
    disabled: tuple[Line, ...] = ()
