"""The real migrations of both trees, run: databases of the release that is left, upgraded, held against new ones."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stackwright.build.cache import ArtifactCache
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.build.workshop import Workshop
from stackwright.errors import CheckFailedError, RunFailedError, StackwrightError
from stackwright.events import Kind
from stackwright.hazards.forecast.model import Hop
from stackwright.proof.migrations.environments import plan_of, unpatched
from stackwright.proof.migrations.model import Compared, DryRun, Ran
from stackwright.proof.migrations.schema import Difference, differences
from stackwright.proof.migrations.service import Bench, migrating
from stackwright.tools.scratch_mariadb import scratch_server, version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stackwright.build.environment import EnvironmentPlan
    from stackwright.distribution import Distribution
    from stackwright.events import Events
    from stackwright.proof.migrations.schema import Schema
    from stackwright.proof.migrations.service import Migrating
    from stackwright.store import Memo, Store

# Part of the key of what is remembered: to be raised when the same environments give another result.
FORM = 1
SUBJECT = "dry run"


def dry_run(
    distribution: Distribution,
    start: str,
    end: str,
    components: Iterable[str],
    *,
    through: Sequence[str] = (),
    store: Store,
    memo: Memo,
    cache: Path,
    logs: Path,
    events: Events,
) -> tuple[DryRun, ...]:
    """Run the migrations of components on the way from a release to another; gives one for each component and hop.

    :param through: the releases in between that the same databases go through
    :param cache: the cache of downloads and artifacts
    :param logs: a folder for what the commands write
    :raises EnvironmentLacksError: there is no MariaDB, no Python, no network, no space
    :raises InputError: a source or a series cannot be read, or no versions fit
    """
    stops = (start, *through, end)
    version()  # without a server nothing is to be built
    logs.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(store, memo, ArtifactCache(cache), events, logs)
    return tuple(run for name in components for run in _of_component(distribution, name, stops, workshop))


def _of_component(
    distribution: Distribution, component: str, stops: tuple[str, ...], workshop: Workshop
) -> tuple[DryRun, ...]:
    hops = [Hop(*pair) for pair in pairwise(stops)]
    one = migrating(component)
    if one is None:
        why = "the catalogue has no service of this component with a task that fills databases"
        return tuple(DryRun(component, hop, why=why) for hop in hops)
    lacking = [name for name in stops if component not in distribution.release(name).components]
    if lacking:
        why = f"{', '.join(lacking)} does not have it"
        return tuple(DryRun(component, hop, why=why) for hop in hops)
    way = _Way(one, stops, workshop)
    try:
        plans = way.plans(distribution)
        runs = way.runs(plans, one.name)
    except (CheckFailedError, RunFailedError) as error:  # a series does not apply, a wheel cannot be built
        return tuple(DryRun(component, hop, why=_brief(error), stops=True) for hop in hops)
    if all(run.good for run in runs):
        return runs
    with scratch_directory(fast_base()) as nowhere, suppress(CheckFailedError, RunFailedError):
        plain = way.plans(unpatched(distribution, nowhere))
        same = [plan.key for plan in plans] == [plan.key for plan in plain]
        others = runs if same else way.runs(plain, f"{one.name}-unpatched")
        return tuple(run if run.good else replace(run, upstream=other) for run, other in zip(runs, others, strict=True))
    return runs


class _Way:
    """The releases that a service's databases go through."""

    def __init__(self, one: Migrating, stops: tuple[str, ...], workshop: Workshop) -> None:
        self.one, self.stops, self.workshop = one, stops, workshop
        # By environment: what the commands come to on empty databases, which runs with patches and without may share.
        self._new: dict[str, tuple[Ran, ...]] = {}
        self._schemas: dict[str, Mapping[str, Schema]] = {}

    def plans(self, distribution: Distribution) -> list[EnvironmentPlan]:
        """Plan the environment of each release."""
        return [plan_of(self.one.service, distribution, stop, self.workshop) for stop in self.stops]

    def runs(self, plans: Sequence[EnvironmentPlan], what: str) -> tuple[DryRun, ...]:
        """Run the way, or remember how it was when it was run with the same environments and ended well."""
        about = [FORM, self.one.service.model_dump(mode="json"), self.stops, [plan.key for plan in plans], version()]
        key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
        known = _remembered(self.workshop.memo, key)
        if known is not None:
            return known
        environments = [
            self.workshop.environment(plan, f"{what}/{stop}").path for stop, plan in zip(self.stops, plans, strict=True)
        ]
        with scratch_directory(fast_base()) as folder:
            folder.chmod(0o700)
            (folder / "server").mkdir()
            with scratch_server(folder / "server", self.workshop.logs / f"{what}-server.log") as server:
                bench = Bench(self.one, server, folder, self.workshop.artifacts.directory)
                runs = tuple(self._run(bench, environments, what))
        if all(run.failed is None for run in runs):
            self.workshop.memo.put(SUBJECT, key, json.dumps([asdict(run) for run in runs]))
        return runs

    def _run(self, bench: Bench, environments: Sequence[Path], what: str) -> Iterator[DryRun]:
        """Make new databases of each release that is entered, then take those of the first release all the way."""
        for stop, environment in zip(self.stops[1:], environments[1:], strict=True):
            if environment.name not in self._new:
                bench.empty()
                ran = self._bring(bench, environment, f"a new database to {stop}", what)
                self._new[environment.name], self._schemas[environment.name] = ran, bench.schemas()
        bench.empty()
        way = self._bring(bench, environments[0], f"a new database to {self.stops[0]}", what)
        for (start, end), environment in zip(pairwise(self.stops), environments[1:], strict=True):
            if _well(way):
                way += self._bring(bench, environment, f"a database of {start} to {end}", what)
            new = self._new[environment.name]
            fresh, upgraded = self._schemas[environment.name], bench.schemas()
            databases = tuple(
                Compared(name, upgraded[name].heads, fresh[name].heads, differences(upgraded[name], fresh[name]))
                for name in (self.one.service.databases if _well(way) and _well(new) else ())
            )
            yield DryRun(self.one.service.component or "", Hop(start, end), (*new, *way), databases)

    def _bring(self, bench: Bench, environment: Path, made: str, what: str) -> tuple[Ran, ...]:
        subject, events = f"{what}/{made.replace(' ', '-')}", self.workshop.events
        events.emit(Kind.STARTED, subject, f"bring {made}")
        ran = tuple(bench.bring(environment, made, self.workshop.logs / f"{subject.replace('/', '-')}.log"))
        events.emit(Kind.DONE if _well(ran) else Kind.FAILED, subject, "", sum(each.seconds for each in ran))
        return ran


def _well(ran: Sequence[Ran]) -> bool:
    return all(each.status == 0 for each in ran)


def _remembered(memo: Memo, key: str) -> tuple[DryRun, ...] | None:
    """Give the runs of an earlier time."""
    try:
        return tuple(map(_of_plain, json.loads(memo.get(SUBJECT, key) or "")))
    except (ValueError, TypeError, KeyError):
        return None


def _of_plain(plain: Mapping[str, Any]) -> DryRun:
    databases = tuple(
        Compared(
            each["database"],
            tuple(each["heads"]),
            tuple(each["fresh"]),
            tuple(Difference(**one) for one in each["differences"]),
        )
        for each in plain["databases"]
    )
    return DryRun(plain["component"], Hop(**plain["hop"]), tuple(Ran(**ran) for ran in plain["ran"]), databases)


def _brief(error: StackwrightError) -> str:
    place = str(error.where)
    return " ".join(f"{f'{place}: ' if place else ''}{error.what}{f': {error.why}' if error.why else ''}".split())
