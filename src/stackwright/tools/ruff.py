"""ruff: its linter and its formatter, which changes nothing here (https://docs.astral.sh/ruff/)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools import process
from stackwright.tools.findings import Finding
from stackwright.tools.process import ProgramFailedError
from stackwright.tools.python import variables_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.tools.process import Completed

NO_PYTHON = "invalid-syntax"  # as ruff calls it
UNPARSED = re.compile(r"error: Failed to parse (?P<path>.+?):(?P<row>\d+):(?P<column>\d+): (?P<message>.*)")
HUNK = re.compile(r"@@ -(?P<row>\d+)(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))? @@")
CHANGES = ("+", "-")
FOUND = 1  # status


def check(
    python: Path, files: Sequence[str], arguments: Sequence[str], *, tree: Path, scratch: Path, timeout: float
) -> list[Finding]:
    """Lint files of a tree by the settings that the tree has; the parameters are those of `flake8.check`.

    :raises ProgramFailedError: it cannot check them, or not in time; that it finds something is no failure
    """
    words = ("check", *arguments, "--no-fix", "--exit-zero", "--output-format=json")
    done = _run(python, (*words, *_places(files)), tree, scratch, timeout)
    if done.status:
        raise _failed(words, done)
    return [
        Finding(
            str(Path(one["filename"]).relative_to(tree.resolve())),
            one["location"]["row"],
            one["location"]["column"],
            one["code"] or NO_PYTHON,
            one["message"],
        )
        for one in json.loads(done.stdout)
    ]


def differences(
    python: Path, files: Sequence[str], arguments: Sequence[str], *, tree: Path, scratch: Path, timeout: float
) -> list[Finding]:
    """Give what the formatter would change, hunk by hunk; the parameters are those of `flake8.check`.

    :raises ProgramFailedError: it cannot read its settings, or takes too long
    """
    words = ("format", *arguments, "--diff")
    done = _run(python, (*words, *_places(files)), tree, scratch, timeout)
    unparsed = [match for match in map(UNPARSED.fullmatch, done.stderr.decode(errors="replace").split("\n")) if match]
    if done.status > FOUND and not unparsed:
        raise _failed(words, done)
    found = [Finding(one["path"], int(one["row"]), int(one["column"]), NO_PYTHON, one["message"]) for one in unparsed]
    return [*found, *read_differences(done.text)]


def read_differences(text: str) -> Iterator[Finding]:
    """Give each hunk of the formatter's diff; the row is that of the first line that changes.

    The form: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html
    """
    lines = iter(text.split("\n"))
    path = ""
    for line in lines:
        if match := HUNK.match(line):
            body = list(_body(lines, int(match["old"] or 1), int(match["new"] or 1)))
            changes = [number for number, one in enumerate(body) if one[:1] in CHANGES]
            excerpt = "\n".join(body[number] for number in changes)
            row = max(1, int(match["row"]) + changes[0])
            yield Finding(path, row, 1, "format", "would be formatted otherwise", excerpt)
        elif line.startswith("--- "):
            path = line.removeprefix("--- ").partition("\t")[0]


def _body(lines: Iterator[str], old: int, new: int) -> Iterator[str]:
    """Give the lines of a hunk, of which so many are in the old file, and so many in the new one."""
    while old > 0 or new > 0:
        line = next(lines)
        if not line.startswith("\\"):  # a remark: no line break at the end
            old -= not line.startswith("+")
            new -= not line.startswith("-")
            yield line


def _places(files: Sequence[str]) -> tuple[str, ...]:
    """Give the arguments that name files: those that the project leaves out are left out although they are named."""
    return ("--no-cache", "--force-exclude", "--", *files)


def _run(python: Path, words: Sequence[str], tree: Path, scratch: Path, timeout: float) -> Completed:
    command = [str(python.with_name("ruff")), *words]
    return process.run(command, cwd=tree, env=variables_for(python, tree, scratch), timeout=timeout, check=False)


def _failed(words: Sequence[str], done: Completed) -> ProgramFailedError:
    return ProgramFailedError(["ruff", *words], done.status, (done.stderr or done.stdout).decode(errors="replace"))
