"""What a run leaves behind holds no secret, whatever the programs of its steps write; and who reads which secret."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.errors import StackwrightError
from stackwright.events import Event, Events, conceal
from stackwright.plan.graph import Graph
from stackwright.plan.journal import Journal
from stackwright.plan.plan import make_plan
from stackwright.plan.run import run
from stackwright.plan.step import Context, Step, Verdict, needed
from stackwright.site.secrets.forms import password
from stackwright.tools import process

SCRIPT = """\
echo "logging in with $OS_PASSWORD"
head=${OS_PASSWORD%????????}
printf 'in two %s' "$head"; sleep 0.1; echo "${OS_PASSWORD#"$head"}"
echo "Authorization: Basic $(printf 'nova:%s' "$OS_PASSWORD" | base64 -w0)" >&2
exit 3
"""


@pytest.fixture
def secret() -> str:
    value = password()
    conceal([value])
    return value


def echoing(secret: str) -> Step:
    """Make a step whose program tells its password in every way, and fails."""

    def check() -> Verdict:
        return needed(f"the password is {secret}")

    def do(context: Context) -> None:
        context.progress(f"tries {secret}")
        process.run(["sh", "-c", SCRIPT], env={"OS_PASSWORD": secret}, log=context.log)

    return Step("web/login", f"log in with {secret}", check, do)


def test_a_step_that_echoes_its_password_shows_it_nowhere(tmp_path: Path, secret: str) -> None:
    told: list[Event] = []
    events = Events()
    events.subscribe(told.append)
    plan, journal = make_plan(Graph((echoing(secret),))), Journal(tmp_path / "journal.sqlite")
    with pytest.raises(StackwrightError) as caught:
        run(plan, command="up", journal=journal, logs=tmp_path / "steps", events=events)
    journal.close()
    log = (tmp_path / "steps/1/web-login.log").read_text()
    assert log.startswith("logging in with ***\nin two ***\nAuthorization: Basic ")
    shown = "".join(file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file())
    shown += f"{caught.value}{[(event.subject, event.message) for event in told]}"
    assert "logging in with ***" in str(caught.value)
    assert secret not in shown
    assert secret[3:-3] not in _decoded(log.split()[-1])


def _decoded(text: str) -> str:
    """Give what can still be read of a text in base64, a part of which is gone."""
    head, _, tail = text.partition("***")
    parts = (head[: len(head) // 4 * 4], tail[len(tail) % 4 :])
    return "".join(base64.b64decode(part + "==", validate=False).decode(errors="replace") for part in parts)


def test_a_program_that_leaves_another_behind_holds_nobody_up(tmp_path: Path, secret: str) -> None:
    assert secret
    log = tmp_path / "log"
    process.run(["sh", "-c", "echo begun; (sleep 30; echo late) & echo ended"], log=log)
    assert log.read_text() == "begun\nended\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_much_output_arrives_whole_and_in_order(tmp_path: Path, secret: str) -> None:
    assert secret
    log = tmp_path / "log"
    process.run(["seq", "300000"], log=log)
    assert log.read_text() == "".join(f"{number}\n" for number in range(1, 300_001))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_log_that_cannot_be_written_is_told(secret: str) -> None:
    assert secret
    with pytest.raises(OSError, match="No space left on device"):
        process.run(["sh", "-c", "echo begun; exit 0"], log=Path("/dev/full"))


def test_every_key_repository_of_the_catalogue_is_made_by_a_task() -> None:
    for entry in own_catalogue().services.values():
        made = {task.until.path for task in entry.tasks}
        assert {keys.path for keys in entry.keys.values()} <= made
