"""A real supervisord with real processes."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import RunFailedError
from stackwright.tools import process
from stackwright.tools.supervisor import RUNNING_STATES, Program, Running, Supervisor, SupervisorUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Site:
    """The folders of a supervisord, and programs in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("programs", "run", "log"):
            (folder / name).mkdir()
        self.supervisor = Supervisor(folder / "programs", folder / "run", folder / "log")

    def program(
        self, *command: str, name: str = "nova-api", made_of: str = "one", user: str = "root", **environment: str
    ) -> Program:
        return Program(
            name=name,
            command=command,
            environment={"PATH": "/usr/bin:/bin", **environment},
            made_of=made_of,
            user=user,
            directory=self.folder,
            log=self.log(name),
            stop_signal="TERM",
            stop_seconds=2,
        )

    def log(self, name: str = "nova-api") -> Path:
        return self.folder / "log" / f"{name}.log"

    def process(self, name: str = "nova-api") -> Running:
        return self.supervisor.processes()[name]

    def logged(self, lines: int, name: str = "nova-api") -> list[str]:
        """Give what a process has written, once it is so many lines."""
        wait_for(lambda: self.log(name).exists() and self.log(name).read_text().count("\n") >= lines)
        return self.log(name).read_text().splitlines()


def wait_for(condition: Callable[[], object], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)


@pytest.fixture
def site(root_only: None, passable: Path) -> Iterator[Site]:  # noqa: ARG001
    site = Site(passable)
    site.supervisor.start()
    yield site
    site.supervisor.shutdown()


def test_a_process_is_started_and_told_of(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60"))
    running = site.process()
    assert running.state in RUNNING_STATES
    assert abs(running.started - time.time()) < 10
    command = Path("/proc", str(running.pid), "cmdline")
    wait_for(lambda: command.read_bytes() == b"sleep\x0060\0")


def test_one_that_is_replaced_ends_before_the_next_starts(site: Site) -> None:
    slow_to_end = "trap 'sleep 0.5; echo ended; exit' TERM; echo started; while :; do sleep 0.05; done"
    site.supervisor.replace(site.program("sh", "-c", slow_to_end, made_of="one"))
    site.logged(1)
    before = site.process().pid
    assert site.supervisor.started_from("nova-api") == "one"

    site.supervisor.replace(site.program("sh", "-c", "echo next; exec sleep 60", made_of="two"))
    assert site.logged(3) == ["started", "ended", "next"]
    assert site.supervisor.started_from("nova-api") == "two"
    assert site.process().pid != before


def test_others_are_left_alone(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60", name="nova-api"))
    site.supervisor.replace(site.program("sleep", "60", name="nova-compute"))
    kept = site.process("nova-compute").pid
    site.supervisor.replace(site.program("sleep", "61", name="nova-api"))
    site.supervisor.stop("nova-api")
    assert site.process("nova-compute").pid == kept


def test_one_that_is_stopped_has_ended(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60"))
    pid = site.process().pid
    site.supervisor.stop("nova-api")
    assert not Path("/proc", str(pid)).exists()
    assert site.process().state == "STOPPED"
    site.supervisor.stop("nova-api")
    site.supervisor.stop("none-of-the-name")


def test_one_that_is_removed_has_ended_and_is_known_no_more(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60", name="nova-api"))
    site.supervisor.replace(site.program("sleep", "60", name="nova-compute"))
    pid = site.process("nova-compute").pid
    site.supervisor.remove("nova-compute")
    assert not Path("/proc", str(pid)).exists()
    assert site.supervisor.defined() == ("nova-api",)
    assert site.supervisor.processes().keys() == {"nova-api"}
    site.supervisor.remove("nova-compute")


def test_one_that_ignores_its_signal_is_killed_when_its_time_is_up(site: Site) -> None:
    site.supervisor.replace(site.program("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"))
    site.logged(1)
    begun = time.monotonic()
    site.supervisor.stop("nova-api")
    assert 1.5 < time.monotonic() - begun < 8
    assert site.process().state == "STOPPED"


def test_one_that_is_killed_takes_along_those_it_has_started(site: Site) -> None:
    script = "trap '' TERM; sleep 60 & echo $!; while :; do sleep 0.1; done"
    site.supervisor.replace(site.program("sh", "-c", script))
    (worker,) = site.logged(1)
    assert Path("/proc", worker).exists()
    site.supervisor.stop("nova-api")
    wait_for(lambda: not Path("/proc", worker).exists(), seconds=5)


def test_one_that_a_run_was_cut_off_while_stopping_is_waited_for(site: Site) -> None:
    slow_to_end = "trap 'sleep 1; echo ended; exit' TERM; echo started; while :; do sleep 0.05; done"
    site.supervisor.replace(site.program("sh", "-c", slow_to_end))
    site.logged(1)
    stopping = "from stackwright.tools.supervisor import *; Supervisor(*map(Path, sys.argv[1:4])).stop('nova-api')"
    supervisor = site.supervisor
    with subprocess.Popen(
        [sys.executable, "-c", stopping, str(supervisor.programs), str(supervisor.run), str(supervisor.log)]
    ) as killed:
        wait_for(lambda: site.process().state == "STOPPING")
        killed.kill()
    site.supervisor.replace(site.program("sh", "-c", "echo next; exec sleep 60"))
    assert site.logged(3) == ["started", "ended", "next"]


def test_a_process_that_dies_at_its_start_is_told_of_with_its_log(site: Site) -> None:
    site.supervisor.replace(site.program("sh", "-c", "echo no such table; exit 3"))
    wait_for(lambda: site.process().state == "FATAL")
    assert "Exited too quickly" in site.process().message
    assert process.tail(site.log()).splitlines()[-1] == "no such table"


def test_a_process_that_is_not_there_says_so_in_its_log(site: Site) -> None:
    site.supervisor.replace(site.program("/no/such/program"))
    wait_for(lambda: site.process().state == "FATAL")
    assert "/no/such/program" in process.tail(site.log())


def test_a_process_that_dies_later_is_started_again_from_the_same(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60"))
    wait_for(lambda: site.process().state == "RUNNING")
    dead = site.process().pid
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: site.process().state == "RUNNING" and site.process().pid != dead)
    assert site.supervisor.started_from("nova-api") == "one"


def test_a_restart_starts_what_is_defined(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60"))
    before = site.process().pid
    site.supervisor.restart("nova-api")
    assert site.process().pid != before
    with pytest.raises(RunFailedError, match="refuses startProcess nova-apo") as caught:
        site.supervisor.restart("nova-apo")
    assert "BAD_NAME" in caught.value.why


WORDS = (
    "two words",
    "it's",
    '"quoted"',
    "two\nlines",
    "100%",
    "%(here)s",
    "a;b",
    " ; no comment",
    "$HOME `id` $(id)",
    "back\\slash",
    "*",
    "",
    "ünï",
)


def test_words_and_variables_survive_as_they_are(site: Site) -> None:
    tell = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['VALUE']]), flush=True)"
    value = "\n".join(WORDS)
    site.supervisor.replace(site.program("python3", "-c", tell + "; import time; time.sleep(60)", *WORDS, VALUE=value))
    (line,) = site.logged(1)
    assert json.loads(line) == [list(WORDS), value]


def test_a_process_gives_up_root(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60", user="daemon"))
    daemon = pwd.getpwnam("daemon")
    wait_for(lambda: Path("/proc", str(site.process().pid), "comm").read_text() == "sleep\n")
    status = dict(
        line.split(":\t", 1) for line in Path("/proc", str(site.process().pid), "status").read_text().splitlines()
    )
    assert status["Uid"].split() == [str(daemon.pw_uid)] * 4
    assert status["Groups"].split() == [str(daemon.pw_gid)]
    assert int(status["CapEff"], 16) == 0


def test_a_process_inherits_nothing_of_the_shell_that_started_the_first(
    passable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_PASSWORD", "of somebody's openrc")
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    monkeypatch.setenv(process.RUN_MARK, str(passable))
    site = Site(passable)
    site.supervisor.start()
    try:
        site.supervisor.replace(site.program("sh", "-c", "env; echo end; exec sleep 60", MINE="yes"))
        wait_for(lambda: site.log().exists() and "end\n" in site.log().read_text())
        names = {line.partition("=")[0] for line in site.log().read_text().splitlines()}
        assert "MINE" in names
        assert not names & {"OS_PASSWORD", "http_proxy", process.RUN_MARK}
    finally:
        site.supervisor.shutdown()


def test_its_socket_is_not_for_others(site: Site) -> None:
    assert site.supervisor.socket.stat().st_mode & 0o077 == 0


def test_it_outlives_who_started_it_and_starting_it_again_changes_nothing(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60"))
    before = site.supervisor.pid(), site.process().pid
    again = Supervisor(site.supervisor.programs, site.supervisor.run, site.supervisor.log)
    again.start()
    assert (again.pid(), again.processes()["nova-api"].pid) == before


def test_shut_down_it_has_gone_with_its_processes_and_comes_back_with_its_definitions(site: Site) -> None:
    site.supervisor.replace(site.program("sleep", "60"))
    pids = site.supervisor.pid(), site.process().pid
    site.supervisor.shutdown()
    assert not any(Path("/proc", str(pid), "exe").exists() for pid in pids)
    assert site.supervisor.pid() == 0
    assert not site.supervisor.alive()
    assert site.supervisor.processes() == {}
    site.supervisor.stop("nova-api")
    site.supervisor.start()
    assert site.process().state == "STOPPED"
    site.supervisor.restart("nova-api")
    assert site.process().state in RUNNING_STATES


def test_without_it_a_process_cannot_be_replaced_and_the_error_says_what_to_do(site: Site) -> None:
    site.supervisor.shutdown()
    with pytest.raises(SupervisorUnreachableError) as caught:
        site.supervisor.replace(site.program("sleep", "60"))
    assert caught.value.what == "the process supervisor does not answer"
    assert "stackwright up" in caught.value.fix


def test_one_that_was_killed_is_not_taken_for_alive(site: Site) -> None:
    os.kill(site.supervisor.pid(), signal.SIGKILL)
    wait_for(lambda: site.supervisor.pid() == 0)
    assert not site.supervisor.alive()
    site.supervisor.start()
    assert site.supervisor.alive()


def test_a_program_does_not_tell_its_environment() -> None:
    program = Program("a", ("b",), {"PASSWORD": "s3cret"}, "x", "root", Path(), Path(), "TERM", 1)
    assert "s3cret" not in repr(program)


def test_nothing_keeps_a_processor_busy_when_processes_close_their_input_while_others_ask(site: Site) -> None:
    """A number of a connection that has just ended becomes that of a pipe whose other end nobody has."""
    daemons = [site.program("sh", "-c", "exec 0<&-; exec sleep 60", name=f"daemon-{number}") for number in range(8)]
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            site.supervisor.alive()

    with ThreadPoolExecutor(12) as pool:
        asking = [pool.submit(ask) for _ in range(6)]
        for _ in range(3):
            list(pool.map(site.supervisor.replace, daemons))
        enough.set()
        for each in asking:
            each.result()
    time.sleep(1.5)  # until all of them count as running
    before = used(site.supervisor.pid())
    time.sleep(1)
    assert used(site.supervisor.pid()) - before < 0.5


def used(pid: int) -> float:
    """Give the seconds of a processor that a process has used (proc(5))."""
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
