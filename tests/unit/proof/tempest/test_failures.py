# ruff: noqa: E501  (lines as the programs write them)
from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from stackwright.proof.tempest.failures import explain, moment, request_ids, requests
from stackwright.proof.tempest.stream import Finished
from stackwright.proof.upstream.model import Outcome, Status

# Lines as tempest 47, keystone 30 and nova 34 write them.
LOG = """\
2026-11-25 12:50:15,513 13943 INFO     [tempest.lib.common.rest_client] Request (CreateTest:test_multiple): 202 POST http://127.0.0.1:8774/v2.1/servers 0.451s
2026-11-25 12:50:15,600 13943 INFO     [tempest.lib.common.rest_client] Request (CreateTest:test_multiple): 200 GET http://127.0.0.1:8774/v2.1/servers/1a2b 0.1s
2026-11-25 12:50:16,600 13943 INFO     [tempest.lib.common.rest_client] Request (CreateTest:test_multiple): 200 GET http://127.0.0.1:8774/v2.1/servers/1a2b 0.1s
2026-11-25 12:50:17,600 13943 INFO     [tempest.lib.common.rest_client] Request (CreateTest:_run_cleanups): 204 DELETE http://127.0.0.1:8774/v2.1/servers/1a2b 0.1s
"""
OWN = """\
2026-11-25 12:50:15.513 13943 INFO tempest.lib.common.rest_client [req-810098b9-a698-4ec9-b9f8-6ad5ecaa6d79 req-810098b9-a698-4ec9-b9f8-6ad5ecaa6d79 ] Request (CreateTest:test_multiple): 202 POST http://127.0.0.1:8774/v2.1/servers 0.451s
2026-11-25 12:50:15.514 13944 INFO tempest.lib.common.rest_client [req-00000000-a698-4ec9-b9f8-6ad5ecaa6d79 req-00000000-a698-4ec9-b9f8-6ad5ecaa6d79 ] Request (OtherTest:test_else): 200 GET http://127.0.0.1:8774/v2.1/servers 0.451s
"""
SERVICE = """\
2026-11-25 12:50:14.000 31205 ERROR nova.compute.manager [None req-810098b9-a698-4ec9-b9f8-6ad5ecaa6d79 u p] too early
2026-11-25 12:50:18.061 31205 ERROR nova.compute.manager [None req-810098b9-a698-4ec9-b9f8-6ad5ecaa6d79 u p] [instance: 16f6] Instance failed to spawn: BadRequest
2026-11-25 12:50:18.061 31205 ERROR nova.compute.manager [instance: 16f6] Traceback (most recent call last):
2026-11-25 12:50:18.061 31205 ERROR nova.compute.manager [instance: 16f6]     raise client_exc
2026-11-25 12:50:18.100 31205 WARNING nova.virt [None req-00000000-a698-4ec9-b9f8-6ad5ecaa6d79 u p] of another test
2026-11-25 12:50:18.200 31205 INFO nova.virt [None req-810098b9-a698-4ec9-b9f8-6ad5ecaa6d79 u p] nothing of note
2026-11-25 12:50:18.300 31205 ERROR nova.servicegroup [-] the database went away
no line of oslo.log's
"""
BEGAN = time.mktime(datetime(2026, 11, 25, 12, 50, 15).timetuple())
IDS = frozenset({"req-810098b9-a698-4ec9-b9f8-6ad5ecaa6d79"})
TEST = "tempest.api.compute.servers.test_multiple_create.CreateTest.test_multiple[id-61e03386]"


def test_requests_are_told_in_short_and_the_same_once() -> None:
    assert list(requests(LOG.splitlines())) == [
        "202 POST http://127.0.0.1:8774/v2.1/servers",
        "200 GET http://127.0.0.1:8774/v2.1/servers/1a2b (2 times)",
        "204 DELETE http://127.0.0.1:8774/v2.1/servers/1a2b",
    ]


def test_requests_are_known_by_the_ids_that_services_gave_them() -> None:
    assert request_ids(OWN.splitlines(), "CreateTest:test_multiple") == IDS


def test_of_the_services_logs_that_is_told_which_belongs_to_the_test() -> None:
    assert [text for _, text in moment(SERVICE.splitlines(), BEGAN, BEGAN + 5, IDS)] == [
        "ERROR [None req-810098b9-a698-4ec9-b9f8-6ad5ecaa6d79 u p] [instance: 16f6] Instance failed to spawn: BadRequest",
        "ERROR [-] the database went away",
    ]


def test_a_failure_shows_its_reason_its_requests_and_the_logs(tmp_path: Path) -> None:
    (tmp_path / "tempest.log").write_text(OWN)
    logs = tmp_path / "services"
    logs.mkdir()
    (logs / "nova-compute.log").write_text(SERVICE)
    said = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    raise X\n    ^^^^^^^\ntempest.lib.exceptions.BuildErrorException: Server 1a2b failed to build'
    failure = explain(Finished(Outcome(TEST, Status.FAILED, 5.0, BEGAN, said), LOG), tmp_path / "tempest.log", logs)
    assert failure.why.endswith("BuildErrorException: Server 1a2b failed to build")
    shown = str(failure)
    assert shown.startswith("tempest.api.compute.servers.test_multiple_create.CreateTest.test_multiple\n")
    assert "202 POST http://127.0.0.1:8774/v2.1/servers" in shown
    assert "nova-compute: ERROR" in shown
    assert "^^^" not in shown


def test_a_failure_of_a_cloud_that_is_not_ours_is_told_without_logs(tmp_path: Path) -> None:
    failure = explain(Finished(Outcome(TEST, Status.FAILED, 5.0, BEGAN, ""), LOG), tmp_path / "tempest.log", None)
    assert failure.logged == ()
    assert failure.why == "it says nothing"
