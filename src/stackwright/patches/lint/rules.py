"""What is wrong with what patches say of themselves, and with the lines they add: found without any network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import Where, suggestion
from stackwright.patches.lint import lint_fields, lint_text
from stackwright.patches.lint.lint_fields import Issue
from stackwright.patches.lint.sets import PatchSet, sets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from stackwright.distribution import PatchRules
    from stackwright.patches.lint.carried import Carried


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


# Every rule. An error is wrong in itself; a warning is what a team wants to know; a note needs no action.
RULES = {
    "bad-date": Severity.ERROR,
    "bad-review": Severity.ERROR,
    "bad-set": Severity.ERROR,
    "bad-status": Severity.ERROR,
    "conflict-marker": Severity.ERROR,
    "credentials": Severity.ERROR,
    "disagreement": Severity.ERROR,
    "expired": Severity.ERROR,
    "missing": Severity.ERROR,
    "incomplete-status": Severity.WARNING,
    "misplaced-field": Severity.WARNING,
    "mistyped-field": Severity.WARNING,
    "no-author": Severity.WARNING,
    "no-intent": Severity.WARNING,
    "no-owner": Severity.WARNING,
    "no-subject": Severity.WARNING,
    "no-upstream-status": Severity.WARNING,
    "set-apart": Severity.WARNING,
    "set-of-one": Severity.WARNING,
    "whitespace": Severity.WARNING,
    "expires-soon": Severity.NOTE,
    "long-subject": Severity.NOTE,
    "no-change-id": Severity.NOTE,
    "unknown-field": Severity.NOTE,
}


@dataclass(frozen=True)
class Finding:
    """Something that a rule has found in a patch.

    :param releases: those that the patch serves
    """

    severity: Severity
    rule: str
    where: Where
    component: str
    releases: tuple[str, ...]
    what: str
    why: str
    fix: str


def lint(carried: Sequence[Carried], rules: PatchRules, today: date) -> list[Finding]:
    """Find what is wrong with the patches of a distribution, in the order of their files and lines.

    :param carried: all of them: a set is judged by all of its patches
    """
    found = [(one, issue) for one in carried for issue in _issues(one, rules, today)]
    named = sets(carried)
    for set_ in named:
        others = [other.name for other in named if other is not set_]
        found += [(one, issue) for one in set_.patches for issue in _set_issues(one, set_, others)]
    findings = [_finding(one, issue) for one, issue in found]
    return sorted(findings, key=lambda one: (str(one.where.file), one.where.line or 0, one.where.column or 0, one.rule))


def _issues(one: Carried, rules: PatchRules, today: date) -> Iterator[Issue]:
    yield from lint_fields.issues(one.patch, rules, today)
    yield from lint_text.issues(one.patch, str(one.component.source))


def _set_issues(one: Carried, set_: PatchSet, others: Sequence[str]) -> Iterator[Issue]:
    field = one.patch.metadata.last_of("set")
    assert field is not None
    if len(set_.members) == 1:
        hint = suggestion(set_.name, others) if others else ""
        yield Issue(
            "set-of-one",
            field.line,
            field.at,
            f"no other patch is of the set {set_.name!r}",
            fix=f"{hint}; else " * bool(hint) + "name it in the patches that go with this one, or remove the line",
        )
    elif not set_.together:
        yield Issue(
            "set-apart",
            field.line,
            field.at,
            f"the patches of the set {set_.name!r} are never in one release",
            why=f"this one is in {', '.join(one.releases)} only",
            fix="add the others to its series, or give the sets of the releases names of their own",
        )


def _finding(one: Carried, issue: Issue) -> Finding:
    file = Path(one.patch.file) if one.patch.file else None
    where = Where(file, issue.line, issue.column, "" if file else one.patch.name)
    return Finding(
        RULES[issue.rule], issue.rule, where, one.component.name, one.releases, issue.what, issue.why, issue.fix
    )
