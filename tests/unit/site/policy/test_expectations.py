from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError
from stackwright.site.policy.expectations import check_personas, outcomes, read_expectations
from stackwright.site.policy.model import Decision, Matrix, Situation, Target

if TYPE_CHECKING:
    from pathlib import Path

OWN = Situation(Target.OWN_PROJECT)
TESTS = """\
expectations:
  - why: members make widgets
    service: widget
    rules: [get, create]
    allow:
      member: [own-project]
    deny:
      reader: [self, own-project]
"""


def write(root: Path, text: str) -> Path:
    (root / "policies").mkdir()
    (root / "policies/tests.yaml").write_text(text)
    return root


def test_there_is_one_expectation_for_each_rule_persona_and_target_with_its_place(tmp_path: Path) -> None:
    told = [
        (one.rule, one.persona, str(one.situation.target), one.allowed, one.where.line)
        for one in read_expectations(write(tmp_path, TESTS))
    ]
    assert told == [
        ("get", "member", "own-project", True, 6),
        ("create", "member", "own-project", True, 6),
        ("get", "reader", "self", False, 8),
        ("get", "reader", "own-project", False, 8),
        ("create", "reader", "self", False, 8),
        ("create", "reader", "own-project", False, 8),
    ]


def test_what_else_the_target_says_is_part_of_what_is_asked(tmp_path: Path) -> None:
    text = TESTS.replace("    allow:", "    with: {shared: true, visibility: public}\n    allow:")
    assert read_expectations(write(tmp_path, text))[0].situation == Situation(
        Target.OWN_PROJECT, (("shared", True), ("visibility", "public"))
    )


@pytest.mark.parametrize(
    ("old", "new", "what", "line"),
    [
        ("member: [own-project]", "member: [own-projct]", "'own-projct'", 6),
        ("reader: [self, own-project]", "member: [own-project]", "cannot be both let in and not", 8),
        ("service: widget", "servic: widget", "the key 'servic' is unknown", 3),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(old: str, new: str, what: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=what) as error:
        read_expectations(write(tmp_path, TESTS.replace(old, new)))
    assert error.value.where.line == line


def test_an_expectation_of_nobody_is_refused(tmp_path: Path) -> None:
    text = "expectations:\n  - {why: x, service: widget, rules: [get]}\n"
    with pytest.raises(InputError, match="nothing is expected"):
        read_expectations(write(tmp_path, text))


def test_a_persona_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no persona 'reader'") as error:
        check_personas(read_expectations(write(tmp_path, TESTS)), ["member", "admin"])
    assert error.value.where.line == 8


def test_an_outcome_is_met_where_the_answer_is_the_expected_one(tmp_path: Path) -> None:
    asked = [one for one in read_expectations(write(tmp_path, TESTS)) if one.situation == OWN]
    yes, no = Decision(True, "get", "@"), Decision(False, "create", "!")
    decisions = {
        "get": {"member": {OWN: yes}, "reader": {OWN: yes}},
        "create": {"member": {OWN: no}, "reader": {OWN: no}},
    }
    matrix = Matrix("widget", ("member", "reader"), (OWN,), {"get": "@", "create": "!"}, decisions)
    told = {(one.expectation.rule, one.expectation.persona): one.met for one in outcomes(asked, matrix)}
    assert told == {
        ("get", "member"): True,
        ("create", "member"): False,
        ("get", "reader"): False,
        ("create", "reader"): True,
    }


def test_a_rule_that_is_not_there_is_told_with_its_place_and_the_nearest(tmp_path: Path) -> None:
    matrix = Matrix("widget", (), (), {"gets": "@"}, {"gets": {}})
    with pytest.raises(InputError, match="widget has no rule 'get'") as error:
        outcomes(read_expectations(write(tmp_path, TESTS)), matrix)
    assert error.value.fix == "did you mean 'gets'?"
    assert error.value.where.line == 6
