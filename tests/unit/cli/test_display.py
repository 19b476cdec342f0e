from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stackwright.cli.display import displayed
from stackwright.events import Kind

if TYPE_CHECKING:
    from stackwright.events import Events


def a_run(events: Events) -> None:
    events.emit(Kind.STARTED, "nova/db-sync", "bring the tables to this release")
    events.emit(Kind.PROGRESS, "nova/db-sync", "half of them")
    events.emit(Kind.DONE, "nova/db-sync", "bring the tables to this release", 1.25)
    events.emit(Kind.SKIPPED, "nova/api", "found done")
    events.emit(Kind.WARNING, "nova", "[bold]two lines\nof it[/bold]")
    events.emit(Kind.FAILED, "glance/api", "it died", 2.0)
    events.emit(Kind.NOTE, "run", "é")


def test_json_is_a_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    with displayed("json") as events:
        a_run(events)
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert [row["kind"] for row in rows] == ["started", "progress", "done", "skipped", "warning", "failed", "note"]
    assert all(row.pop("at") > 1.7e9 for row in rows)
    assert rows[2] == {
        "kind": "done",
        "subject": "nova/db-sync",
        "message": "bring the tables to this release",
        "seconds": 1.25,
    }
    assert "seconds" not in rows[0]
    assert rows[4]["message"] == "[bold]two lines\nof it[/bold]"


def test_plain_is_a_line_an_event_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    with displayed("plain") as events:
        events.emit(Kind.DONE, "nova/db-sync", "bring the tables to this release", 1.25)
    words = capsys.readouterr().err.split()
    assert words == ["0.0", "done", "nova/db-sync", "bring", "the", "tables", "to", "this", "release", "(1.2", "s)"]


def test_without_a_terminal_it_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    with displayed("auto") as events:
        a_run(events)
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "failed    glance/api" in err


@pytest.mark.parametrize("format_", ["live", "plain"])
def test_what_a_message_holds_is_shown_as_it_is(format_: str, capsys: pytest.CaptureFixture[str]) -> None:
    with displayed(format_) as events:
        a_run(events)
    err = capsys.readouterr().err
    assert "[bold]two lines" in err
    assert "it died" in err
