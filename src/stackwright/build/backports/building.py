"""Stale backports are built, several at once, each when what it needs is there; what is done is kept."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from os import link
from typing import TYPE_CHECKING

from stackwright.build.apt_repository.incoming import read_changes
from stackwright.build.apt_repository.record import CANDIDATE
from stackwright.build.backports.closure import usable
from stackwright.build.backports.rebuild import backport_source
from stackwright.build.debian.builder import DebPlan, SourcePackage, build_debs
from stackwright.build.scratch import scratch_directory
from stackwright.errors import InputError, RunFailedError, StackwrightError, Where
from stackwright.events import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stackwright.build.apt_repository.record import Build, Package
    from stackwright.build.apt_repository.repository import Repository
    from stackwright.build.backports.model import Wanted
    from stackwright.build.backports.rebuild import Maker
    from stackwright.build.backports.status import Standing
    from stackwright.build.backports.suites import Suites
    from stackwright.build.backports.survey import Order
    from stackwright.build.cache import ArtifactCache
    from stackwright.events import Events


class Result(StrEnum):
    """How a backport came out."""

    BUILT = "built"
    FAILED = "failed"
    WAITING = "waiting"  # for one that failed


@dataclass(frozen=True)
class Outcome:
    """How a backport came out.

    :param why: of one that is built, why it was
    :param error: of one that failed
    """

    source: str
    version: str
    result: Result
    why: str
    seconds: float = 0.0
    error: StackwrightError | None = None


@dataclass(frozen=True)
class Workshop:
    """Where backports are built.

    :param architecture: as dpkg names it
    :param tests: whether tests run at all
    :param logs: the folder of the builds' logs
    """

    suites: Suites
    repository: Repository
    maker: Maker
    architecture: str
    tests: bool
    cache: ArtifactCache
    logs: Path
    events: Events

    def build(self, standing: Standing) -> None:
        """Build one backport, and add it to the channel of candidates.

        :raises StackwrightError: it cannot be built
        """
        wanted, candidate = standing.wanted, standing.candidate
        assert candidate is not None

        def progress(message: str) -> None:
            self.events.emit(Kind.PROGRESS, f"{wanted.source}/deb", message)

        source = backport_source(
            standing, self.suites.suite(wanted.suite), self.maker, cache=self.cache, progress=progress
        )
        with self._usable(candidate.relations, self.repository.record.newest().values()) as folder:
            plan = DebPlan(
                source,
                self.repository.suite,
                self.architecture,
                tests=self.tests and wanted.tests,
                repositories=(folder,),
            )
            log = self.logs / f"{plan.key}.log"
            try:
                built = build_debs(plan, cache=self.cache, log=log, events=self.events)
            except (InputError, RunFailedError) as error:
                raise _of_list(error, wanted) from None
        incoming = read_changes(built.changes, int(time.time()), source.dsc)
        self.repository.add(CANDIDATE, incoming)

    def build_again(self, package: Package, relations: str, builds: Iterable[Build]) -> None:
        """Build a source package of the repository with its tests, and with these builds; nothing is added.

        :raises StackwrightError: it cannot be built
        """
        (dsc,) = (file.path for file in package.files if file.path.endswith(".dsc"))
        source = SourcePackage.read(self.repository.where(dsc))
        with self._usable(relations, builds) as folder:
            plan = DebPlan(source, self.repository.suite, self.architecture, tests=True, repositories=(folder,))
            build_debs(plan, cache=self.cache, log=self.logs / f"{plan.key}.log", events=self.events)

    @contextmanager
    def _usable(self, relations: str, builds: Iterable[Build]) -> Iterator[Path]:
        """Give a folder with what of some builds another could use, while the block runs."""
        with scratch_directory(self.cache.directory / "unfinished") as folder:
            for package in usable(relations, builds, self.repository.folder):
                for file in package.files:
                    _link(self.repository.where(file.path), folder)
            yield folder


def build_all(order: Order, workshop: Workshop, *, jobs: int) -> tuple[Outcome, ...]:
    """Build backports, several at once; one that fails keeps none from being built that does not need it.

    :param jobs: how many at once
    """
    sorter = TopologicalSorter({source: list(needed) for source, needed in order.graph.items()})
    sorter.prepare()
    outcomes: dict[str, Outcome] = {}
    running: dict[Future[Outcome], str] = {}
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="backport") as pool:
        try:
            while True:
                for source in sorter.get_ready():
                    running[pool.submit(_built, order.standings[source], workshop)] = source
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    source = running.pop(future)
                    outcomes[source] = future.result()
                    if outcomes[source].result is Result.BUILT:
                        sorter.done(source)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tuple(outcomes.get(source) or _waiting(source, order, outcomes) for source in order.standings)


def _built(standing: Standing, workshop: Workshop) -> Outcome:
    begun = time.monotonic()
    source = standing.wanted.source
    try:
        workshop.build(standing)
    except StackwrightError as error:
        workshop.events.emit(Kind.FAILED, source, error.what, time.monotonic() - begun)
        return Outcome(source, standing.version, Result.FAILED, error.what, time.monotonic() - begun, error)
    seconds = time.monotonic() - begun
    workshop.events.emit(Kind.DONE, source, f"{standing.version}: {standing.why}", seconds)
    return Outcome(source, standing.version, Result.BUILT, standing.why, seconds)


def _waiting(source: str, order: Order, outcomes: dict[str, Outcome]) -> Outcome:
    """Give the outcome of one that was not begun, and whose failure is in its way, however far."""
    failed: dict[str, None] = {}
    rest = [source]
    seen = set(rest)
    for name in rest:
        if name in outcomes:
            failed[name] = None
            continue
        more = [one for one in order.graph[name] if one not in seen and (one not in outcomes or outcomes[one].error)]
        rest += more
        seen |= set(more)
    why = f"it waits for {', '.join(sorted(failed))}"
    return Outcome(source, order.standings[source].version, Result.WAITING, why)


def _of_list(error: StackwrightError, wanted: Wanted) -> StackwrightError:
    """Give the error of a build with the line that wants it, and with what to change there."""
    at = wanted.where
    error.where = Where(at.file, at.line, at.column, str(error.where))
    if isinstance(error, InputError):
        error.fix = "let the list name the source packages that make it, too, or take this one from an older suite"
    elif error.why:  # its tests
        error.fix = "`tests: false`, or --no-run-package-tests in its line, builds it all the same"
    return error


def _link(file: Path, folder: Path) -> None:
    try:
        link(file, folder / file.name)
    except OSError:  # another file system, or more links than it can have
        shutil.copyfile(file, folder / file.name)
