from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from stackwright import __version__
from stackwright.errors import InputError
from stackwright.proof.evidence import Evidence, Proofs, What
from tests.proved import TREE, of_tempest, of_tests, set_of

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_recorded_is_found_again(tmp_path: Path) -> None:
    proofs = Proofs(tmp_path / "state/proofs")
    assert proofs.of(What.TESTS, TREE) == ()
    known = [of_tests(hour=2), of_tests("all", hour=1), of_tempest(set_of())]
    for one in known:
        proofs.record(one)
    assert proofs.of(What.TESTS, TREE) == tuple(known[:2])
    assert proofs.of(What.TEMPEST, set_of().id) == (known[2],)


def test_the_newest_of_a_scope_counts_and_none_is_lost(tmp_path: Path) -> None:
    proofs = Proofs(tmp_path)
    files = {proofs.record(one) for one in (of_tests(hour=5), of_tests(failed=1), of_tests(hour=5))}
    assert len(files) == 2  # the same again is the same file
    assert proofs.of(What.TESTS, TREE) == (of_tests(hour=5),)


def test_a_file_says_when_in_utc_and_in_plain_words(tmp_path: Path) -> None:
    file = Proofs(tmp_path).record(of_tests())
    said = json.loads(file.read_text())
    assert said["when"] == "2026-11-01T08:00:00Z"
    assert (said["what"], said["component"], said["failed"]) == ("tests", "nova", 0)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_damaged_file_is_named_and_not_passed_over(tmp_path: Path) -> None:
    proofs = Proofs(tmp_path)
    file = proofs.record(of_tests(failed=1))
    proofs.record(of_tests(hour=-1))
    file.write_text(file.read_text()[:40])
    with pytest.raises(InputError) as damaged:
        proofs.of(What.TESTS, TREE)
    assert damaged.value.where.file == file
    assert "run the proof again" in damaged.value.fix


@pytest.mark.parametrize(
    "wrong", [{"subject": "../../etc"}, {"failed": -1}, {"component": ""}, {"scope": ""}, {"when": "2026-11-01T08:00"}]
)
def test_what_is_no_evidence_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Evidence.model_validate({**of_tests().model_dump(), **wrong})


def test_of_now_says_when_and_which_version() -> None:
    one = Evidence.of_now(
        What.TESTS, TREE, "all", component="nova", passed=1, failed=0, skipped=0, environment="e" * 32
    )
    assert one.stackwright == __version__
    assert one.when > of_tests().when
