"""A run of tempest: what the cloud is, what tempest needs in it, its tests, and all of it taken away again."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError, StackwrightError, Where
from stackwright.events import Kind
from stackwright.proof.tempest.config import bare, configure, written
from stackwright.proof.tempest.failures import explain
from stackwright.proof.tempest.journal import Report
from stackwright.proof.tempest.leftovers import prefixes_in, remove_all
from stackwright.proof.tempest.sets import leave_out, plain, select
from stackwright.proof.tempest.stage import PREFIX, make_account, new_prefix, set_stage
from stackwright.proof.tempest.stream import FIXTURE, follow, seconds_left
from stackwright.proof.tempest.trial import try_server
from stackwright.proof.upstream.model import Status
from stackwright.site.state import write_private
from stackwright.tools import process, tempest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackwright.build.environment import Environment
    from stackwright.events import Events
    from stackwright.proof.guest import GuestImage
    from stackwright.proof.tempest.features import Features
    from stackwright.proof.tempest.journal import Journal, Run
    from stackwright.proof.tempest.stream import Finished
    from stackwright.proof.tempest.under_test import CloudUnderTest
    from stackwright.store import Memo

TOLD_EVERY = 5.0  # seconds between two lines of progress
GUESS = 2.0  # seconds of a test of which nothing is known
FAILED_SHOWN = 120  # characters


@dataclass(frozen=True)
class Ask:
    """What is to be run, and how.

    :param scope: the name of the test set, or the expression itself
    :param expression: that is found in the tests' ids
    :param concurrency: how many classes of tests at once
    :param internet: whether the cloud reaches the internet
    :param image: the name or id of the image that servers boot from, of a cloud that is not ours
    :param ssh_user: whom that image lets in
    """

    scope: str
    expression: str
    concurrency: int
    internet: bool = False
    image: str | None = None
    ssh_user: str | None = None


def all_tests(environment: Environment, journal: Journal, memo: Memo) -> tuple[str, ...]:
    """Give the ids of all tests that an environment has; they are asked for once."""
    known = memo.get("tempest tests", environment.key)
    if known is None:
        folder = journal.folder / "listing"
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / tempest.CONFIG, written(bare(folder)))
        known = "\n".join(tempest.list_tests(environment.path, folder))
        memo.put("tempest tests", environment.key, known)
    return tuple(known.splitlines())


def clean(cloud: CloudUnderTest, journal: Journal, events: Events, *, everybodys: bool = False) -> tuple[str, ...]:
    """Remove what earlier runs have left, and give what it was. The caller holds the journal's lock.

    :param everybodys: also what runs from elsewhere have left, or are using
    """
    process.end_orphans(journal.folder)
    removed: list[str] = []
    prefixes = {*journal.promised(), *(prefixes_in(cloud, PREFIX) if everybodys else ())}
    for prefix in sorted(prefixes):
        removed += _removed(cloud, journal, prefix, events)
    return tuple(removed)


def begin(journal: Journal, ask: Ask, tests: tuple[str, ...], features: Features) -> Run:
    """Choose the tests of a new run, and note them down.

    :param tests: all that tempest has
    :raises InputError: there are none
    """
    there = {"internet"} if ask.internet else set()
    there |= {"several stores"} if features.stores > 1 else set()
    there |= {"login"} if ask.ssh_user else set()
    selection = leave_out(select(tests, ask.expression), there)
    return journal.keep(journal.begin(ask.scope), selection)


def run_tempest(
    cloud: CloudUnderTest,
    features: Features,
    run: Run,
    ask: Ask,
    environment: Environment,
    journal: Journal,
    guest: Callable[[], GuestImage],
    events: Events,
) -> Report:
    """Run the tests of a run that have not been run, and tell what came of all. The caller holds the journal's lock.

    :param guest: gives the image that boots on a site of ours
    :raises CheckFailedError: no server starts
    :raises RunFailedError: tempest or the cloud gave up before all tests were run; it can be gone on with
    """
    process.mark_run(journal.folder)
    tests = run.remaining()
    if tests:
        known = journal.seconds()
        with _on_stage(cloud, features, run, ask, journal, guest, events):
            _carry_out(environment, run, tests, ask.concurrency, known, events)
    finished = run.finished()
    left = run.remaining()
    if left:
        raise RunFailedError(
            f"tempest ended before {len(left)} of {len(run.selection.tests)} tests had been run",
            where=Where(file=run.folder / tempest.OUTPUT),
            details=process.tail(run.folder / tempest.OUTPUT),
            fix="stackwright tempest --resume",
        )
    failures = [
        explain(one, run.folder / tempest.REQUESTS, cloud.logs)
        for one in finished
        if one.outcome.status is Status.FAILED
    ]
    return Report(cloud.name, run, environment.key, run.end(finished), tuple(failures))


@contextmanager
def _on_stage(
    cloud: CloudUnderTest,
    features: Features,
    run: Run,
    ask: Ask,
    journal: Journal,
    guest: Callable[[], GuestImage],
    events: Events,
) -> Iterator[None]:
    """Make what tempest needs, configure it, and take all away afterwards, however the block ends."""
    prefix = new_prefix()
    servers = run.selection.needs_servers and "compute" in features.types
    journal.promise(prefix)
    try:
        began = time.monotonic()
        events.emit(Kind.STARTED, "tempest/stage", "make its account" + (", images, flavors" if servers else ""))
        with _told_of("tempest/stage", events):
            account = make_account(cloud, prefix)
            image = guest() if servers and cloud.ours else None
            stage = set_stage(cloud, account, features, image, servers=servers, image=ask.image)
        events.emit(Kind.DONE, "tempest/stage", f"all that is tempest's is called {prefix}", time.monotonic() - began)
        trial = None
        if servers:
            events.emit(Kind.STARTED, "tempest/trial", "start a server, to see what can be done with it")
            with _told_of("tempest/trial", events):
                trial = try_server(cloud, stage)
            events.emit(Kind.DONE, "tempest/trial", str(trial), trial.seconds)
        sections = configure(cloud, features, stage, trial, run.folder, ask.ssh_user)
        write_private(run.folder / tempest.CONFIG, written(sections))
        yield
    finally:
        try:
            _removed(cloud, journal, prefix, events)
        except RunFailedError as error:
            # What came of the tests is known, and is not to be lost for this; the next run tries again.
            events.emit(Kind.WARNING, "tempest/cleanup", f"not all of {prefix} is gone: {error.why or error.details}")


def _removed(cloud: CloudUnderTest, journal: Journal, prefix: str, events: Events) -> tuple[str, ...]:
    began = time.monotonic()
    events.emit(Kind.STARTED, "tempest/cleanup", f"remove all that is called {prefix}")
    removed = remove_all(cloud, prefix)
    journal.forget(prefix)
    events.emit(Kind.DONE, "tempest/cleanup", f"removed {len(removed)} things", time.monotonic() - began)
    return removed


@contextmanager
def _told_of(subject: str, events: Events) -> Iterator[None]:
    """Tell of an error that the block raises."""
    try:
        yield
    except StackwrightError as error:
        events.emit(Kind.FAILED, subject, error.what)
        raise


def _carry_out(
    environment: Environment,
    run: Run,
    tests: tuple[str, ...],
    concurrency: int,
    known: dict[str, float],
    events: Events,
) -> None:
    progress = _Progress(tests, known, concurrency, events)
    events.emit(Kind.STARTED, "tempest", f"{len(tests)} tests, {concurrency} at once")
    with tempest.running(environment.path, run.folder, tests, concurrency=concurrency) as stream:
        follow(stream, run.next_stream, progress.take)
    progress.end()


class _Progress:
    """Tells how far tempest is."""

    def __init__(self, tests: tuple[str, ...], known: dict[str, float], concurrency: int, events: Events) -> None:
        self._left = dict.fromkeys(tests)
        self._all, self._known, self._concurrency, self._events = len(tests), known, concurrency, events
        self._counts = dict.fromkeys(Status, 0)
        self._began = self._told = time.monotonic()

    def take(self, test: Finished) -> None:
        """Take a test that has ended."""
        outcome = test.outcome
        whole = FIXTURE.fullmatch(outcome.test)
        ended = [one for one in self._left if one.startswith(f"{whole['class']}.")] if whole else [outcome.test]
        for one in ended:
            self._left.pop(one, None)
        self._counts[outcome.status] += max(1, len(ended)) if outcome.status is Status.SKIPPED else 1
        if outcome.status is Status.FAILED:
            self._events.emit(Kind.FAILED, "tempest", plain(outcome.test)[-FAILED_SHOWN:], outcome.seconds)
            self._events.emit(Kind.STARTED, "tempest", self._line())
        elif time.monotonic() - self._told >= TOLD_EVERY:
            self._told = time.monotonic()
            self._events.emit(Kind.PROGRESS, "tempest", self._line())

    def end(self) -> None:
        """Tell that nothing comes any more."""
        self._events.emit(Kind.DONE, "tempest", self._line(), time.monotonic() - self._began)

    def _line(self) -> str:
        done = self._all - len(self._left)
        line = f"{done} of {self._all} tests"
        line += "".join(f", {self._counts[status]} {status}" for status in Status if self._counts[status])
        if not self._left:
            return line
        spent = time.monotonic() - self._began
        mean = spent * self._concurrency / done if done else GUESS
        left = seconds_left(tuple(self._left), self._known, mean, self._concurrency)
        return f"{line}; about {_told(left)} left"


def _told(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(1.0, seconds):.0f} s"
