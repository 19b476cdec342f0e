from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from stackwright.distribution.model import ProofRules
from stackwright.errors import CheckFailedError
from stackwright.proof.channels import Move
from stackwright.proof.promotion import KEPT, former, judge, moved, recorded, require_proved
from tests.proved import BEGIN, of_tempest, of_tests, set_of

if TYPE_CHECKING:
    from stackwright.proof.channels import ChannelFile
    from stackwright.proof.evidence import Evidence

SET = set_of()
RULES = ProofRules()
EVERYTHING = ProofRules(tests="all", tempest=("smoke", "network"))


def lacking(known: list[Evidence], rules: ProofRules = RULES) -> list[str]:
    return [lack.what for lack in judge(SET, known, rules).lacking]


def test_tests_of_patched_trees_and_tempest_of_the_set_prove_it() -> None:
    known = [of_tests(), of_tempest(SET)]
    judgement = judge(SET, known, RULES)
    assert judgement.lacking == ()
    assert list(judgement.proofs) == known


def test_without_any_proof_each_is_named_with_its_command() -> None:
    judgement = judge(SET, [], EVERYTHING)
    assert [(lack.what, lack.command) for lack in judgement.lacking] == [
        ("nova 34.0.0.post2: not all of its tests have been run", "stackwright test nova 2026.2 --all"),
        ("tempest smoke: has not been run on a cloud made of this set", "stackwright tempest smoke"),
        ("tempest network: has not been run on a cloud made of this set", "stackwright tempest network"),
    ]
    with pytest.raises(CheckFailedError) as refused:
        require_proved(SET, judgement)
    assert "stackwright test nova 2026.2 --all" in str(refused.value)


def test_all_tests_say_as_much_as_the_affected_ones_and_not_the_other_way_round() -> None:
    assert not lacking([of_tests("all"), of_tempest(SET)])
    both = [of_tempest(SET), of_tempest(SET, "network")]
    assert lacking([of_tests("affected"), *both], EVERYTHING) == [
        "nova 34.0.0.post2: not all of its tests have been run"
    ]
    assert not lacking([of_tests("all"), *both], EVERYTHING)


def test_some_tests_by_name_are_not_the_affected_ones() -> None:
    assert lacking([of_tests("nova.tests.unit.test_api"), of_tempest(SET)]) == [
        "nova 34.0.0.post2: the tests that its patches reach have not been run"
    ]


def test_the_newest_counts() -> None:
    assert not lacking([of_tests(failed=2), of_tests(hour=1), of_tempest(SET)])
    assert lacking([of_tests(failed=2, hour=1), of_tests(), of_tempest(SET)]) == [
        "nova 34.0.0.post2: 2 of 12 tests failed on 2026-11-01 (affected)"
    ]


def test_all_tests_put_earlier_affected_ones_aside_and_later_affected_ones_do_not_hide_a_failure_of_all() -> None:
    assert not lacking([of_tests(failed=2), of_tests("all", hour=1), of_tempest(SET)])
    found = judge(SET, [of_tests("all", failed=1), of_tests(hour=1), of_tempest(SET)], RULES).lacking
    assert [lack.command for lack in found] == ["stackwright test nova 2026.2 --all"]


def test_a_run_in_which_nothing_passed_proves_nothing() -> None:
    assert len(lacking([of_tests("all", passed=0), of_tempest(SET, passed=0, skipped=90)])) == 2
    assert len(lacking([of_tests(passed=0, skipped=1), of_tempest(SET)])) == 1
    # A patch of the documentation reaches no test at all.
    assert not lacking([of_tests(passed=0), of_tempest(SET)])


def test_proofs_of_another_set_do_not_count() -> None:
    assert lacking([of_tests(), of_tempest(set_of(9))]) == [
        "tempest smoke: has not been run on a cloud made of this set"
    ]


def walked(*sets: int | str) -> ChannelFile:
    """Give a record after some moves: to a set, or back."""
    record: ChannelFile | None = None
    for hour, target in enumerate(sets):
        when = BEGIN + timedelta(hours=hour)
        if target == "back":
            assert record is not None
            goal = former(record)
            assert goal is not None
            entry, leaving = record.of(goal), record.set_
        else:
            entry, leaving = recorded(set_of(int(target)), [of_tests()]), None
        move = Move(set_=entry.set_, when=when, by="ada@example.org", back_from=leaving)
        record = moved(record, entry, move, channel="stable", distribution="team")
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ((1,), None),
        ((1, 2), 1),
        ((1, 2, 3, "back"), 1),
        ((1, 2, 3, "back", "back"), None),
        ((1, 2, "back", 3), 1),  # what was gone back from is no place to go back to
        ((1, 2, "back", 2), 1),
        ((1, 2, 1), 2),
    ],
)
def test_the_former_set(sets: tuple[int | str, ...], expected: int | None) -> None:
    assert former(walked(*sets)) == (set_of(expected).id if expected else None)


def test_a_record_tells_of_each_set_once_and_of_every_move() -> None:
    record = walked(1, 2, "back", 3, 2)
    assert [one.set_ for one in record.sets] == [set_of(number).id for number in (2, 3, 1)]
    assert [move.set_ for move in record.moves] == [set_of(number).id for number in (2, 3, 1, 2, 1)]
    assert [move.back_from for move in record.moves] == [None, None, set_of(2).id, None, None]


def test_a_record_does_not_grow_for_ever() -> None:
    record = walked(*range(1, KEPT + 4))
    assert len(record.sets) == len(record.moves) == KEPT
    assert former(record) == set_of(KEPT + 2).id
    # What the oldest moves went back from may be gone.
    assert former(walked(1, 2, "back", *range(3, KEPT + 3), "back")) == set_of(KEPT).id
