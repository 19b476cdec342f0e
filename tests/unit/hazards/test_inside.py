"""What patches of a distribution claim against one another."""

from __future__ import annotations

import pytest

from stackwright.hazards.hazard import Rule
from stackwright.hazards.inside import Taken, inside
from stackwright.hazards.model import Claim, Kind


def taken(patch: str, *claims: Claim, component: str = "nova", release: str = "1", set_name: str = "") -> Taken:
    return Taken(component, release, patch, f"Subject of {patch}", set_name, claims)


def micro(name: str, text: str) -> Claim:
    return Claim(Kind.MICROVERSION, name, (("text", text),), "a.rst", 3)


def thing(version: str, fingerprint: str) -> Claim:
    return Claim(Kind.OBJECT, "Meta", (("fingerprint", fingerprint), ("version", version)), "t.py", 3)


def speaks(version: str) -> Claim:
    return Claim(Kind.CLIENT_VERSION, "compute", (("version", version),), "c.py", 3)


@pytest.mark.parametrize("release", ["1", "2"])
def test_two_patches_that_take_one_number(release: str) -> None:
    one = taken("a.patch", micro("2.96", "secure boot"))
    (hazard,) = inside([one, taken("b.patch", micro("2.96", "pinned hosts"), release=release)])
    assert hazard.rule is Rule.CLAIMED_TWICE
    assert "two patches take the microversion 2.96" in hazard.what
    assert (hazard.ours.who, hazard.theirs.who) == (f"b.patch of nova {release}", "a.patch of nova 1")
    assert inside([one, taken("b.patch", micro("2.97", "pinned hosts"), release=release)]) == []
    assert inside([one, taken("b.patch", micro("2.96", "secure boot"), release=release)]) == []
    assert inside([one, taken("a.patch", micro("2.96", "pinned hosts"), release=release)]) == []
    assert inside([one, taken("b.patch", micro("2.96", "pinned hosts"), component="cinder", release=release)]) == []


def test_two_sets_are_named() -> None:
    one = taken("a.patch", micro("2.96", "secure boot"), set_name="boot")
    (hazard,) = inside([one, taken("b.patch", micro("2.96", "pinned hosts"), set_name="hosts")])
    assert "two sets take the microversion 2.96 (boot and hosts)" in hazard.what


def test_an_object_is_taken_version_by_version() -> None:
    one = taken("a.patch", thing("1.39", "x"))
    assert inside([one, taken("b.patch", thing("1.40", "y"))]) == []
    (hazard,) = inside([one, taken("b.patch", thing("1.39", "y"))])
    assert hazard.name == "Meta 1.39"


@pytest.mark.parametrize(
    ("version", "says"), [("2.96", "never asks for 2.97"), ("2.98", "asks for more than nova has"), ("2.97", "")]
)
def test_a_set_whose_parts_disagree(version: str, says: str) -> None:
    server = taken("s.patch", micro("2.97", "secure boot"), set_name="boot")
    client = taken("c.patch", speaks(version), component="python-novaclient", set_name="boot")
    found = inside([server, client])
    assert [hazard.rule for hazard in found] == [Rule.SET_DISAGREES] * bool(says)
    assert all(says in hazard.happens for hazard in found)


def test_parts_in_other_releases_and_of_other_servers_are_not_held_together() -> None:
    server = taken("s.patch", micro("2.97", "secure boot"), set_name="boot")
    other = taken("m.patch", micro("2.80", "share"), component="manila", set_name="boot")
    client = taken("c.patch", speaks("2.97"), component="python-novaclient", set_name="boot")
    later = taken("c.patch", speaks("2.96"), component="python-novaclient", release="2", set_name="boot")
    loose = taken("c.patch", speaks("2.96"), component="python-novaclient")
    assert inside([server, later]) == []
    assert inside([server, loose]) == []
    assert inside([server, other, client]) == []
