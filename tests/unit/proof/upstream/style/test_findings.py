from __future__ import annotations

from stackwright.proof.upstream.model import Outcome, Status
from stackwright.proof.upstream.style.findings import chunks, lasting, outcomes_of, path_of, told
from stackwright.proof.upstream.style.model import Tool
from stackwright.tools.findings import Finding


def found(lines: list[str], *rows: int, code: str = "H101") -> list[Outcome]:
    findings = [Finding("w/a.py", row, 5, code, "Use TODO(NAME)") for row in rows]
    return outcomes_of(Tool.FLAKE8, ["w/a.py"], findings, lambda _, row: lines[row - 1], seconds=1.0, began=0.0)


def test_a_finding_keeps_its_name_while_its_line_moves_and_is_told_with_its_place() -> None:
    (before,) = found(["    # TODO: a"], 1)
    (after,) = found(["import os", "", "# TODO: a"], 3)
    assert before.test == after.test
    assert told(after).test == "w/a.py:3:5: H101 Use TODO(NAME)"
    assert told(after).said == "# TODO: a"
    assert path_of(after.test) == "w/a.py"
    assert lasting(after.test) == "w/a.py: H101 # TODO: a"


def test_one_more_of_the_same_kind_is_another_finding() -> None:
    lines = ["# TODO: a", "# TODO: b", "# TODO: a"]
    names = [one.test for one in found(lines, 1, 2, 3)]
    assert len(set(names)) == 3
    assert [one.test for one in found(lines[:2], 1, 2)] == names[:2]
    assert lasting(names[2]) == "w/a.py: H101 # TODO: a (2)"


def test_another_rule_or_another_line_is_another_finding() -> None:
    (one,), (other,), (third,) = found(["x"], 1), found(["x"], 1, code="E501"), found(["y"], 1)
    assert len({one.test, other.test, third.test}) == 3


def test_a_file_without_findings_is_told_as_good() -> None:
    (one,) = outcomes_of(Tool.RUFF, ["w/a.py"], [], lambda *_: "", seconds=2.0, began=1.0)
    assert told(one) == Outcome("w/a.py: ruff check", Status.OK, 2.0, 1.0)


def test_tabs_in_a_line_do_no_harm() -> None:
    (one,) = found(["\tx\t= 1\t"], 1)
    assert lasting(one.test) == "w/a.py: H101 x = 1"
    assert told(one).said == "\tx\t= 1\t"


def test_files_are_shared_out_so_that_all_processors_have_some_if_it_pays() -> None:
    files = [str(number) for number in range(450)]
    assert [len(share) for share in chunks(files[:8], 4)] == [8]
    assert [len(share) for share in chunks(files[:90], 4)] == [23, 23, 23, 21]
    assert [len(share) for share in chunks(files, 2)] == [100, 100, 100, 100, 50]
    assert [one for share in chunks(files, 2) for one in share] == files
