from __future__ import annotations

import pytest
from openstack.exceptions import SDKException

from stackwright.errors import CheckFailedError
from stackwright.events import Event, Events, Kind
from stackwright.proof.report import Recorder, Row, SmokeReport, wait_for


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def recorder(heard: list[Event]) -> Recorder:
    events = Events()
    events.subscribe(heard.append)
    return Recorder(events, "smoke")


def test_a_check_becomes_a_row_and_an_event(recorder: Recorder, heard: list[Event]) -> None:
    with recorder.check("flavor", "nova") as check:
        check.detail = "128 MiB"
    (row,) = recorder.rows
    assert (row.check, row.ok, row.detail, row.service) == ("flavor", True, "128 MiB", "nova")
    assert [(event.kind, event.subject, event.message) for event in heard] == [(Kind.DONE, "smoke/flavor", "128 MiB")]


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (CheckFailedError("nova says: no valid host"), "nova says: no valid host"),
        (SDKException("500: it broke"), "SDKException: 500: it broke"),
        (SDKException("SDKException: 500: it broke"), "SDKException: 500: it broke"),
        (
            SDKException("Unable to establish connection to http://c/v3: HTTPConnectionPool(host='c', port=80): Max"),
            "SDKException: Unable to establish connection to http://c/v3",
        ),
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: [Errno 111] Connection refused"),
    ],
)
def test_what_goes_wrong_at_the_cloud_is_a_failed_check(recorder: Recorder, error: Exception, detail: str) -> None:
    with pytest.raises(CheckFailedError), recorder.check("active", "nova"):
        raise error
    (row,) = recorder.rows
    assert (row.ok, row.detail) == (False, detail)


def test_a_defect_of_ours_is_not_taken_for_one_of_the_cloud(recorder: Recorder) -> None:
    with pytest.raises(ZeroDivisionError), recorder.check("active", "nova"):
        print(1 // 0)
    assert recorder.rows == ()


def test_a_check_can_be_timed_from_before(recorder: Recorder) -> None:
    with recorder.check("lease", "neutron", since=1.0):
        pass
    assert recorder.rows[0].seconds > 1


def test_a_report_with_a_failure_is_an_error_that_says_it_all() -> None:
    rows = (
        Row("active", True, 4.0, "", "nova"),
        Row("metadata", False, 20.0, "the guest says: refused", "neutron"),
        Row("login", False, 60.0, "no prompt", "nova"),
    )
    report = SmokeReport(rows, "the end of its console:\nmetadata: failed refused")
    assert report.seconds("active") == 4.0
    assert report.seconds("metadata") is None
    with pytest.raises(CheckFailedError) as caught:
        report.demand()
    assert str(caught.value) == (
        "the proof failed at metadata (and login)\n"
        "\n"
        "    the end of its console:\n"
        "    metadata: failed refused\n"
        "\n"
        "  why: the guest says: refused\n"
        "  fix: stackwright logs neutron tells more; stackwright smoke proves it again"
    )
    assert caught.value.status == 1


def test_a_report_without_failures_is_content() -> None:
    SmokeReport((Row("active", True, 4.0, "", "nova"),)).demand()


def test_waiting_ends_when_there_is_something() -> None:
    looks = iter([None, None, "there"])
    assert wait_for(lambda: next(looks), "nothing came", seconds=5, interval=0) == "there"


def test_waiting_ends_when_the_time_is_up() -> None:
    with pytest.raises(CheckFailedError, match=r"^nothing came within 0 s$"):
        wait_for(lambda: None, "nothing came", seconds=0.05, interval=0.01)
