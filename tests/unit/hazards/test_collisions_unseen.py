"""What cannot be seen, in the patch's own tree and in the target: told, and never taken for "there is none"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stackwright.hazards.collisions import Target, collisions
from stackwright.hazards.collisions_base import Ours, Tree
from stackwright.hazards.hazard import Hazard, Rule
from stackwright.hazards.model import Claim, Claims, Kind, Unseen
from stackwright.hazards.readers.look import UNPARSED
from stackwright.hazards.readers.options import NO_GROUP


def claim(kind: Kind, name: str, path: str = "a.py", **meaning: str) -> Claim:
    return Claim(kind, name, tuple(sorted(meaning.items())), path, 7)


def found(
    before: Claims, after: Claims, *theirs: Claims, files: tuple[dict[str, bytes], dict[str, bytes]] = ({}, {})
) -> list[Hazard]:
    """Give what is found. The files: of the tree before the patch, and after it."""
    ours = Ours("nova", "1", "p.patch", before, after, files[1].get, files[0].get)
    targets = [Target(str(at), Tree(f"nova {at}", each)) for at, each in enumerate(theirs, start=2)]
    return collisions(ours, targets)


def claims(*some: Claim, unseen: tuple[Unseen, ...] = ()) -> Claims:
    return Claims(some, unseen)


BROKEN = Unseen(Kind.POLICY, ("p/a.py:9",), f"{UNPARSED} as Python 3.11: invalid syntax")
COMPUTED = Unseen(Kind.POLICY, ("p/a.py:9",), "a policy's name is computed")
AGAIN = Unseen(Kind.POLICY, ("p/a.py:19",), "a policy's name is computed")
GROUPS = Unseen(Kind.OPTION, ("c/a.py:9",), NO_GROUP)


@pytest.mark.parametrize(
    ("before", "after", "touched", "told"),
    [
        ((), (BROKEN,), True, True),
        ((BROKEN,), (BROKEN,), True, True),  # it was so, and the patch goes on with it
        ((BROKEN,), (BROKEN,), False, False),
        ((), (COMPUTED,), True, True),
        ((COMPUTED,), (AGAIN,), True, False),  # the line moved
        ((COMPUTED,), (COMPUTED, AGAIN), True, True),
    ],
)
def test_what_a_patch_hides(
    before: tuple[Unseen, ...], after: tuple[Unseen, ...], touched: bool, told: bool
) -> None:  # fmt: skip
    files = ({"p/a.py": b"old"}, {"p/a.py": b"new" if touched else b"old"})
    hazards = found(claims(unseen=before), claims(unseen=after), files=files)
    assert [(one.rule, one.ours.path, one.targets) for one in hazards] == [(Rule.UNSEEN, "p/a.py", ())] * told


def test_an_option_whose_group_is_not_to_be_seen() -> None:
    ours = claims(claim(Kind.OPTION, "?/colour", default="red"), unseen=(GROUPS,))
    (hazard,) = found(claims(), ours)
    assert hazard.what == "it cannot be seen which group the option colour is in"
    assert found(claims(), ours, ours) == []  # upstream has it just so
    assert found(ours, ours) == []


@pytest.mark.parametrize(
    ("theirs", "rules"),
    [
        ("?/colour", {Rule.UNSEEN}),
        ("?/other", set()),  # names are seen there: no other name can be the one that the patch means
        ("paint/colour", set()),
    ],
)
def test_a_target_whose_groups_are_not_to_be_seen(theirs: str, rules: set[Rule]) -> None:
    there = claims(claim(Kind.OPTION, theirs, default="blue"), unseen=(GROUPS,))
    hazards = found(claims(), claims(claim(Kind.OPTION, "DEFAULT/colour", default="red")), there)
    assert {hazard.rule for hazard in hazards} == rules
    assert all(hazard.targets == ("2",) for hazard in hazards)


def test_what_may_be_where_nothing_is_seen_is_not_said_to_be_removed() -> None:
    old, new = claim(Kind.OPTION, "a/colour", default="red"), claim(Kind.OPTION, "a/colour", default="blue")
    there = claims(claim(Kind.OPTION, "?/colour", default="red"), unseen=(GROUPS,))
    assert [one.rule for one in found(claims(old), claims(new), there)] == [Rule.UNSEEN]
    before, after = claim(Kind.POLICY, "x", "p/a.py", default="1"), claim(Kind.POLICY, "x", "p/a.py", default="2")
    there = claims(claim(Kind.POLICY, "y", "p/b.py", default="1"), unseen=(BROKEN,))
    assert [one.rule for one in found(claims(before), claims(after), there)] == [Rule.UNSEEN]


def test_a_number_of_which_neither_side_tells_what_it_means() -> None:
    old, new = claim(Kind.MICROVERSION, "2.16"), claim(Kind.MICROVERSION, "2.17")
    (hazard,) = found(claims(old), claims(old, new), claims(old, new))
    assert (hazard.rule, hazard.name, hazard.targets) == (Rule.UNSEEN, "2.17", ("2",))
    told = claim(Kind.MICROVERSION, "2.17", title="Stores have a weight.")
    assert [one.rule for one in found(claims(old), claims(old, new), claims(old, told))] == [Rule.TAKEN]


@pytest.mark.parametrize(("theirs", "rule"), [("3.14", Rule.ABOVE), ("3.15", Rule.UNSEEN), ("3.16", Rule.UNSEEN)])
def test_a_newest_number_that_no_history_tells_of(theirs: str, rule: Rule) -> None:
    before, after, there = (claims(claim(Kind.NEWEST, "microversion", version=one)) for one in ("3.14", "3.15", theirs))
    assert [one.rule for one in found(before, after, there)] == [rule]


@pytest.mark.parametrize(
    ("ours", "theirs", "rules"),
    [
        ({"version": "1.4"}, {"version": "1.4"}, [Rule.UNSEEN]),
        ({"version": "1.4", "paint": "1.4"}, {"version": "1.5"}, [Rule.UNSEEN]),
        ({"version": "1.4", "paint": "1.4"}, {"version": "1.4", "paint": "1.4"}, []),
        ({"version": "1.4", "paint": "1.4"}, {"version": "1.4", "wash": "1.4"}, [Rule.OTHER_METHOD]),
        ({"version": "1.3", "paint": "1.2"}, {"version": "1.3"}, []),  # nothing is raised
    ],
)
def test_an_rpc_version_of_which_nobody_tells_what_it_brought(
    ours: dict[str, str], theirs: dict[str, str], rules: list[Rule]
) -> None:
    before = claims(claim(Kind.RPC, "state", version="1.3"))
    hazards = found(before, claims(claim(Kind.RPC, "state", **ours)), claims(claim(Kind.RPC, "state", **theirs)))
    assert [one.rule for one in hazards] == rules


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (claim(Kind.NEWEST, "microversion", version="3.14"), claim(Kind.NEWEST, "microversion", version="3.15")),
        (claim(Kind.RPC, "state", version="1.3"), claim(Kind.RPC, "state", version="1.4")),
        (claim(Kind.MICROVERSION, "2.16"), claim(Kind.MICROVERSION, "2.17")),
    ],
)
def test_what_the_team_goes_on_carrying_it_knows_itself(before: Claim, after: Claim) -> None:
    ours = Ours("nova", "1", "p.patch", claims(before), claims(after))
    upstream, carried = Tree("nova 2", claims(before)), Tree("nova 2 with its series", claims(after))
    assert collisions(ours, [Target("2", upstream, carried)]) == []
    both = collisions(ours, [Target("2", carried, replace(carried, name="x"))])
    assert [one.rule for one in both] == [Rule.UNSEEN]
