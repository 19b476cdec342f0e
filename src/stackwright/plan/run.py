"""A run: the steps that reality lacks, carried out in parallel where the graph allows.

Nothing of a run is kept to resume it: each step looks at reality when its turn comes, so a run that was
cut off anywhere is resumed by planning and running again.
"""

from __future__ import annotations

import heapq
import os
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError, StackwrightError, of_os_error
from stackwright.events import Events, Kind
from stackwright.plan.step import name_step
from stackwright.tools import process

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.plan.journal import Journal
    from stackwright.plan.plan import Plan
    from stackwright.plan.step import Step

WORKERS = 24
SETTLE_INTERVAL = 0.1


@dataclass(frozen=True)
class _Context:
    log: Path
    name: str
    events: Events

    def progress(self, message: str) -> None:
        self.events.emit(Kind.PROGRESS, self.name, message)


@dataclass(frozen=True)
class Outcome:
    """What came of a run: how many steps were carried out, how many were found done, and its seconds."""

    carried_out: int
    found_done: int
    seconds: float


def run(plan: Plan, *, command: str, journal: Journal, logs: Path, events: Events, heavy: int | None = None) -> Outcome:
    """Carry out what a plan lacks.

    :param command: the user's command, for the journal
    :param logs: folder for the logs: ``<run>/<step>.log``
    :param heavy: how many steps that keep a processor busy run at once (processors and one)
    :raises StackwrightError: what the first step that failed raised; the steps under way are waited for, none
        is begun after it, and another run goes on from there
    """
    number = journal.begin(command)
    runner = _Runner(plan, journal, number, logs / str(number), events, heavy or (os.cpu_count() or 1) + 1)
    outcome = "interrupted"
    try:
        result = runner.run()
        outcome = "done"
    except Exception:
        outcome = "failed"
        raise
    finally:
        journal.end(number, outcome)
    return result


class _Runner:
    def __init__(self, plan: Plan, journal: Journal, number: int, logs: Path, events: Events, heavy: int) -> None:
        self.plan, self.journal, self.number, self.logs, self.events = plan, journal, number, logs, events
        self.verdicts = {item.step.name: item.verdict for item in plan.items}
        self.free_heavy = heavy
        self.finished: queue.SimpleQueue[tuple[Step, bool | BaseException]] = queue.SimpleQueue()
        self.stopping = threading.Event()

    def run(self) -> Outcome:
        started = time.monotonic()
        carried_out = found_done = under_way = 0
        failure: tuple[Step, BaseException] | None = None
        sorter = self.plan.graph.sorter()
        sorter.prepare()
        ready: list[tuple[float, str]] = []
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="step") as pool:
            try:
                while sorter.is_active() and (failure is None or under_way):
                    for name in sorter.get_ready():
                        if self.verdicts[name].done:
                            sorter.done(name)
                        else:
                            heapq.heappush(ready, (-self.plan.graph.seconds_to_end[name], name))
                    if failure is None:
                        under_way += self._start(ready, pool, WORKERS - under_way)
                    if not under_way:
                        continue  # what was marked done has made others ready
                    step, result = self.finished.get()
                    under_way -= 1
                    self.free_heavy += step.heavy
                    if isinstance(result, BaseException):
                        failure = failure or (step, result)
                        continue
                    carried_out += result
                    found_done += not result
                    sorter.done(step.name)
            finally:
                self.stopping.set()
        if failure is not None:
            raise self._explained(*failure)
        return Outcome(carried_out, found_done, time.monotonic() - started)

    def _start(self, ready: list[tuple[float, str]], pool: ThreadPoolExecutor, room: int) -> int:
        """Start what is ready, longest way to the end first; no more than there is room for, and heavy ones apart.

        Nothing is left to wait in the pool: a step with a longer way, ready later, would come behind it, and it would
        be begun even after another has failed.
        """
        kept: list[tuple[float, str]] = []
        count = 0
        while ready and count < room:
            entry = heapq.heappop(ready)
            step = self.plan.graph.by_name[entry[1]]
            if step.heavy and not self.free_heavy:
                kept.append(entry)
                continue
            self.free_heavy -= step.heavy
            pool.submit(self._carry_out, step)
            count += 1
        ready.extend(kept)
        heapq.heapify(ready)
        return count

    def _carry_out(self, step: Step) -> None:
        try:
            self.finished.put((step, self._attempt(step)))
        except BaseException as error:
            self.finished.put((step, error))

    def _attempt(self, step: Step) -> bool:
        """Carry a step out; gives whether there was anything to do."""
        verdict = step.check()
        if verdict.done:
            self.events.emit(Kind.SKIPPED, step.name, verdict.reason or "found done")
            return False
        reason = verdict.reason or self.verdicts[step.name].reason
        log = self.logs / (step.name.replace("/", "-") + ".log")
        context = _Context(log, step.name, self.events)
        started = time.monotonic()
        self.journal.begin_step(self.number, step.name, reason, log)
        self.events.emit(Kind.STARTED, step.name, f"{step.summary} ({reason})" if reason else step.summary)
        try:
            step.do(context)
            self._settle(step)
        except BaseException as error:
            self.journal.end_step(self.number, step.name, "failed")
            what = error.what if isinstance(error, StackwrightError) else repr(error)
            self.events.emit(Kind.FAILED, step.name, what, time.monotonic() - started)
            raise
        self.journal.end_step(self.number, step.name, "done")
        self.events.emit(Kind.DONE, step.name, step.summary, time.monotonic() - started)
        return True

    def _settle(self, step: Step) -> None:
        """Check the step once more: what was done must be seen in reality."""
        until = time.monotonic() + step.settle
        while not (verdict := step.check()).done:
            if time.monotonic() >= until or self.stopping.is_set():
                raise RunFailedError("it was carried out, but its check still fails", why=verdict.reason)
            time.sleep(SETTLE_INTERVAL)

    def _explained(self, step: Step, error: BaseException) -> BaseException:
        if isinstance(error, OSError):
            error = of_os_error(error)
        if not isinstance(error, StackwrightError):
            return error
        name_step(error, step)
        log = self.logs / (step.name.replace("/", "-") + ".log")
        if not error.details and (lines := process.tail(log)):
            error.details = "\n".join(f"    {line}" for line in lines.splitlines())
        if not error.fix:
            error.fix = "mend the cause and run the same command again: it goes on from here"
        return error
