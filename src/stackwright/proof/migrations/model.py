"""What a dry run of an upgrade's migrations has shown, and what that comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Finding, Subject, Weight, rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.hazards.forecast.model import Forecast, Hop
    from stackwright.proof.migrations.schema import Difference


@dataclass(frozen=True)
class Ran:
    """A command that brought databases to a release.

    :param task: of the catalogue: ``nova/db-sync``
    :param what: what it was to do: ``a database of 2024.2 to 2025.1``
    :param status: its exit status
    :param log: what it wrote; it may be gone, as a dry run that ended well is remembered
    :param tail: the last lines of that, if it failed
    """

    task: str
    what: str
    status: int
    seconds: float
    log: str
    tail: str = ""


@dataclass(frozen=True)
class Compared:
    """An upgraded database held against one that the target release made anew.

    :param heads: what it is stamped with, upgraded
    :param fresh: the same of the new one
    """

    database: str
    heads: tuple[str, ...]
    fresh: tuple[str, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class DryRun:
    """The real migrations of a component on a hop, run on a database server of their own.

    :param ran: the commands, in their order; the last may have failed
    :param databases: empty if a command failed
    :param upstream: the same without patches, where something is not as it should be
    :param why: why nothing was run
    :param stops: whether that is a reason not to upgrade
    """

    component: str
    hop: Hop
    ran: tuple[Ran, ...] = ()
    databases: tuple[Compared, ...] = ()
    upstream: DryRun | None = None
    why: str = ""
    stops: bool = False

    @property
    def failed(self) -> Ran | None:
        """The command that failed."""
        return next((ran for ran in self.ran if ran.status != 0), None)

    @property
    def good(self) -> bool:
        """Whether all ended well, and the databases are alike."""
        return not self.why and self.failed is None and not any(one.differences for one in self.databases)


def findings(run: DryRun) -> tuple[Finding, ...]:
    """Say what a dry run comes to: upstream's own differences are notes, all others stop the upgrade."""
    if run.why:
        weight = Weight.STOP if run.stops else Weight.NOTE
        step = "mend it: the upgrade would come to the same" if run.stops else ""
        return (Finding(Subject.DATABASE, run.component, weight, f"its migrations were not run: {run.why}", step),)
    if run.failed is not None:
        return (_failed(run, run.failed),)
    return tuple(_differing(run)) or (_well(run),)


def with_dry_runs(forecast: Forecast, runs: Sequence[DryRun]) -> Forecast:
    """Give a forecast with what dry runs have shown on the pages of their components and hops."""
    shown = {(run.component, run.hop): findings(run) for run in runs}
    pages = tuple(
        replace(page, findings=tuple(sorted((*page.findings, *shown.get((page.component, page.hop), ())), key=rank)))
        for page in forecast.pages
    )
    return replace(forecast, pages=pages)


def _failed(run: DryRun, failed: Ran) -> Finding:
    last = [line.strip() for line in failed.tail.strip().splitlines()][-3:]
    what = f"{failed.task} fails with status {failed.status} when it brings {failed.what}: {' / '.join(last)}"
    if run.upstream is not None:
        what += "; it fails without patches too" if run.upstream.failed else "; without the patches it ends well"
    step = "read its log and mend what it names: a real database would come no further"
    return Finding(Subject.DATABASE, failed.task, Weight.STOP, what, step, failed.log)


def _differing(run: DryRun) -> Iterator[Finding]:
    known = {
        (one.database, difference)
        for one in (run.upstream.databases if run.upstream else ())
        for difference in one.differences
    }
    for one in run.databases:
        for each in one.differences:
            if (one.database, each) not in known:
                what = (
                    f"{each.thing} of the database {one.database} is {each.upgraded or 'not there'} after the upgrade,"
                    f" and {each.fresh or 'not there'} in a new database of {run.hop.end}"
                )
                step = (
                    "mend the revisions that patches bring, so that an upgraded database is as a new one; in databases"
                    " that have been upgraded: bring it about by hand"
                )
                yield Finding(Subject.DATABASE, one.database, Weight.STOP, what, step, run.ran[-1].task)
        if some := [each.thing for each in one.differences if (one.database, each) in known]:
            what = (
                f"the database {one.database} is otherwise after the upgrade than a new one, with patches and without,"
                f" in {len(some)} of its parts: {', '.join(some)}"
            )
            yield Finding(Subject.DATABASE, one.database, Weight.NOTE, what)


def _well(run: DryRun) -> Finding:
    names = ", ".join(one.database for one in run.databases)
    seconds = sum(ran.seconds for ran in run.ran)
    what = f"the real migrations end well on empty tables ({seconds:.0f} s), and what comes out is as new: {names}"
    return Finding(Subject.DATABASE, run.component, Weight.NOTE, what)
