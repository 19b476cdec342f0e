"""Edits of a ``series`` file as text: a line at a time; comments, blank lines, line ends and options stay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.patches.series import COMMENT, DISABLED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LINE = re.compile(r"[^\n]*\n|[^\n]+")
NAME = re.compile(r"\s*([^\s#]\S*)")
# Before the reason that a line was disabled for, in its comment: it goes when the line is enabled.
WHY = "why: "
REASON = re.compile(rf"[ \t]*#[ \t]*{WHY}[^\n]*?(?=\r?\n|$)")


@dataclass(frozen=True)
class SeriesFile:
    """The text of a ``series`` file. What is edited are the lines that name patches, by these names."""

    data: bytes

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines with their ends."""
        return tuple(LINE.findall(self.data.decode("utf-8", "surrogateescape")))

    @property
    def names(self) -> tuple[str, ...]:
        """What the lines that are not disabled name, in order."""
        return tuple(name for line in self.lines if (name := _name(line)) and not DISABLED.match(line))

    def inserted(
        self, name: str, *, before: str | None = None, after: str | None = None, strip: int = 1, comment: str = ""
    ) -> SeriesFile:
        """Add a line: before or after that of another patch, else at the end."""
        more = ("" if strip == 1 else f" -p{strip}") + (f"  # {comment}" if comment else "")
        return self._with(f"{name}{more}{self._end}", self._place(before, after))

    def removed(self, name: str) -> SeriesFile:
        """Take a line out, with what stands behind the name."""
        at = self._at(name)
        return _joined([*self.lines[:at], *self.lines[at + 1 :]])

    def moved(self, name: str, *, before: str | None = None, after: str | None = None) -> SeriesFile:
        """Put a line elsewhere, with what stands behind the name."""
        rest = self.removed(name)
        return rest._with(self.lines[self._at(name)], rest._place(before, after))

    def disabled(self, name: str, why: str = "") -> SeriesFile:
        """Let a line be kept and not count.

        :param why: kept in the comment behind the name
        """
        at = self._at(name)
        line = self.lines[at]
        body = line.rstrip("\r\n")
        reason = f"{' ' if COMMENT.search(body) else '  '}# {WHY}{' '.join(why.split())}" if why else ""
        return self._replaced(at, f"# disabled: {body.rstrip() if why else body}{reason}{line[len(body) :]}")

    def enabled(self, name: str) -> SeriesFile:
        """Let a disabled line count again, without the reason it was disabled for."""
        at = self._at(name)
        line = DISABLED.sub("", self.lines[at], count=1)
        return self._replaced(at, REASON.sub("", line[1:] if line[:1] in " \t" else line))

    def renamed(self, name: str, new: str) -> SeriesFile:
        """Let a line name another file; its options and its comment stay."""
        at = self._at(name)
        line = self.lines[at]
        start = line.index(name, _start(line))
        return self._replaced(at, f"{line[:start]}{new}{line[start + len(name) :]}")

    def arranged(self, names: Sequence[str]) -> SeriesFile:
        """Let the lines that are not disabled name just these patches, in this order.

        As few lines as can be change their place; what is new comes behind the one before it.
        """
        file = self
        for gone in set(self.names).difference(names):
            file = file.removed(gone)
        staying = _longest_in_order(names, {name: at for at, name in enumerate(self.names)})
        for at, name in enumerate(names):
            if name in staying:
                continue
            after = names[at - 1] if at else None
            # What stays and comes later, where there is nothing before it.
            before = None if at else next((other for other in names if other in staying), None)
            known = name in file.names
            file = (file.moved if known else file.inserted)(name, before=before, after=after)
        return file

    @property
    def _end(self) -> str:
        return "\r\n" if self.lines and self.lines[0].endswith("\r\n") else "\n"

    def _at(self, name: str) -> int:
        """Give the index of the line that names a patch: of one that counts rather than of one that is disabled."""
        found = [at for at, line in enumerate(self.lines) if _name(line) == name]
        return min(found, key=lambda at: (DISABLED.match(self.lines[at]) is not None, at))

    def _place(self, before: str | None, after: str | None) -> int:
        if before is not None:
            return self._at(before)
        return self._at(after) + 1 if after is not None else len(self.lines)

    def _with(self, line: str, at: int) -> SeriesFile:
        lines = [*self.lines[:at], line, *self.lines[at:]]
        return _joined([each if each.endswith("\n") else each + self._end for each in lines])

    def _replaced(self, at: int, line: str) -> SeriesFile:
        return _joined([*self.lines[:at], line, *self.lines[at + 1 :]])


def _joined(lines: Iterable[str]) -> SeriesFile:
    return SeriesFile("".join(lines).encode("utf-8", "surrogateescape"))


def _start(line: str) -> int:
    """Give where a name may begin: behind the mark of a disabled line."""
    mark = DISABLED.match(line)
    return mark.end() if mark else 0


def _name(line: str) -> str:
    match = NAME.match(line, _start(line))
    return match[1] if match else ""


def _longest_in_order(names: Sequence[str], places: Mapping[str, int]) -> frozenset[str]:
    """Give the most names whose places come in the order of the names."""
    best: dict[str, list[str]] = {}
    for name in names:
        if name in places:
            earlier = [chain for other, chain in best.items() if places[other] < places[name]]
            best[name] = [*_longest(earlier), name]
    return frozenset(_longest(best.values()))


def _longest(chains: Iterable[list[str]]) -> list[str]:
    return max(chains, key=len, default=[])
