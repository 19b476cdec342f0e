"""Read a patch file: git format-patch, ``git show``, DEP-3 and quilt, or a plain unified diff."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.patches import header, names
from stackwright.patches.model import Change, Hunk, Patch

if TYPE_CHECKING:
    from collections.abc import Iterator

HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
DIFF_WORDS = (b"diff -", b"Index: ", b"=====", b"Only in ")  # what programs write before a plain diff
# The end of the message and the summary, as git-format-patch(1) writes them: what the message quotes is no change.
SUMMARY = re.compile(
    rb"^---\n(?: \S.*\n)* \d+ files? changed(?:, .*)?\n(?: (?:create|delete|mode|rename|copy|rewrite) .*\n)*\n"
    rb"(?=diff --git )",
    re.MULTILINE,
)
ONE_BINARY = re.compile(rb"Binary files .* and .* differ\r?\n")
MODE = re.compile(rb"[0-7]{6}")


def parse(source: Path | bytes, *, name: str = "", strip: int = 1, listed: Where | None = None) -> Patch:
    """Read a patch.

    :param source: its file, or its content
    :param name: how to speak of it; the file's name if empty
    :param strip: how many leading parts its paths lose
    :param listed: where the series names it
    :raises InputError: it is not a patch, or a damaged one
    """
    file = source if isinstance(source, Path) else None
    data = source.read_bytes() if isinstance(source, Path) else source
    return _Reader(data, file, strip).patch(name or (file.name if file else "patch"), listed or Where())


class _Reader:
    """A walk through the lines of a patch file."""

    def __init__(self, data: bytes, file: Path | None, strip: int) -> None:
        self.data = data
        # An editor that has lost the last line end has changed nothing that matters.
        self.lines = [line + b"\n" for line in data.removesuffix(b"\n").split(b"\n")]
        self.file = file
        self.strip = strip
        self.at = 0

    def patch(self, name: str, listed: Where) -> Patch:
        changes = []
        first = None
        end = 0
        *_, message_end = [0, *(match.end() for match in SUMMARY.finditer(self.data))]
        self.at = self.data.count(b"\n", 0, message_end)
        while self.at < len(self.lines):
            if self._begins():
                first = self.at if first is None else first
                changes.append(self._change())
                end = self.at
            else:
                if ONE_BINARY.match(self.lines[self.at]) and (not self.at or first is not None):
                    raise self._binary_unshown()
                self.at += 1
        head = header.parse(b"".join(self.lines[:first]))
        if head.attached:
            raise self._wrong(
                1, "the patch is an attachment of a mail", "take it out: git mailinfo MESSAGE PATCH <MAIL"
            )
        if head.encoding in ("quoted-printable", "base64"):
            raise self._wrong(
                1, f"the mail is encoded as {head.encoding}", "decode it: git mailinfo MESSAGE PATCH <MAIL"
            )
        if first is None:
            raise self._not_a_patch()
        return Patch(
            name, self.file, head.author, head.date, head.message, tuple(changes),
            head=b"".join(self.lines[:first]), tail=b"".join(self.lines[end:]), strip=self.strip, listed=listed,
        )  # fmt: skip

    def _begins(self) -> bool:
        """Tell whether a file's change begins here: by git's line, or by the three lines of a plain diff."""
        here = self.lines[self.at]
        if here.startswith((b"diff --cc ", b"diff --combined ")):
            raise self._wrong(
                self.at + 1,
                "the patch is the difference of a merge",
                "make it of the single commits: git format-patch BASE..BRANCH",
            )
        if here.startswith(b"diff --git "):
            return True
        following = self.lines[self.at + 1 : self.at + 3]
        return (
            here.startswith(b"--- ")
            and len(following) == 2
            and following[0].startswith(b"+++ ")
            and following[1].startswith(b"@@ -")
        )

    def _change(self) -> Change:
        start = self.at
        if self.lines[start].endswith(b"\r\n"):
            raise self._wrong(
                start + 1,
                "the patch has the line ends of Windows, in its own lines too",
                f"sed -i 's/\\r$//' {self.file or 'PATCH'}",
                why="a program that saved or sent it has changed them",
            )
        if self.lines[start].startswith(b"diff --git "):
            return self._git_change(start)
        old, new = self.lines[start], self.lines[start + 1]
        self.at += 2
        hunks = tuple(self._hunks())
        gone_before = names.after_dashes(old) == names.NOWHERE or (names.at_the_epoch(old) and not hunks[0].old)
        gone_after = names.after_dashes(new) == names.NOWHERE or (names.at_the_epoch(new) and not hunks[0].new)
        before, after = names.after_dashes(old), names.after_dashes(new)
        # git apply takes the shorter name of x.py and x.py.orig.
        name = before if after == names.NOWHERE or (before != names.NOWHERE and after.startswith(before)) else after
        path = self._path(name, start)
        return Change(
            start + 1, None if gone_before else path, None if gone_after else path, None, copied=False, binary=False,
            hunks=hunks, text=self._text(start),
        )  # fmt: skip

    def _git_change(self, start: int) -> Change:
        both = names.in_git_line(self.lines[start], self.strip)
        old, new = both or (None, None)
        modes: dict[bytes, str] = {}
        prefix = b"a/" if self.strip else b""  # these names have none, and lose one part less (git-apply(1))
        copied = binary = False
        hunks: tuple[Hunk, ...] = ()
        self.at += 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            key, _, value = line.rstrip(b"\n").rpartition(b" ")
            if line.startswith((b"rename from ", b"copy from ")):
                old = prefix + names.unquoted(line.rstrip(b"\n").partition(b" from ")[2])
                copied = line.startswith(b"copy")
            elif line.startswith((b"rename to ", b"copy to ")):
                new = prefix + names.unquoted(line.rstrip(b"\n").partition(b" to ")[2])
            elif key in (b"old mode", b"new mode", b"new file mode", b"deleted file mode"):
                modes[key] = value.decode("ascii", "replace")
            elif line.startswith(b"index "):
                if MODE.fullmatch(value) and b".." in key:
                    modes[b"index"] = value.decode()
            elif line.startswith(b"--- ") and self._next().startswith(b"+++ "):
                old, new = names.after_dashes(line), names.after_dashes(self._next())
                self.at += 2
                hunks = tuple(self._hunks())
                break
            elif line.startswith(b"GIT binary patch"):
                self.at += 1
                self._binary()
                binary = True
                break
            elif line.startswith(b"Binary files "):
                raise self._binary_unshown()
            elif not line.startswith((b"similarity index ", b"dissimilarity index ")):
                break
            self.at += 1
        if old is None or new is None:
            raise self._wrong(start + 1, "the names of the file cannot be read", "make it anew: git format-patch")
        mode = modes.get(b"new mode") or modes.get(b"new file mode") or modes.get(b"index")
        return Change(
            start + 1,
            None if b"new file mode" in modes or old == names.NOWHERE else self._path(old, start),
            None if b"deleted file mode" in modes or new == names.NOWHERE else self._path(new, start),
            mode, copied=copied, binary=binary, hunks=hunks, text=self._text(start),
        )  # fmt: skip

    def _hunks(self) -> Iterator[Hunk]:
        while self.at < len(self.lines) and self.lines[self.at].startswith(b"@@ -"):
            yield self._hunk()

    def _hunk(self) -> Hunk:
        start = self.at
        match = HUNK.fullmatch(self.lines[start].rstrip(b"\n"))
        if match is None:
            raise self._damaged(start + 1, "its header is not `@@ -LINE,COUNT +LINE,COUNT @@`")
        missing_old, missing_new = int(match[2] or 1), int(match[4] or 1)
        old: list[bytes] = []
        new: list[bytes] = []
        kinds = b""
        self.at += 1
        while missing_old > 0 or missing_new > 0 or self._here().startswith(b"\\"):
            line = self._here()
            kind, content = line[:1], line[1:]
            if kind == b"\n":  # a context line that is empty and has lost its blank on the way
                kind, content = b" ", b"\n"
            if kind == b"\\" and kinds:
                for side, marks in ((old, b" -"), (new, b" +")):
                    if kinds[-1:] in marks and kinds[-1:]:
                        side[-1] = side[-1].removesuffix(b"\n")
                self.at += 1
                continue
            if kind not in (b" ", b"-", b"+") or not line:
                raise self._damaged(
                    start + 1, f"it ends early, before line {self.at + 1}: its header promises more lines"
                )
            if kind != b"+":
                old.append(content)
                missing_old -= 1
            if kind != b"-":
                new.append(content)
                missing_new -= 1
            kinds += kind
            self.at += 1
        rest = self._here()
        surplus = rest[:1] in (b"+", b" ") or (rest[:1] == b"-" and not re.match(rb"--(-.*| ?)\n", rest))
        if missing_old < 0 or missing_new < 0 or (surplus and not self._begins()):
            raise self._damaged(start + 1, f"it has more lines than its header says, at line {self.at + 1}")
        leading = len(kinds) - len(kinds.lstrip(b" "))
        trailing = len(kinds) - len(kinds.rstrip(b" "))
        shown = self.lines[start].rstrip().decode("utf-8", "backslashreplace")
        return Hunk(start + 1, shown, int(match[1]), tuple(old), tuple(new), leading, trailing)

    def _binary(self) -> None:
        """Go past the one or two blocks of git's binary form, each up to an empty line."""
        while self._here().startswith((b"literal ", b"delta ")):
            while self.at < len(self.lines) and self._here() != b"\n":
                self.at += 1
            if self.at == len(self.lines):
                self.lines.append(b"\n")
            self.at += 1

    def _binary_unshown(self) -> InputError:
        return self._wrong(
            self.at + 1,
            "the patch says that a binary file differs, but not how",
            "make it anew: git format-patch writes binary files whole",
        )

    def _path(self, name: bytes, start: int) -> str:
        if name.startswith(b"/"):
            path: str | None = name.decode("utf-8", "surrogateescape")
        else:
            path = names.stripped(name, self.strip)
        if path is None:
            shown = name.decode("utf-8", "backslashreplace")
            raise self._wrong(
                start + 1,
                f"the path {shown!r} has too few parts to take {self.strip} away",
                f"write the option -p0 behind {self.file.name if self.file else 'the patch'} in the series file",
            )
        return path

    def _text(self, start: int) -> bytes:
        return b"".join(self.lines[start : self.at])

    def _here(self) -> bytes:
        return self.lines[self.at] if self.at < len(self.lines) else b""

    def _next(self) -> bytes:
        return self.lines[self.at + 1] if self.at + 1 < len(self.lines) else b""

    def _damaged(self, line: int, why: str) -> InputError:
        return self._wrong(line, "the hunk is damaged", "make the patch anew: git format-patch -1 COMMIT", why=why)

    def _wrong(self, line: int, what: str, fix: str, why: str = "") -> InputError:
        return InputError(what, where=Where(file=self.file, line=line), why=why, fix=fix)

    def _not_a_patch(self) -> InputError:
        found, fix = _what_it_is(self.data)
        return self._wrong(1, f"this is not a patch: {found}", fix or "give what git format-patch or git diff writes")


def _what_it_is(data: bytes) -> tuple[str, str]:
    """Say what a file is that should have been a patch, and how to get the patch."""
    start = data.lstrip()[:200]
    if not start:
        return "it is empty", ""
    if start.lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page", "download the patch itself, not the page that shows it"
    if data.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")):
        return "it is compressed", "unpack it"
    try:
        decoded = base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        decoded = b""
    if b"\n@@ -" in decoded or b"\ndiff --git " in decoded:
        return "it is base64, as Gerrit gives its patches", "decode it: base64 -d FILE >PATCH"
    if b"\0" in data:
        return "it is binary data", ""
    line = start.splitlines()[0].decode("utf-8", "backslashreplace")[:60]
    return f"there is no diff in it, and it begins with {line!r}", ""
