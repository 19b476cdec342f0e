"""Findings of linters as outcomes, by names that stay the same while lines move."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.proof.upstream.model import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stackwright.proof.upstream.style.model import Tool
    from stackwright.tools.findings import Finding

# Between the parts of a name: linter, path, and of a finding its code, its line, and which of those that are alike.
BETWEEN = "\t"
PLACE = re.compile(r"(?P<row>\d+):(?P<column>\d+):")


def outcomes_of(
    tool: Tool,
    files: Iterable[str],
    findings: Iterable[Finding],
    line: Callable[[str, int], str],
    *,
    seconds: float,
    began: float,
) -> list[Outcome]:
    """Give an outcome for each finding in some files, and one for each file in which there is none.

    :param line: gives a line of a file
    :param seconds: that all took, of which each outcome is given its share
    :param began: in seconds since the epoch
    """
    alike: Counter[str] = Counter()
    found: list[Outcome] = []
    for one in sorted(findings, key=lambda one: (one.path, one.row, one.column, one.code)):
        source = one.excerpt or line(one.path, one.row)
        name = BETWEEN.join((tool, one.path, one.code, source.strip().replace(BETWEEN, " ")))
        alike[name] += 1
        said = f"{one.path}:{one.row}:{one.column}: {one.code} {one.message}\n{source}"
        found.append(Outcome(f"{name}{BETWEEN}{alike[name]}", Status.FAILED, 0.0, began, said))
    bad = {path_of(outcome.test) for outcome in found}
    found += [Outcome(f"{tool}{BETWEEN}{path}", Status.OK, 0.0, began) for path in files if path not in bad]
    return [replace(one, seconds=seconds / len(found)) for one in found]


def unfinished(tool: Tool, path: str, said: str, *, began: float) -> Outcome:
    """Give the outcome of a file that a linter did not get through.

    :param said: its last lines
    """
    what = "does not get through"
    name = BETWEEN.join((tool, path, str(tool), what, "1"))
    return Outcome(name, Status.CRASHED, 0.0, began, f"{path}: {tool} {what}\n{said}")


def path_of(name: str) -> str:
    """Give the file that an outcome's name speaks of."""
    return name.split(BETWEEN)[1]


def tool_of(name: str) -> str:
    """Give the linter that an outcome's name speaks of."""
    return name.split(BETWEEN)[0]


def lasting(name: str) -> str:
    """Give a finding's name as a person reads it where it stands for many trees: without the number of the line."""
    _, path, code, source, number = name.split(BETWEEN)
    line = source.partition("\n")[0]
    return f"{path}: {code} {line}" + (f" ({number})" if number != "1" else "")


def told(outcome: Outcome) -> Outcome:
    """Give an outcome as a person reads it: ``PATH:ROW:COLUMN: CODE MESSAGE``, or ``PATH: LINTER``."""
    if outcome.said:
        test, _, source = outcome.said.partition("\n")
        return replace(outcome, test=test, said=source)
    tool, path = outcome.test.split(BETWEEN)
    return replace(outcome, test=f"{path}: {tool}")


def place_of(test: str) -> tuple[str, int, int, str]:
    """Give what is told of a file in the order of its places."""
    path, _, rest = test.partition(":")
    match = PLACE.match(rest)
    return (path, int(match["row"]), int(match["column"]), rest) if match else (path, 0, 0, rest)


def chunks(files: Sequence[str], width: int, least: int = 20, most: int = 100) -> list[Sequence[str]]:
    """Cut files into shares of about the same number, as many at least as can be looked at at once if that pays."""
    size = min(most, max(least, -(-len(files) // width)))
    return [files[start : start + size] for start in range(0, len(files), size)]
