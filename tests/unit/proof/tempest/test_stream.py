from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from subunit.v2 import StreamResultToBytes

from stackwright.proof.tempest.journal import Journal
from stackwright.proof.tempest.sets import Selection
from stackwright.proof.tempest.stream import Finished, expanded, follow, read, remaining, seconds_left
from stackwright.proof.upstream.model import Status

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PASSED, FAILED, CUT = (f"tempest.api.image.test_a.ATest.test_{name}[id-1,smoke]" for name in ("one", "two", "three"))
CLASS = "setUpClass (tempest.api.image.test_b.BTest)"
MEMBER = "tempest.api.image.test_b.BTest.test_four[id-2]"


def spoken(*tests: tuple[str, str], begun: str = "") -> bytes:
    """What stestr's workers say of tests: the real library makes it."""
    stream = io.BytesIO()
    result = StreamResultToBytes(stream)
    for test, status in tests:
        result.status(test, "inprogress", timestamp=AT)
        name, text = ("reason", "no such extension") if status == "skip" else ("traceback", "Traceback:\nNotFound: 404")
        if status != "success":
            result.status(test, file_name=name, file_bytes=text.encode(), eof=True, mime_type="text/plain")
        result.status(test, file_name="pythonlogging:''", file_bytes=b"Request (ATest:test)", eof=True)
        result.status(test, status, timestamp=AT + timedelta(seconds=2))
    if begun:
        result.status(begun, "inprogress", timestamp=AT)
    return stream.getvalue()


def test_what_is_said_is_told_and_kept_as_it_comes(tmp_path: Path) -> None:
    told: list[Finished] = []
    said = spoken((PASSED, "success"), (FAILED, "fail"), (CLASS, "skip"), begun=CUT)
    follow(io.BytesIO(said), tmp_path / "1.subunit", told.append)
    assert [(one.outcome.test, one.outcome.status) for one in told] == [
        (PASSED, Status.OK),
        (FAILED, Status.FAILED),
        (CLASS, Status.SKIPPED),
    ]
    assert told[1].outcome.said.endswith("NotFound: 404")
    assert (told[0].outcome.seconds, told[0].outcome.began) == (2.0, AT.timestamp())
    assert told[0].log == "Request (ATest:test)"
    assert read([tmp_path / "1.subunit"]) == tuple(told)


def test_a_stream_that_is_cut_off_anywhere_gives_what_had_ended(tmp_path: Path) -> None:
    said = spoken((PASSED, "success"), (FAILED, "fail"))
    file = tmp_path / "1.subunit"
    counts = []
    for length in range(len(said) + 1):
        file.write_bytes(said[:length])
        found = read([file])
        assert {one.outcome.test for one in found} <= {PASSED, FAILED}
        counts.append(len(found))
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 2)


def test_the_last_outcome_of_a_test_counts(tmp_path: Path) -> None:
    for number, status in enumerate(("fail", "success")):
        (tmp_path / f"{number}.subunit").write_bytes(spoken((FAILED, status)))
    (only,) = read(sorted(tmp_path.glob("*")))
    assert only.outcome.status is Status.OK


def test_a_skipped_class_is_all_of_its_tests(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(spoken((CLASS, "skip"), (PASSED, "success")))
    found = expanded((PASSED, MEMBER), read([tmp_path / "1"]))
    assert [(one.outcome.test, one.outcome.status, one.outcome.said) for one in found] == [
        (MEMBER, Status.SKIPPED, "no such extension"),
        (PASSED, Status.OK, ""),
    ]


def test_a_class_that_cannot_be_set_up_is_one_failure_and_not_run_again(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(spoken((CLASS, "fail")))
    found = read([tmp_path / "1"])
    assert [one.outcome.test for one in expanded((MEMBER,), found)] == [CLASS]
    assert remaining((MEMBER, CUT), found) == (CUT,)


def test_a_run_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    run = journal.keep(journal.begin("image"), Selection((PASSED, FAILED, CUT), {}))
    assert journal.cut_off() == run
    run.next_stream.write_bytes(spoken((PASSED, "success"), begun=FAILED))
    assert run.remaining() == (FAILED, CUT)
    run.next_stream.write_bytes(spoken((FAILED, "fail"), (CUT, "success")))
    assert [file.name for file in run.streams] == ["01.subunit", "02.subunit"]
    assert journal.cut_off() is None
    assert journal.seconds() == {PASSED: 2.0, FAILED: 2.0, CUT: 2.0}


def test_what_may_have_been_left_is_remembered_until_it_is_gone(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.promised() == ()
    journal.promise("swt-0a1b2c")
    assert Journal(tmp_path).promised() == ("swt-0a1b2c",)
    journal.forget("swt-0a1b2c")
    assert journal.promised() == ()


def test_the_time_that_is_left_is_told_by_earlier_runs() -> None:
    assert seconds_left((PASSED, FAILED), {PASSED: 10.0}, 2.0, 2) == 6.0
