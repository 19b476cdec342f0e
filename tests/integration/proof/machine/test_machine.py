"""Commands in a machine: what they tell on the way, what their end means here; and machines of dead makers."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError, RunFailedError, StackwrightError
from stackwright.events import Event, Events
from stackwright.proof.machine.model import Machine, require
from stackwright.proof.machine.place import machine_place
from stackwright.proof.machine.results import bring


@dataclass
class Context:
    log: Path
    told: list[str] = field(default_factory=list)

    def progress(self, message: str) -> None:
        self.told.append(message)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path / "step.log")


def machine(script: str, state: Path = Path("/nowhere")) -> Machine:
    """A machine whose Stackwright is a script of the shell."""
    return Machine(list, ("sh", "-c", script, "sh"), Path("/cloud"), state, "local")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(1, CheckFailedError), (2, InputError), (3, EnvironmentLacksError), (4, RunFailedError), (70, RunFailedError)],
)
def test_a_failure_in_the_machine_is_one_of_the_same_kind_here(
    context: Context, status: int, kind: type[StackwrightError]
) -> None:
    error = '{"at": 1, "kind": "error", "subject": "nova", "message": "it broke", "why": "it was old"}'
    answer = machine(f"echo row; echo '{error}' >&2; exit {status}").stackwright(
        "up", context=context, logs=Path("/results")
    )
    assert answer.text == "row\n"
    with pytest.raises(kind) as raised:
        answer.demand()
    assert type(raised.value) is kind
    assert str(raised.value) == "in the machine, nova: it broke\n  why: it was old\n  fix: /results has the logs"
    assert "error: nova: it broke" in context.log.read_text()


def test_a_program_that_cannot_say_why_is_quoted(context: Context) -> None:
    answer = machine("echo out of memory >&2; exit 137").stackwright("up", context=context, logs=Path("/results"))
    with pytest.raises(RunFailedError, match="out of memory"):
        answer.demand()


def test_progress_is_told_and_kept_as_text(context: Context) -> None:
    event = '{"at": 1, "kind": "done", "subject": "nova/api", "message": "run it", "seconds": 2.5}'
    machine(f"echo '{event}' >&2").stackwright("up", context=context, logs=Path("/results")).demand()
    assert context.told == ["nova/api: run it"]
    assert context.log.read_text() == f"done      {'nova/api':<28} run it (2.5 s)\n"


def test_logs_are_brought_and_secrets_are_not(tmp_path: Path) -> None:
    site = tmp_path / "state/sites/local"
    for name in ("log/nova-api.log", "steps/1/nova-api.log", "secrets.json", "clouds.yaml", "etc/nova/nova.conf"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("word")
    (tmp_path / "state/tempest-smoke.xml").write_text("<testsuite/>")
    assert bring(machine("", tmp_path / "state"), tmp_path / "results", ("smoke",)) == 3
    found = {path.name for path in (tmp_path / "results").rglob("*") if path.is_file()}
    assert found == {"nova-api.log", "tempest-smoke.xml"}


def test_a_machine_without_a_site_has_nothing_to_bring(tmp_path: Path) -> None:
    assert bring(machine("", tmp_path / "state"), tmp_path / "results") == 0


def test_what_runs_of_a_dead_makers_machine_is_ended_and_its_place_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKWRIGHT_RUN", "")  # machine_place sets it; monkeypatch takes it away again
    dead = tmp_path / "proof/dead"
    dead.mkdir(parents=True)
    left = subprocess.Popen(["sleep", "600"], env={**os.environ, "STACKWRIGHT_RUN": str(dead)})
    events, told = Events(), list[Event]()
    events.subscribe(told.append)
    with machine_place(tmp_path, events) as place:
        assert left.wait(10) == -9
        assert not dead.exists()
        assert "in which sleep still ran" in told[0].message
        assert place.name.isalnum()  # it is part of a host name
        # One that is at work is left alone.
        script = (
            "from pathlib import Path; from stackwright.events import Events;"
            "from stackwright.proof.machine.place import machine_place\n"
            f"with machine_place(Path({str(tmp_path)!r}), Events()): pass"
        )
        subprocess.run([sys.executable, "-c", script], check=True)
        assert place.is_dir()
    assert not place.exists()


def test_all_that_is_missing_is_named_at_once() -> None:
    @dataclass
    class Maker:
        kind = "container"
        programs = {"sh": "dash", "no-such-program": "first", "nor-this": "second"}  # noqa: RUF012

    with pytest.raises(EnvironmentLacksError) as lacking:
        require(Maker())  # type: ignore[arg-type]
    assert lacking.value.fix == "apt-get install first second"
