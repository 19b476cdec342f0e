"""What a hazard weighs in a forecast."""

from __future__ import annotations

from datetime import date

import pytest

from stackwright.errors import Where
from stackwright.hazards.check import Found
from stackwright.hazards.forecast.model import Subject, Weight
from stackwright.hazards.forecast.triggered import triggered
from stackwright.hazards.hazard import Hazard, Rule, Side
from stackwright.hazards.ledger import Acceptance
from stackwright.hazards.model import Kind


def hazard(rule: Rule, kind: Kind, file: str = "patches/nova/ours.patch:31") -> Hazard:
    ours, theirs = Side("ours.patch", "one", file=file), Side("nova 2025.1", "other")
    return Hazard(
        rule, "nova", "2024.1", "ours.patch", kind, "2.99", ("2025.1",), ours, theirs,
        what="It is taken", happens="Clients misunderstand.", fix="renumber it",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "kind", "weight"),
    [
        (Rule.TAKEN, Kind.MICROVERSION, Weight.STOP),  # nobody sees an error
        (Rule.OTHER_PARENT, Kind.REVISION, Weight.STOP),
        (Rule.ABOVE, Kind.OBJECT, Weight.STOP),
        (Rule.ABOVE, Kind.RPC, Weight.STOP),
        # Users have to be told, and nothing of the cloud fails.
        (Rule.ABOVE, Kind.MICROVERSION, Weight.STEP),
        (Rule.MOVED, Kind.MICROVERSION, Weight.STEP),
        (Rule.ABOVE, Kind.CLIENT_VERSION, Weight.STEP),
        (Rule.MOVED, Kind.SERVICE_VERSION, Weight.STOP),
        (Rule.REMOVED, Kind.OPTION, Weight.STEP),
        (Rule.NOTE_TWICE, Kind.NOTE, Weight.NOTE),
    ],
)
def test_what_fails_stops_it_and_what_users_lose_is_a_step(rule: Rule, kind: Kind, weight: Weight) -> None:
    assert triggered(Found(hazard(rule, kind))).weight is weight


def test_a_finding_says_what_collides_what_happens_and_where() -> None:
    one = hazard(Rule.TAKEN, Kind.MICROVERSION)
    found = triggered(Found(one))
    assert (found.subject, found.name) == (Subject.HAZARD, one.id)
    assert (found.what, found.step) == ("It is taken. Clients misunderstand", "renumber it")
    assert found.where == "patches/nova/ours.patch:31"
    assert triggered(Found(hazard(Rule.TAKEN, Kind.MICROVERSION, file=""))).where == "ours.patch"


def test_one_that_is_accepted_is_a_note_with_the_reason() -> None:
    one = hazard(Rule.TAKEN, Kind.MICROVERSION)
    found = triggered(Found(one, Acceptance(one.id, "its users know", date(2030, 1, 1), Where())))
    assert (found.weight, found.step) == (Weight.NOTE, "accepted until 2030-01-01: its users know")
