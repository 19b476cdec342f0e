"""Whose fault a failing test is: upstream's own, or that of the first patch with which it fails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stackwright.proof.upstream.model import Outcome

# Tells which of these tests fail on the tree with so many patches.
Failing: TypeAlias = "Callable[[int, Collection[str]], Collection[str]]"


class Kind(StrEnum):
    """What a failing test means."""

    REGRESSION = "regression"
    KNOWN = "known"
    FLAKY = "flaky"


@dataclass(frozen=True)
class Failure:
    """A test that failed.

    :param patch: the name of the first patch with which it fails; empty where nobody has looked
    """

    outcome: Outcome
    kind: Kind
    patch: str = ""


def judge(
    seen: Mapping[int, Mapping[str, Outcome]], patches: Sequence[str], failing: Failing, *, find: bool
) -> tuple[Failure, ...]:
    """Tell what the failing tests mean, regressions first.

    :param seen: after so many patches, what came of tests
    :param patches: the names of the series' patches
    :param find: also look for the first patch with which a test fails
    """
    flaky = {test: outcome for outcomes in seen.values() for test, outcome in outcomes.items() if outcome.flaky}
    bad: dict[str, tuple[int, Outcome]] = {}
    for count in sorted(seen):
        for test, outcome in seen[count].items():
            if outcome.bad:
                bad.setdefault(test, (count, outcome))
    known = set(failing(0, bad)) if bad else set()
    first: dict[str, int] = {}
    if find:
        for count in sorted(seen):
            group = [test for test, (after, _) in bad.items() if after == count and test not in known]
            first |= _first_bad(group, 0, count, failing)
    failures = [
        Failure(outcome, Kind.KNOWN)
        if test in known
        else Failure(outcome, Kind.REGRESSION, patches[first[test] - 1] if test in first else "")
        for test, (_, outcome) in bad.items()
    ]
    failures += [Failure(outcome, Kind.FLAKY) for test, outcome in flaky.items() if test not in bad]
    return tuple(sorted(failures, key=lambda one: (list(Kind).index(one.kind), one.outcome.test)))


def _first_bad(tests: Collection[str], good: int, bad: int, failing: Failing) -> dict[str, int]:
    """Find by bisection after how many patches each test fails: after `good` none does, after `bad` all do."""
    if not tests:
        return {}
    if bad - good == 1:
        return dict.fromkeys(tests, bad)
    middle = (good + bad) // 2
    early = set(failing(middle, tests))
    late = [test for test in tests if test not in early]
    return _first_bad(sorted(early), good, middle, failing) | _first_bad(late, middle, bad, failing)
