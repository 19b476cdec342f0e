"""A proof in a machine, from nothing to nothing: its plan, and how it is carried out."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, RunFailedError, StackwrightError, of_os_error
from stackwright.events import Kind
from stackwright.plan.graph import Graph
from stackwright.plan.journal import Journal
from stackwright.plan.plan import Plan, make_plan
from stackwright.plan.step import Context, Step, Verdict, done, name_step, needed
from stackwright.proof.machine import results
from stackwright.proof.machine.carried import archive, copy, sources_here
from stackwright.proof.machine.place import TREE, machine_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stackwright.distribution import Distribution, Site
    from stackwright.events import Events
    from stackwright.proof.machine.carried import ExtraPatch
    from stackwright.proof.machine.model import Answer, Machine, Maker

START, TAKE = "machine/start", "machine/distribution"
UP, CONVERGED, SMOKE = "cloud/up", "proof/plan", "proof/smoke"
RESULTS, KEEP = "machine/results", "machine/keep"
JOURNAL, STEPS = "journal.sqlite", "steps"


@dataclass(frozen=True)
class Wished:
    """What is to be proved.

    :param state: the state directory here, below which the machine has its place
    :param extra: patches that come on top of the series
    :param smoke: whether the site has what `stackwright smoke` looks at
    :param sets: tempest's test sets
    :param results: the folder of the results
    :param keep: let the machine run afterwards, until this process is interrupted
    """

    maker: Maker
    distribution: Distribution
    site: Site
    state: Path
    extra: tuple[ExtraPatch, ...]
    smoke: bool
    sets: tuple[str, ...]
    results: Path
    keep: bool


class Proving:
    """A proof in a machine."""

    def __init__(self, wished: Wished) -> None:
        self.wished = wished
        self.place: Path | None = None
        self.machine: Machine | None = None
        self._done: set[str] = set()
        self._stack = ExitStack()

    def plan(self) -> Plan:
        """Give the plan: what comes before a machine may be there already, all else is always lacking."""
        wished, kind = self.wished, self.wished.maker.kind
        extra = f" and {len(wished.extra)} extra patches" if wished.extra else ""
        steps = [
            *wished.maker.preparing(),
            self._step(START, f"begin the machine ({kind})", "nobody has used it before", self._start, 3),
            self._step(TAKE, f"take {wished.distribution.name}{extra} along", "as it lies there", self._take, 1),
            self._step(UP, f"bring up the site {wished.site.name}", "it is what is proved", self._up, 120),
            self._step(CONVERGED, "plan again", "a site that is up lacks nothing", self._converged, 3),
        ]
        if wished.smoke:
            steps.append(self._step(SMOKE, "the smoke test", "a cloud gives servers", self._smoke, 60))
        for name in wished.sets:
            tempest = partial(self._tempest, name)
            steps.append(self._step(f"proof/tempest-{name}", f"tempest's {name}", "it is asked for", tempest, 300))
        chained = [replace(step, after=(before.name,)) for before, step in pairwise(steps)]
        return make_plan(Graph((steps[0], *chained)))

    def carry_out(self, plan: Plan, events: Events) -> None:
        """Carry it out, bring back the results and throw the machine away, whatever happens meanwhile.

        One step after another, in this thread: so an interrupt reaches the program that is at work.

        :raises StackwrightError: what a step raised
        """
        results.write_private(self.wished.results / JOURNAL, b"")
        journal = Journal(self.wished.results / JOURNAL)
        number = journal.begin("proof run")
        outcome = "interrupted"
        try:
            with machine_place(self.wished.state, events) as place, self._stack:
                self.place = place
                try:
                    for item in plan.items:
                        if item.verdict.done:
                            events.emit(Kind.SKIPPED, item.step.name, item.verdict.reason)
                        else:
                            self._carry_out(item.step, item.verdict.reason, journal, number, events)
                    outcome = "done"
                finally:
                    self._bring(events)
                    if self.wished.keep and not isinstance(sys.exception(), KeyboardInterrupt):
                        self._linger(events)
        except Exception:
            outcome = "failed"
            raise
        finally:
            journal.end(number, outcome)
            journal.close()

    def _carry_out(self, step: Step, reason: str, journal: Journal, number: int, events: Events) -> None:
        log = self.wished.results / STEPS / f"{step.name.replace('/', '-')}.log"
        results.write_private(log, b"")
        journal.begin_step(number, step.name, reason, log)
        events.emit(Kind.STARTED, step.name, f"{step.summary} ({reason})")
        begun = time.monotonic()
        try:
            step.do(_Context(log, step.name, events))
        except BaseException as error:
            journal.end_step(number, step.name, "failed")
            told = of_os_error(error) if isinstance(error, OSError) else error
            what = told.what if isinstance(told, StackwrightError) else type(told).__name__
            events.emit(Kind.FAILED, step.name, what, time.monotonic() - begun)
            if isinstance(told, StackwrightError) and not told.where.subject:
                name_step(told, step)
            raise told from error
        journal.end_step(number, step.name, "done")
        self._done.add(step.name)
        events.emit(Kind.DONE, step.name, step.summary, time.monotonic() - begun)

    def _start(self, context: Context) -> None:
        assert self.place is not None
        self.machine = self._stack.enter_context(self.wished.maker.running(self.place, context))

    def _take(self, context: Context) -> None:
        assert self.place is not None
        assert self.machine is not None
        wished, tree = self.wished, self.place / TREE
        release = wished.distribution.release(wished.site.release)
        copy(wished.distribution, release, wished.extra, tree)
        if self.machine.distribution == tree:
            return
        folders = {folder: folder for folder in sources_here(wished.distribution, release)}
        file = self.place / "distribution.tar"
        archive(file, {self.machine.distribution: tree, **folders})
        self.machine.put(file, context.log)
        file.unlink()

    def _up(self, context: Context) -> None:
        assert self.machine is not None
        for left in range(self.machine.tries - 1, -1, -1):
            answer = self._stackwright("up", context=context)
            if not left or not isinstance(answer.error, RunFailedError):
                break
            context.progress(f"it goes on after: {answer.error.what}")
        answer.demand()

    def _converged(self, context: Context) -> None:
        rows = self._stackwright("plan", "-f", "value", "-c", "Step", "-c", "Why", context=context).demand()
        if rows.strip():
            raise CheckFailedError(
                "the site is up, and yet its plan is not empty", details=rows, why="a step does not do what it checks"
            )

    def _smoke(self, context: Context) -> None:
        answer = self._stackwright("smoke", "-f", "json", context=context)
        if answer.text.strip():
            results.write_private(self.wished.results / results.SMOKE, results.smoke_junit(answer.text))
        answer.demand()

    def _tempest(self, name: str, context: Context) -> None:
        assert self.machine is not None
        junit = self.machine.state / results.TEMPEST.format(name=name)
        self._stackwright("tempest", name, "--junit", str(junit), context=context).demand()

    def _stackwright(self, *words: str, context: Context) -> Answer:
        assert self.machine is not None
        return self.machine.stackwright(*words, context=context, logs=self.wished.results)

    def _step(self, name: str, summary: str, why: str, do: Callable[[Context], None], seconds: float) -> Step:
        def check() -> Verdict:
            return done() if name in self._done else needed(why)

        return Step(name, summary, check, do, seconds=seconds)

    def _bring(self, events: Events) -> None:
        if self.machine is None:
            return
        begun = time.monotonic()
        events.emit(Kind.STARTED, RESULTS, "bring back logs and results")
        try:
            count = results.bring(self.machine, self.wished.results, self.wished.sets)
            results.adopt(self.wished.results, self.wished.state / results.PROOFS)
        except (StackwrightError, OSError) as error:
            events.emit(Kind.WARNING, RESULTS, f"nothing could be brought back: {error}")
            return
        events.emit(Kind.DONE, RESULTS, f"{count} files in {self.wished.results}", time.monotonic() - begun)

    def _linger(self, events: Events) -> None:
        """Let the machine run until this process is interrupted."""
        if self.machine is None:
            return
        enter = shlex.join(self.machine.enter(["bash"]))
        events.emit(Kind.NOTE, KEEP, f"it runs until this command is interrupted (Ctrl-C); a shell in it: {enter}")
        with suppress(KeyboardInterrupt):
            signal.pause()


@dataclass(frozen=True)
class _Context:
    log: Path
    name: str
    events: Events

    def progress(self, message: str) -> None:
        self.events.emit(Kind.PROGRESS, self.name, message)
