"""Why a patch does not apply: which hunks, the lines they expect, and the lines that are there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, Where

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stackwright.patches.model import Change, Hunk, Patch

SHOWN = 24  # lines of a hunk
COMMON = 20  # a line that is this often in a file says nothing about where a hunk belongs


@dataclass(frozen=True)
class Problem:
    """One thing in the way of a patch.

    :param path: the file
    :param what: what is in the way, in words
    :param hunk: its number among the file's hunks, from 1; None if it is not a hunk
    :param line: the line of the patch
    :param header: of the hunk
    :param expected: the lines the hunk expects, as they are shown
    :param found: the lines there are instead
    :param there: the hunk's result is in the file already
    """

    path: str
    what: str
    line: int
    hunk: int | None = None
    header: str = ""
    expected: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    there: bool = False

    def __str__(self) -> str:
        """Give what is printed of it."""
        name = f"{self.path}, hunk {self.hunk}" if self.hunk else self.path
        lines = [f"{name} (line {self.line} of the patch): {self.what}"]
        lines += [f"  {self.header}"] if self.header else []
        lines += ["  expected:", *self.expected] if self.expected else []
        lines += ["  found:", *self.found] if self.found else []
        return "\n".join(lines)


class PatchConflictError(CheckFailedError):
    """A patch does not apply (exit status 1)."""

    def __init__(self, patch: Patch, problems: Sequence[Problem], *, applied: bool, touched_by: Sequence[str]) -> None:
        self.patch = patch
        self.problems = tuple(problems)
        self.applied = applied
        place = f"{patch.listed.file}:{patch.listed.line}" if patch.listed.file else ""
        why, fix = "", f"correct {patch.file or patch.name}, or take it out of the series ({place or patch.name})"
        if applied:
            why = "the tree has its changes already: it applies in reverse"
            fix = f"take it out of the series: sed -i {patch.listed.line}d {patch.listed.file}" if place else fix
        elif all(problem.there for problem in problems):
            why = "the tree has these changes already, or upstream has merged a part of the patch"
        elif touched_by:
            why = f"patches before it change the same files: {', '.join(touched_by)}"
        super().__init__(
            f"the patch {patch.name} is applied already" if applied else f"the patch {patch.name} does not apply",
            where=patch.listed if place else Where(file=patch.file),
            details="\n\n".join(str(problem) for problem in problems),
            why=why,
            fix=fix,
        )


def diagnose(patch: Patch, contents: Mapping[str, bytes | None], known: Collection[str]) -> list[Problem]:
    """Find everything that is in the way of a patch.

    :param contents: of the files it touches, as they are in the tree
    :param known: every path of the tree
    """
    problems: list[Problem] = []
    for change in patch.changes:
        problems += _in_the_way(change, contents, known)
    return problems


def _in_the_way(change: Change, contents: Mapping[str, bytes | None], known: Collection[str]) -> list[Problem]:
    if change.new is not None and change.new != change.old and contents.get(change.new) is not None:
        made = b"".join(line for hunk in change.hunks for line in hunk.new)
        same = change.old is None and contents[change.new] == made
        what = "the file is there already" + (", with the content the patch gives it" if same else "")
        return [Problem(change.path, what, change.line, there=same)]
    if change.old is None:
        return []
    content = contents.get(change.old)
    if content is None:
        if change.hunks and not change.hunks[0].old:
            return []  # a plain diff of a new file
        return [Problem(change.path, f"there is no file {change.old}{_moved(change.old, known)}", change.line)]
    if change.binary:
        what = "the binary file is not the one the patch was made for"
        return [Problem(change.path, what, change.line)]
    lines = _lines(content)
    found = [_hunk_problem(change.path, number, hunk, lines) for number, hunk in enumerate(change.hunks, start=1)]
    return [problem for problem in found if problem]


def _lines(content: bytes) -> list[bytes]:
    *lines, last = content.split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _moved(path: str, known: Collection[str]) -> str:
    """Say where a file that is not there may have gone."""
    name = PurePosixPath(path).name
    same = sorted(other for other in known if PurePosixPath(other).name == name)
    near = get_close_matches(path, same, n=3, cutoff=0.0) if name != "__init__.py" else []
    near = near or get_close_matches(path, known, n=1, cutoff=0.85)
    return f"; is it {' or '.join(near)} now?" if near else ""


def _hunk_problem(path: str, number: int, hunk: Hunk, lines: list[bytes]) -> Problem | None:
    expected = max(hunk.old_start - 1, 0)
    at = _nearest(hunk.old, lines, expected)
    if at is not None:
        # git-apply(1): a hunk for the first line, or without lines after it, belongs at that end of the file.
        if hunk.old_start <= 1 and at != 0:
            what = f"its lines are at line {at + 1}, but it is for the beginning of the file"
        elif not hunk.trailing and at + len(hunk.old) != len(lines):
            what = f"its lines are at line {at + 1}, but it is for the end of the file"
        else:
            return None
        return Problem(path, what, hunk.line, number, hunk.header)
    done = _nearest(hunk.new, lines, expected) if hunk.new else None
    at = _most_alike(hunk.old, lines, expected)
    there = lines[at : at + len(hunk.old)]
    if done is not None:
        what = f"what it would make is there already, at line {done + 1}"
    elif not lines:
        what = "the file is empty"
    elif [line.split() for line in there] == [line.split() for line in hunk.old]:
        ends = [line.rstrip(b"\r\n") for line in there] == [line.rstrip(b"\r\n") for line in hunk.old]
        what = f"at line {at + 1} the lines differ in their {'line ends' if ends else 'blanks'} only"
    else:
        what = f"its lines are not in the file; most alike is line {at + 1}"
    left, right = _marked(hunk.old, hunk.old_start, there, at + 1)
    return Problem(path, what, hunk.line, number, hunk.header, left, right, there=done is not None)


def _nearest(wanted: Sequence[bytes], lines: list[bytes], expected: int) -> int | None:
    """Find a run of lines, as near as can be to where it is expected."""
    if not wanted:
        return min(expected, len(lines))
    first, count = wanted[0], len(wanted)
    places = (at for at, line in enumerate(lines) if line == first and lines[at : at + count] == list(wanted))
    return min(places, key=lambda at: abs(at - expected), default=None)


def _most_alike(wanted: Sequence[bytes], lines: list[bytes], expected: int) -> int:
    """Find the place that has most of these lines: each line that is rare in the file votes for where they begin."""
    places: dict[bytes, list[int]] = {}
    for at, line in enumerate(lines):
        places.setdefault(line.strip(), []).append(at)
    votes: Counter[int] = Counter()
    for offset, line in enumerate(wanted):
        found = places.get(line.strip(), [])
        if line.strip() and len(found) <= COMMON:
            votes.update(at - offset for at in found)
    last = max(len(lines) - 1, 0)
    starts = {min(max(start, 0), last) for start in votes} or {min(expected, last)}
    ranked = sorted(starts, key=lambda start: (-_around(votes, start), abs(start - expected)))[:3]

    def likeness(start: int) -> float:
        return SequenceMatcher(None, lines[start : start + len(wanted)], list(wanted), autojunk=False).ratio()

    return max(ranked, key=likeness)


def _around(votes: Counter[int], start: int) -> int:
    return sum(votes[start + shift] for shift in range(-3, 4))


def _marked(
    expected: Sequence[bytes], expected_line: int, found: Sequence[bytes], found_line: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give both runs with line numbers, and ``!`` before each line that the other has not."""
    same = SequenceMatcher(None, list(expected), list(found), autojunk=False).get_matching_blocks()
    left = {block.a + step for block in same for step in range(block.size)}
    right = {block.b + step for block in same for step in range(block.size)}
    return _shown(expected, expected_line, left), _shown(found, found_line, right)


def _shown(lines: Sequence[bytes], first: int, same: set[int]) -> tuple[str, ...]:
    strange = [index for index in range(len(lines)) if index not in same]
    start = max(0, min(strange, default=0) - 3) if len(lines) > SHOWN else 0
    shown = [
        f"  {'  ' if index in same else '! '}{first + index:6} {_text(lines[index])}".rstrip()
        for index in range(start, min(len(lines), start + SHOWN))
    ]
    if len(lines) > start + SHOWN:
        shown.append(f"    ... {len(lines) - start - SHOWN} more lines")
    return tuple(shown)


def _text(line: bytes) -> str:
    """Give a line as it is printed: what cannot be seen on a screen is written out."""
    text = line.removesuffix(b"\n").decode("utf-8", "backslashreplace")
    text = "".join(char if char.isprintable() or char == "\t" else repr(char)[1:-1] for char in text)
    return text if line.endswith(b"\n") else f"{text} (no newline at end of file)"
