"""What users of an API lose over an upgrade, and what services of two releases make of each other."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import Where
from stackwright.hazards.check import Found
from stackwright.hazards.forecast.model import Finding, Hop, Subject, Weight
from stackwright.hazards.forecast.versions import repeats, versions
from stackwright.hazards.hazard import Hazard, Rule, Side
from stackwright.hazards.ledger import Acceptance
from stackwright.hazards.model import Claim, Claims, Kind, Unseen
from stackwright.hazards.rulebook import Rolling

if TYPE_CHECKING:
    from collections.abc import Sequence

HOP = Hop("2025.1", "2025.2")
ROLLING = Rolling(
    caps={"compute": "upgrade_levels/compute=auto", "scheduler": "upgrade_levels/scheduler"},
    refuses="None of them starts.",
    anyway="workarounds/anyway=true",
)
PINNED = Rolling(pin="DEFAULT/pin", unpinned="sync migrate")
CAPS = ("upgrade_levels/compute", "upgrade_levels/scheduler")


def said(kind: Kind, name: str, **meaning: str) -> Claim:
    return Claim(kind, name, tuple(sorted(meaning.items())), "code.py", 7)


def micro(name: str, title: str) -> Claim:
    return said(Kind.MICROVERSION, name, title=title)


def newest(version: str, oldest: str = "2.1") -> Claim:
    return said(Kind.NEWEST, "microversion", version=version, oldest=oldest)


def service(version: str, oldest: str = "") -> Claim:
    more = {"oldest": oldest} if oldest else {}
    return said(Kind.NEWEST, "service version", version=version, **more)


def rpc(name: str, version: str) -> Claim:
    return said(Kind.RPC, name, version=version)


def thing(name: str, version: str) -> Claim:
    return said(Kind.OBJECT, name, version=version, fingerprint="f")


def option(name: str) -> Claim:
    return said(Kind.OPTION, name, type="Str")


def hazard(rule: Rule, kind: Kind, name: str) -> Hazard:
    side = Side("ours.patch", name)
    return Hazard(rule, "nova", "2025.1", "ours.patch", kind, name, ("2025.2",), side, side, "what", "happens", "fix")


def accepted(one: Hazard) -> Found:
    return Found(one, Acceptance(one.id, "told them", date(2030, 1, 1), Where()))


def of(
    before: Sequence[Claim],
    after: Sequence[Claim],
    rolling: Rolling = ROLLING,
    found: Sequence[Found] = (),
    *,
    skip_level: bool = False,
) -> tuple[Finding, ...]:
    here, there = Claims(tuple(before)), Claims(tuple(after))
    return versions("nova", here, there, HOP, skip_level=skip_level, rolling=rolling, found=found)


def only(
    before: Sequence[Claim],
    after: Sequence[Claim],
    rolling: Rolling = ROLLING,
    found: Sequence[Found] = (),
    *,
    skip_level: bool = False,
) -> Finding:
    (one,) = of(before, after, rolling, found, skip_level=skip_level)
    return one


# Users --------------------------------------------------------------------------------------------------------------

HERE = (micro("2.99", "Spice"), micro("2.100", "Scheduler hints"), newest("2.100"))
CARRIED = (*HERE[:2], micro("2.101", "Show secure boot."), micro("2.102", "Share a thing"), newest("2.102"))


def test_all_numbers_that_users_lose_are_one_step_with_what_they_brought() -> None:
    found = only(CARRIED, HERE)
    assert (found.subject, found.weight, found.name) == (Subject.MICROVERSION, Weight.STEP, "2.101, 2.102")
    assert found.what == (
        "users lose 2.101 (Show secure boot), 2.102 (Share a thing): nova 2025.2 ends at 2.100, and refuses who asks"
        " for more (406 Not Acceptable)"
    )
    assert "tell whoever asks for 2.101, 2.102 before the upgrade" in found.step
    assert found.where == "code.py:7 in nova 2025.2"


def test_what_has_another_number_there_is_told_with_it() -> None:
    before = (*HERE[:1], micro("2.110", "Show secure boot of servers"), newest("2.110"))
    found = only(before, (*HERE[:1], micro("2.100", "Show secure boot of servers"), newest("2.100")))
    assert "users lose 2.110 (Show secure boot of servers), which is 2.100 there" in found.what


def test_many_numbers_are_told_by_the_first_and_the_last() -> None:
    many = [micro(f"2.{number}", f"Feature{number}") for number in range(101, 120)]
    found = only((*HERE[:2], *many, newest("2.119")), HERE)
    assert found.name == "2.101 to 2.119 (19)"
    assert "2.106 (Feature106) and 13 more" in found.what


def test_a_newest_number_of_which_nothing_is_told_is_lost_too() -> None:
    assert only([newest("3.15", "")], [newest("3.14", "")]).what.startswith("users lose 3.15: nova 2025.2 ends at 3.14")


def test_an_api_that_begins_later_loses_what_is_below() -> None:
    found = only(HERE, (*HERE[:2], newest("2.100", "2.100")))
    assert (found.name, found.weight) == ("2.99", Weight.STEP)
    assert "begins at 2.100" in found.what
    both = newest("2.100", "2.100")
    assert of((*HERE[:2], both), (*HERE[:2], both)) == ()  # it was below before, too


def test_a_number_that_is_there_and_that_nothing_tells_of_is_no_proof_that_it_means_the_same() -> None:
    found = only(CARRIED, (*HERE[:2], newest("2.103")))
    assert found.name == "2.101, 2.102"
    assert "tells nothing of 2.101 (Show secure boot), 2.102 (Share a thing)" in found.what


def test_a_number_that_means_something_else_there_is_left_to_its_hazard() -> None:
    assert of((*HERE[:2], micro("2.101", "Ours"), newest("2.101")), (*CARRIED,)) == ()


def test_the_hazards_that_say_the_same_of_one_number_are_known() -> None:
    here, there = Claims(CARRIED), Claims(HERE)
    assert repeats(hazard(Rule.ABOVE, Kind.MICROVERSION, "2.101"), here, there)
    assert repeats(hazard(Rule.MOVED, Kind.MICROVERSION, "2.102"), here, there)
    assert not repeats(hazard(Rule.MOVED, Kind.MICROVERSION, "2.99"), here, there)
    assert not repeats(hazard(Rule.TAKEN, Kind.MICROVERSION, "2.101"), here, there)
    assert not repeats(hazard(Rule.ABOVE, Kind.NEWEST, "microversion"), here, there)  # what it brings is told
    untold = Claims((newest("2.102"),)), Claims((newest("2.100"),))
    assert repeats(hazard(Rule.ABOVE, Kind.NEWEST, "microversion"), *untold)
    assert not repeats(hazard(Rule.ABOVE, Kind.NEWEST, "service version"), *untold)
    assert not repeats(hazard(Rule.ABOVE, Kind.RPC, "compute"), here, there)
    spoken = [Claims((said(Kind.CLIENT_VERSION, "compute", version=version),)) for version in ("2.96", "2.95")]
    assert repeats(hazard(Rule.ABOVE, Kind.CLIENT_VERSION, "compute"), *spoken)
    assert not repeats(hazard(Rule.ABOVE, Kind.CLIENT_VERSION, "compute"), *reversed(spoken))


def test_what_the_team_has_accepted_to_lose_is_no_step() -> None:
    known = [accepted(hazard(Rule.ABOVE, Kind.MICROVERSION, "2.101"))]
    assert only(CARRIED, HERE, found=known).name == "2.102"
    untold = [accepted(hazard(Rule.ABOVE, Kind.NEWEST, "microversion"))]
    assert of([newest("3.15", "")], [newest("3.14", "")], found=untold) == ()


def test_a_client_that_speaks_less_is_a_step() -> None:
    before, after = (
        [said(Kind.CLIENT_VERSION, name, version=version) for name in ("compute", "volume")]
        for version in ("2.96", "2.95")
    )
    found = only(before, [after[0], before[1]])
    assert (found.subject, found.weight, found.name) == (Subject.MICROVERSION, Weight.STEP, "compute")
    assert "nova 2025.2 speaks at most compute 2.95, and not 2.96" in found.what
    assert of(after, before) == ()
    known = [accepted(hazard(Rule.ABOVE, Kind.CLIENT_VERSION, name)) for name in ("compute", "volume")]
    assert of(before, after, found=known) == ()


# Services -----------------------------------------------------------------------------------------------------------


def test_services_that_are_too_old_stop_it_with_the_rules_own_words() -> None:
    found = only([service("66")], [service("72", "68"), option("workarounds/anyway")])
    assert (found.subject, found.weight) == (Subject.RPC, Weight.STOP)
    assert found.what == "services of 2025.1 are at 66, and nova 2025.2 works with 68 and later. None of them starts"
    assert "go through a release between them that works with 66 and is at 68 or later" in found.step
    assert "`[workarounds] anyway = true`" in found.step
    assert "anyway" not in only([service("66")], [service("72", "68")]).step
    skipped = only([service("66")], [service("72", "68")], skip_level=True)
    assert skipped.step == "leave no release out: `stackwright upgrade forecast 2025.1 2025.2`"


@pytest.mark.parametrize(("mine", "oldest"), [("68", "68"), ("70", "68"), ("66", "")])
def test_services_that_are_not_too_old_do_not(mine: str, oldest: str) -> None:
    assert of([service(mine)], [service("72", oldest)]) == ()


def test_the_oldest_that_can_no_longer_be_seen_is_told() -> None:
    why = Unseen(Kind.SERVICE_VERSION, ("code.py",), "it does not tell the number of OLDEST")
    after = Claims((service("72"),), (why,))
    before = Claims((service("66", "61"),))
    (found,) = versions("nova", before, after, HOP, skip_level=False, rolling=ROLLING)
    assert found.weight is Weight.STEP
    assert "it does not tell the number of OLDEST" in found.what
    assert found.where == "code.py in nova 2025.2"


def test_services_that_are_ahead_stop_it_unless_a_hazard_says_so() -> None:
    assert "services of 2025.1 are at 75, and those of 2025.2 at 74" in only([service("75")], [service("74")]).what
    for one in (hazard(Rule.ABOVE, Kind.SERVICE_VERSION, "75"), hazard(Rule.ABOVE, Kind.NEWEST, "service version")):
        assert of([service("75")], [service("74")], found=[Found(one)]) == ()
    other = Found(hazard(Rule.ABOVE, Kind.NEWEST, "microversion"))
    assert len(of([service("75")], [service("74")], found=[other])) == 1


def test_a_set_of_objects_that_is_unknown_there_stops_it_unless_a_hazard_says_so() -> None:
    sets = [said(Kind.SERVICE_VERSION, f"objects 1.{number}", Volume=f"1.{number}") for number in (9, 38, 100)]
    found = only(sets, sets[:2])
    assert (found.weight, found.where) == (Weight.STOP, "code.py:7 in nova 2025.2")
    assert "have objects 1.100, and nova 2025.2 knows objects 1.38 at most" in found.what
    assert of(sets, sets[:2], found=[Found(hazard(Rule.ABOVE, Kind.SERVICE_VERSION, "objects 1.100"))]) == ()
    assert of(sets[:2], sets) == ()


def test_a_raised_interface_is_noted_where_an_option_holds_it() -> None:
    caps = [option(name) for name in CAPS]
    before, after = [rpc("compute", "6.9"), rpc("other", "1.0")], [rpc("compute", "6.10"), rpc("other", "1.1")]
    found = only(before, [*after, *caps])
    assert (found.subject, found.weight, found.name) == (Subject.RPC, Weight.NOTE, "compute")
    assert found.what.startswith("compute goes from 6.9 to 6.10: services of 2025.1 refuse what is sent at 6.10")
    assert found.step == "while both run: `[upgrade_levels] compute = auto` where 2025.2 runs"
    assert of(before, after) == ()  # the option is gone, or never was
    fixed = only([rpc("scheduler", "4.5")], [rpc("scheduler", "4.6"), *caps])
    assert "`[upgrade_levels] scheduler = 4.5` where 2025.2 runs, to be taken away when nothing of 2025.1" in fixed.step


def test_another_major_version_is_a_step_with_and_without_an_option() -> None:
    caps = [option(name) for name in CAPS]
    held = only([rpc("compute", "5.13")], [rpc("compute", "6.0"), *caps])
    assert held.weight is Weight.STEP
    assert "compute goes from 5.13 to 6.0, another major version" in held.what
    assert "compute = auto` where 2025.2 runs; first the services that call" in held.step
    free = only([rpc("other", "1.3")], [rpc("other", "2.0"), *caps])
    assert free.step == "stop the services that exchange it, upgrade all, and start them again"


def test_an_interface_that_goes_back_stops_it_unless_a_hazard_says_so() -> None:
    before, after = [rpc("compute", "6.10")], [rpc("compute", "6.9"), option(CAPS[0])]
    found = only(before, after)
    assert (found.weight, found.name) == (Weight.STOP, "compute")
    assert "compute goes back from 6.10 to 6.9" in found.what
    known = hazard(Rule.ABOVE, Kind.RPC, "compute")
    assert of(before, after, found=[Found(known)]) == of(before, after, found=[accepted(known)]) == ()


def test_what_a_version_of_an_interface_brought_is_no_interface() -> None:
    assert of([rpc("compute", "6.4"), said(Kind.RPC, "compute 6.4", brought="Add it")], [rpc("compute", "6.4")]) == ()


def test_objects_that_go_back_stop_it_and_other_majors_are_a_step() -> None:
    before = [thing("Node", "1.10"), thing("Port", "1.9"), thing("Trait", "1.0"), thing("Gone", "1.0")]
    back, major = of(before, [thing("Node", "1.9"), thing("Port", "2.0"), thing("Trait", "1.1")])
    assert (back.subject, back.weight, back.name) == (Subject.OBJECT, Weight.STOP, "Node")
    assert back.what.startswith("Node 1.10 to 1.9: what services of 2025.1 have stored or send cannot be read")
    assert (major.weight, major.name) == (Weight.STEP, "Port")
    assert of(before, [thing("Node", "1.9")], found=[Found(hazard(Rule.ABOVE, Kind.OBJECT, "Node"))]) == ()


# Pins ---------------------------------------------------------------------------------------------------------------


def mapping(name: str, objects: str, version: str = "1.61") -> Claim:
    return said(Kind.SERVICE_VERSION, f"release {name}", rpc=version, objects=objects)


NODE = [rpc("conductor", "1.61"), thing("Node", "1.41"), thing("Port", "1.9")]
LATER = [rpc("conductor", "1.62"), thing("Node", "1.42"), thing("Port", "1.9"), option("DEFAULT/pin")]


def test_what_is_pinned_to_the_release_that_is_left_is_a_step() -> None:
    known = said(Kind.SERVICE_VERSION, "named release 2025.1", **{"as": "29.0"})
    found = only([*NODE, known], [*LATER, known], PINNED)
    assert (found.subject, found.weight, found.name) == (Subject.OBJECT, Weight.STEP, "DEFAULT/pin")
    assert found.what.startswith("RPC conductor 1.61 to 1.62, Node 1.41 to 1.42: services of 2025.1 do not understand")
    assert found.step == (
        "start nova 2025.2 with `[DEFAULT] pin = 2025.1`; when nothing of 2025.1 is left, take that away and start the"
        " services again; then `sync migrate`"
    )
    assert of([*NODE, known], [*NODE, option("DEFAULT/pin"), known], PINNED) == ()  # nothing has another version


def test_a_release_without_its_name_there_is_known_by_what_it_has() -> None:
    known = [mapping("28.0", "Node 1.40/1.39, Port 1.9"), mapping("29.0", "Node 1.41/1.40, Port 1.9, New 1.0")]
    later = mapping("30.0", "Node 1.42, Port 1.9")
    assert "pin = 29.0`" in only([*NODE, *known], [*LATER, *known, later], PINNED).step


@pytest.mark.parametrize(
    "known", [mapping("28.0", "Node 1.40, Port 1.9"), mapping("29.0", "Node 1.41, Port 1.9", "1.60")]
)
def test_a_release_of_which_nothing_there_is_known_stops_it(known: Claim) -> None:
    found = only([*NODE, known], [*LATER, known], PINNED)
    assert found.weight is Weight.STOP
    assert "nova 2025.2 has no mapping for what 2025.1 has" in found.what


def test_without_the_option_there_is_nothing_to_pin() -> None:
    assert of(NODE, LATER[:-1], PINNED) == ()


# What cannot be seen ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "subject"),
    [
        (micro("2.1", "Begin"), Subject.MICROVERSION),
        (rpc("compute", "6.0"), Subject.RPC),
        (thing("Node", "1.0"), Subject.OBJECT),
        (said(Kind.SERVICE_VERSION, "66", title="x"), Subject.RPC),
        (said(Kind.CLIENT_VERSION, "compute", version="2.1"), Subject.MICROVERSION),
    ],
)
def test_a_kind_that_can_no_longer_be_seen_is_a_step(claim: Claim, subject: Subject) -> None:
    unseen = Unseen(claim.kind, ("old/path.py", "older/path.py"), "the tree has no such file")
    before, after = Claims((claim,)), Claims((), (unseen,))
    (found,) = versions("nova", before, after, HOP, skip_level=False, rolling=ROLLING)
    assert (found.subject, found.weight, found.where) == (subject, Weight.STEP, "old/path.py in nova 2025.2")
    assert found.what == (
        f"it cannot be seen whether nova 2025.2 has any {claim.kind}, as the release before it has:"
        " the tree has no such file"
    )


def test_an_interface_that_can_no_longer_be_seen_is_a_step() -> None:
    found = only([rpc("compute", "6.0"), rpc("base", "1.0")], [rpc("base", "1.0")])
    assert (found.weight, found.name) == (Weight.STEP, "compute")
    assert (
        "the RPC version of compute, as the release before it has: its tree has none where the rules look" in found.what
    )
