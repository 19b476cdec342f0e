"""Runs of steps that make files: each checks that its file is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, RunFailedError, StackwrightError
from stackwright.events import Event, Events, Kind
from stackwright.plan.graph import Graph
from stackwright.plan.journal import Journal
from stackwright.plan.plan import make_plan
from stackwright.plan.run import WORKERS, Outcome, run
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class World:
    """A folder in which each step makes a file of its name, and the order in which they were begun."""

    folder: Path
    begun: list[str] = field(default_factory=list)
    seen: list[Event] = field(default_factory=list)

    def step(
        self,
        name: str,
        *after: str,
        do: Callable[[Context], None] = lambda _: None,
        seconds: float = 0.1,
        heavy: bool = False,
        settle: float = 0.0,
    ) -> Step:
        file = self.folder / name.replace("/", "-")

        def check() -> Verdict:
            return done("it is there") if file.exists() else needed(f"there is no {name}")

        def make(context: Context) -> None:
            self.begun.append(name)
            do(context)
            if not settle:
                file.touch()

        return Step(name, f"make {name}", check, make, after, seconds, heavy, settle)

    def run(self, *steps: Step, heavy: int | None = None) -> Outcome:
        events = Events()
        events.subscribe(self.seen.append)
        plan = make_plan(Graph(steps))
        return run(plan, command="up", journal=self.journal(), logs=self.folder / "logs", events=events, heavy=heavy)

    def journal(self) -> Journal:
        return Journal(self.folder / "journal.sqlite")

    def told(self, kind: Kind) -> list[str]:
        return [event.subject for event in self.seen if event.kind is kind]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_steps_are_carried_out_in_order_and_a_second_run_finds_nothing(world: World) -> None:
    steps = (world.step("c", "b"), world.step("b", "a"), world.step("a"))
    assert world.run(*steps).carried_out == 3
    assert world.begun == ["a", "b", "c"]
    assert world.run(*steps).carried_out == 0
    assert world.begun == ["a", "b", "c"]


def test_what_is_there_is_passed_over_on_the_way(world: World) -> None:
    (world.folder / "b").touch()
    assert world.run(world.step("c", "b"), world.step("b", "a"), world.step("a")).carried_out == 2
    assert sorted(world.begun) == ["a", "c"]


def test_steps_run_side_by_side_where_the_graph_allows(world: World) -> None:
    together = threading.Barrier(WORKERS)

    def meet(_: Context) -> None:
        together.wait(timeout=10)  # breaks unless all are here at once

    steps = [world.step(f"{i}", do=meet) for i in range(WORKERS)]
    assert world.run(*steps).carried_out == WORKERS


def test_only_so_many_heavy_steps_run_at_once_and_light_ones_beside_them(world: World) -> None:
    lock = threading.Lock()
    under_way = 0
    most = 0
    light_has_run = threading.Event()

    def work(_: Context) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        assert light_has_run.wait(timeout=10)
        time.sleep(0.02)
        with lock:
            under_way -= 1

    heavy = [world.step(f"heavy-{i}", do=work, heavy=True, seconds=9) for i in range(6)]
    world.run(*heavy, world.step("light", do=lambda _: light_has_run.set()), heavy=2)
    assert most == 2


def test_of_what_is_ready_the_longest_way_to_the_end_comes_first(world: World) -> None:
    steps = [
        world.step("short", heavy=True, seconds=1),
        world.step("long", heavy=True, seconds=5),
        world.step("begins-the-longest", heavy=True, seconds=0.1),
        world.step("end", "begins-the-longest", heavy=True, seconds=9),
    ]
    world.run(*steps, heavy=1)
    assert world.begun == ["begins-the-longest", "end", "long", "short"]


def test_what_became_ready_later_goes_before_shorter_ones_that_wait_for_room(world: World) -> None:
    crowd = [world.step(f"crowd-{i}", do=lambda _: time.sleep(0.05)) for i in range(3 * WORKERS)]
    first = world.step("first", seconds=1)
    world.run(*crowd, first, world.step("second", "first", seconds=5))
    assert world.begun.index("second") < 2 * WORKERS


def test_a_step_that_fails_stops_new_ones_and_waits_for_those_under_way(world: World) -> None:
    failed = threading.Event()

    def fail(_: Context) -> None:
        failed.set()
        raise RunFailedError("the disk caught fire")

    def slow(_: Context) -> None:
        assert failed.wait(timeout=10)
        time.sleep(0.2)

    steps = [
        world.step("bad", do=fail, seconds=9),
        world.step("slow", do=slow, seconds=9),
        *(world.step(f"crowd-{i}", do=slow, seconds=1) for i in range(2 * WORKERS)),
        world.step("behind", "bad"),
        world.step("behind-slow", "slow"),
    ]
    with pytest.raises(RunFailedError, match="the disk caught fire"):
        world.run(*steps)
    assert (world.folder / "slow").exists()
    assert not {"behind", "behind-slow"} & set(world.begun)
    assert len(world.begun) == WORKERS  # of the crowd, those that there was room for when it failed
    assert len(world.told(Kind.DONE)) == WORKERS - 1


def test_the_first_failure_is_the_one_that_is_told(world: World) -> None:
    first_failed = threading.Event()

    def first(_: Context) -> None:
        first_failed.set()
        raise RunFailedError("first")

    def second(_: Context) -> None:
        assert first_failed.wait(timeout=10)
        time.sleep(0.1)
        raise RunFailedError("second")

    with pytest.raises(RunFailedError, match="step one: first"):
        world.run(world.step("one", do=first), world.step("two", do=second))
    assert world.told(Kind.FAILED) == ["one", "two"]


def test_a_step_is_looked_at_again_when_its_turn_comes(world: World) -> None:
    also_makes_b = world.step("a", do=lambda _: (world.folder / "b").touch())
    outcome = world.run(also_makes_b, world.step("b", "a"))
    assert (outcome.carried_out, outcome.found_done) == (1, 1)
    assert world.begun == ["a"]
    assert world.told(Kind.SKIPPED) == ["b"]


def test_reality_is_given_time_to_show_what_was_done(world: World) -> None:
    def later(_: Context) -> None:
        threading.Timer(0.25, (world.folder / "late").touch).start()

    assert world.run(world.step("late", do=later, settle=10)).seconds < 5


def test_what_was_done_must_be_seen(world: World) -> None:
    with pytest.raises(RunFailedError) as caught:
        world.run(world.step("never", settle=0.2), world.step("behind", "never"))
    assert caught.value.what == "it was carried out, but its check still fails"
    assert caught.value.why == "there is no never"
    assert str(caught.value.where) == "step never"
    assert world.begun == ["never"]


def test_the_journal_has_a_row_a_step_that_was_begun(world: World) -> None:
    def fail(_: Context) -> None:
        raise RunFailedError("no")

    (world.folder / "there").touch()
    with pytest.raises(RunFailedError):
        world.run(world.step("there"), world.step("a"), world.step("nova/b", "a", do=fail), world.step("c", "nova/b"))
    journal = world.journal()
    (recorded,) = journal.runs()
    assert (recorded.command, recorded.outcome) == ("up", "failed")
    steps = journal.steps(recorded.number)
    assert [(step.name, step.reason, step.outcome) for step in steps] == [
        ("a", "there is no a", "done"),
        ("nova/b", "there is no nova/b", "failed"),
    ]
    assert steps[1].log == str(world.folder / "logs" / "1" / "nova-b.log")


def test_a_good_run_is_journaled_as_done(world: World) -> None:
    world.run(world.step("a"))
    assert [recorded.outcome for recorded in world.journal().runs()] == ["done"]


def test_an_error_names_the_step_and_shows_the_end_of_its_log(world: World) -> None:
    def fail(context: Context) -> None:
        process.run(["sh", "-c", "seq 100; echo no space left for tables"], log=context.log)
        raise RunFailedError("the tables cannot be made")

    with pytest.raises(RunFailedError) as caught:
        world.run(world.step("nova/db-sync", do=fail))
    lines = str(caught.value).splitlines()
    assert lines[0] == "step nova/db-sync: the tables cannot be made"
    assert "    no space left for tables" in lines
    assert "    100" in lines
    assert "    1" not in lines
    assert lines[-1] == "  fix: mend the cause and run the same command again: it goes on from here"


def test_a_program_that_fails_is_shown_with_its_last_lines_and_log(world: World) -> None:
    def fail(context: Context) -> None:
        process.run(["sh", "-c", "echo the reason; exit 3"], log=context.log)

    with pytest.raises(process.ProgramFailedError) as caught:
        world.run(world.step("nova/db-sync", do=fail))
    assert caught.value.where.file == world.folder / "logs" / "1" / "nova-db-sync.log"
    assert caught.value.where.subject == "step nova/db-sync"
    assert "    the reason" in str(caught.value).splitlines()


def test_what_an_error_says_itself_is_kept(world: World) -> None:
    def fail(_: Context) -> None:
        raise EnvironmentLacksError("the port is taken", details="    by nginx", fix="end nginx")

    with pytest.raises(EnvironmentLacksError) as caught:
        world.run(world.step("a", do=fail))
    assert (caught.value.details, caught.value.fix) == ("    by nginx", "end nginx")


def test_a_full_disk_is_an_error_of_the_family(world: World) -> None:
    def fill(_: Context) -> None:
        Path("/dev/full").write_text("x")

    with pytest.raises(StackwrightError, match="step glance/config: No space left on device") as caught:
        world.run(world.step("glance/config", do=fill))
    assert (caught.value.status, caught.value.fix[:9]) == (3, "make room")


def test_a_defect_of_ours_is_not_dressed_up(world: World) -> None:
    def broken(_: Context) -> None:
        raise ZeroDivisionError("ours")

    with pytest.raises(ZeroDivisionError):
        world.run(world.step("a", do=broken), world.step("b", "a"))
    assert world.begun == ["a"]
    assert [recorded.outcome for recorded in world.journal().runs()] == ["failed"]


def test_events_tell_the_reason_the_progress_and_the_time(world: World) -> None:
    world.run(world.step("a", do=lambda context: context.progress("half of it")))
    assert [(event.kind, event.subject, event.message) for event in world.seen] == [
        (Kind.STARTED, "a", "make a (there is no a)"),
        (Kind.PROGRESS, "a", "half of it"),
        (Kind.DONE, "a", "make a"),
    ]
    assert world.seen[-1].seconds is not None


def test_an_interrupt_begins_nothing_more_and_waits_for_what_is_under_way(world: World) -> None:
    main = threading.main_thread().ident
    assert main is not None

    other_has_begun = threading.Event()

    def interrupt(_: Context) -> None:
        assert other_has_begun.wait(timeout=10)
        signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.3)

    waits = world.step("waits", do=lambda _: other_has_begun.set(), settle=30)
    with pytest.raises(KeyboardInterrupt):
        world.run(world.step("a", do=interrupt), waits, world.step("b", "a"))
    assert sorted(world.begun) == ["a", "waits"]
    assert (world.folder / "a").exists()
    assert [recorded.outcome for recorded in world.journal().runs()] == ["interrupted"]


SLOW_RUN = """
import sys, time
from pathlib import Path
from stackwright.events import Events
from stackwright.plan.graph import Graph
from stackwright.plan.journal import Journal
from stackwright.plan.plan import make_plan
from stackwright.plan.run import run
from stackwright.plan.step import Step, done, needed

folder, pause = Path(sys.argv[1]), float(sys.argv[2])

def step(number):
    file = folder / f"made-{number:02}"
    def make(_):
        with (folder / "begun").open("a") as begun:
            begun.write(f"{number}\\n")
        file.with_suffix(".part").write_text("half")
        time.sleep(pause)
        file.with_suffix(".part").rename(file)
    check = lambda: done() if file.exists() else needed("it is not there")
    return Step(f"{number}", "", check, make, (f"{number - 3}",) if number >= 3 else ())

plan = make_plan(Graph(tuple(step(number) for number in range(30))))
outcome = run(plan, command="up", journal=Journal(folder / "journal"), logs=folder / "logs", events=Events())
print(outcome.carried_out)
"""


def test_a_run_that_was_killed_goes_on_from_where_it_was(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", SLOW_RUN, str(tmp_path)]
    with subprocess.Popen([*argv, "0.05"]) as killed:
        until = time.monotonic() + 20
        while len(list(tmp_path.glob("made-??"))) < 9 and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(killed.pid, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    made = {file.name for file in tmp_path.glob("made-??")}
    assert 9 <= len(made) < 30

    again = subprocess.run([*argv, "0"], check=True, capture_output=True, text=True)
    assert int(again.stdout) == 30 - len(made)
    assert len(list(tmp_path.glob("made-??"))) == 30
    begun = [int(line) for line in (tmp_path / "begun").read_text().split()]
    assert all(begun.count(int(name.removeprefix("made-"))) == 1 for name in made)
    assert [(row.number, row.outcome) for row in Journal(tmp_path / "journal").runs()] == [(1, None), (2, "done")]
