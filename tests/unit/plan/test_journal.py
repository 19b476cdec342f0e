from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.plan.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "site" / "journal.sqlite")


def test_a_run_and_its_steps_with_reasons_times_and_logs(journal: Journal, tmp_path: Path) -> None:
    before = time.time()
    number = journal.begin("up")
    journal.begin_step(number, "nova/config", "nova.conf is new", tmp_path / "nova-config.log")
    journal.end_step(number, "nova/config", "done")
    journal.begin_step(number, "nova/api", "it does not run", tmp_path / "nova-api.log")
    journal.end(number, "failed")
    after = time.time()

    (run,) = journal.runs()
    assert (run.number, run.command, run.outcome) == (1, "up", "failed")
    config, api = journal.steps(number)
    assert (config.name, config.reason, config.outcome) == ("nova/config", "nova.conf is new", "done")
    assert (api.name, api.ended, api.outcome) == ("nova/api", None, None)
    assert api.log == str(tmp_path / "nova-api.log")
    assert config.ended is not None
    assert run.ended is not None
    moments = [before, run.started, config.started, config.ended, api.started, run.ended, after]
    assert moments == sorted(moments)


def test_a_run_that_was_cut_off_has_no_end_and_the_next_has_its_own_number(journal: Journal, tmp_path: Path) -> None:
    journal.begin("up")
    journal.close()
    again = Journal(tmp_path / "site" / "journal.sqlite")
    assert again.begin("up") == 2
    assert [(run.number, run.ended) for run in again.runs()] == [(1, None), (2, None)]


def test_several_threads_write_at_once(journal: Journal, tmp_path: Path) -> None:
    number = journal.begin("up")

    def write(thread: int) -> None:
        for index in range(20):
            journal.begin_step(number, f"{thread}/{index}", "", tmp_path)
            journal.end_step(number, f"{thread}/{index}", "done")

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {step.outcome for step in journal.steps(number)} == {"done"}
    assert len(journal.steps(number)) == 160


def test_a_damaged_journal_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(EnvironmentLacksError, match=r"journal\.sqlite: .*file is not a database") as caught:
        Journal(tmp_path / "journal.sqlite")
    assert "moved away" in caught.value.fix
