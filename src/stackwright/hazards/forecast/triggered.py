"""The hazards that a hop triggers, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Finding, Subject, Weight
from stackwright.hazards.hazard import Rule, Severity
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from stackwright.hazards.check import Found
    from stackwright.hazards.hazard import Hazard

# A number of an API that goes, or becomes another: users have to be told, and nothing of the cloud fails.
FOR_USERS = frozenset({Rule.MOVED, Rule.ABOVE})
OF_USERS = frozenset({Kind.MICROVERSION, Kind.CLIENT_VERSION, Kind.NEWEST})


def triggered(found: Found) -> Finding:
    """Give a hazard as a finding; one that the team has accepted is a note."""
    hazard = found.hazard
    what = f"{hazard.what}. {hazard.happens}".rstrip(".")
    if found.accepted:
        reason = f"accepted until {found.accepted.until}: {found.accepted.reason}"
        return Finding(Subject.HAZARD, hazard.id, Weight.NOTE, what, reason, hazard.ours.file or hazard.patch)
    return Finding(Subject.HAZARD, hazard.id, _weight(hazard), what, hazard.fix, hazard.ours.file or hazard.patch)


def _weight(hazard: Hazard) -> Weight:
    if hazard.severity is Severity.LOW:
        return Weight.NOTE
    if hazard.severity is Severity.MEDIUM or (hazard.rule in FOR_USERS and hazard.kind in OF_USERS):
        return Weight.STEP
    return Weight.STOP
