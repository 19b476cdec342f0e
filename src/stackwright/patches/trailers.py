"""Where the trailers of a message are, by git's own rule (git-interpret-trailers(1))."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMENT = "#"
# Lines that git itself writes into trailers: one of them is enough where a quarter of the lines is trailers.
BY_GIT = ("Signed-off-by: ", "(cherry picked from commit ")
BLANKS = " \t\r"


class Trailer(NamedTuple):
    """A trailer in a list of lines.

    :param row: the index of its first line
    :param at: where its value begins in that line
    :param value: its lines in one
    """

    row: int
    name: str
    at: int
    value: str


def block(lines: Sequence[str]) -> range:
    """Give the lines of a message that are its trailers; none if it has none.

    :param lines: what follows the subject and an empty line
    """
    end = _end(lines)
    trailers = others = continuations = 0
    by_git = False
    start = end
    while start > 0 and lines[start - 1].strip(BLANKS):
        start -= 1
        line = lines[start]
        if line.startswith(COMMENT):
            others, continuations = others + continuations, 0
        elif line.startswith(BY_GIT) or (line[0] not in BLANKS and separator(line) > 0):
            by_git = by_git or line.startswith(BY_GIT)
            trailers, continuations = trailers + 1, 0
        elif line[0] in BLANKS:
            continuations += 1
        else:
            others, continuations = others + continuations + 1, 0
    others += continuations
    enough = (by_git and trailers * 3 >= others) or (trailers > 0 and others == 0)
    return range(start, end) if enough else range(end, end)


def read(lines: Sequence[str], where: range) -> list[Trailer]:
    """Give the trailers in a block of lines, each continued by the lines after it that begin with a blank."""
    found: list[Trailer] = []
    continued = False
    for index in where:
        line = lines[index]
        if line[:1] and line[0] in BLANKS and continued:
            last = found.pop()
            found.append(last._replace(value=f"{last.value} {line.strip()}".strip()))
            continue
        colon = separator(line)
        continued = colon > 0
        if continued:
            rest = line[colon + 1 :]
            at = colon + 1 + len(rest) - len(rest.lstrip(BLANKS))
            found.append(Trailer(index, line[:colon].rstrip(BLANKS), at, rest.strip()))
    return found


def of_message(message: str) -> list[Trailer]:
    """Give the trailers of a whole commit message."""
    lines = message.strip("\n").split("\n")
    title = next((number for number, line in enumerate(lines) if not line.strip(BLANKS)), len(lines))
    rest = lines[title + 1 :]
    return read(rest, block(rest))


def separator(line: str) -> int:
    """Give the place of the colon behind a word of letters, digits and dashes, and blanks; -1 if there is none."""
    blank = False
    for index, character in enumerate(line):
        if character == ":":
            return index
        if index and character in " \t":
            blank = True
        elif blank or not (character.isascii() and (character.isalnum() or character == "-")):
            break
    return -1


def _end(lines: Sequence[str]) -> int:
    """Give the end of what counts: behind it are comments, empty lines and the conflicts that old gits listed."""
    end = start = 0
    conflicts = False
    for index, line in enumerate(lines):
        if not line or line.startswith(COMMENT):
            pass
        elif line == "Conflicts:":
            conflicts = True
        elif not (conflicts and line.startswith("\t")):
            conflicts = False
            start = index + 1
        end = start
    while end > 0 and not lines[end - 1].strip(BLANKS):
        end -= 1
    return end
