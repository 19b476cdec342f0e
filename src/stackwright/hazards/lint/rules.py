"""All that lint looks for. Pure: the trees before and after a patch in, findings out.

Only what the patch itself has done can be found: a claim that it adds or changes, and what has followed the tree until
then and does not follow it any more. Between two equal trees there is nothing, by construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.hazard import Rule
from stackwright.hazards.lint import heads, listed, notes, objects, samples, versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.hazards.lint.model import Finding, Subject

RULES = (
    versions.maximum,
    versions.untold,
    versions.repeated,
    samples.samples,
    objects.hashes,
    heads.heads,
    notes.notes,
    listed.helpless,
    listed.unlisted,
)
# What each patch has to have for itself: no other one of the series can make up for it.
OWN = frozenset({Rule.NOTE_MISSING})


def findings(subject: Subject) -> list[Finding]:
    """Give what a patch leaves undone, each once."""
    return list({finding.hazard.id: finding for rule in RULES for finding in rule(subject)}.values())


def made_good(found: Sequence[Finding], last: Subject) -> set[tuple[str, ...]]:
    """Give the keys of those findings that later patches of the series make good.

    :param last: the same patch with the tree after the whole series
    """
    mine = {key(one) for one in found if one.hazard.rule not in OWN}
    return mine - {key(one) for one in findings(last)} if mine else mine


def key(finding: Finding) -> tuple[str, ...]:
    """Give what makes a finding the same at the end of a series, where a number may be higher."""
    hazard = finding.hazard
    return hazard.rule, hazard.kind, hazard.name, hazard.ours.path
