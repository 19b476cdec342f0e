"""Forecast what happens to a distribution on the way from one release to another."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import InputError, StackwrightError
from stackwright.hazards.carried import Carried, carry
from stackwright.hazards.check import check
from stackwright.hazards.claims import changes
from stackwright.hazards.forecast.databases import migrations
from stackwright.hazards.forecast.fates import fates, of_fates, of_series
from stackwright.hazards.forecast.model import ComponentPage, Finding, Forecast, Setting, Subject, Weight, rank
from stackwright.hazards.forecast.options import options
from stackwright.hazards.forecast.policies import policies
from stackwright.hazards.forecast.triggered import triggered
from stackwright.hazards.forecast.versions import repeats, versions
from stackwright.hazards.forecast.way import way
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import rules_of
from stackwright.patches.matrix.survey import Wanted, survey
from stackwright.patches.series import read_series
from stackwright.sources.bases import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stackwright.distribution import Distribution
    from stackwright.hazards.check import Found, Report
    from stackwright.hazards.forecast.model import Hop, MigrationPath, PatchFate
    from stackwright.hazards.rulebook import Rules
    from stackwright.patches.matrix.cells import Cell
    from stackwright.sources.bases import Base, Bases
    from stackwright.store import Memo

# What needs a component's rules; sources and patches are told without.
NEED_RULES = frozenset(Subject) - {Subject.SOURCE, Subject.PATCH}
NOTHING_SET: Mapping[str, Sequence[Setting]] = {}


def forecast(
    distribution: Distribution,
    start: str,
    end: str,
    *,
    skip_level: bool,
    site: str = "",
    settings: Mapping[str, Sequence[Setting]] = NOTHING_SET,
    bases: Bases,
    memo: Memo,
    today: date,
) -> Forecast:
    """Tell what happens on the way from a release to a later one, to each component.

    :param skip_level: leave out the releases that upstream lets be left out
    :param site: whose options are looked at; empty if none
    :param settings: what it sets, by component
    :raises InputError: there is no such release or way; a series or the ledger cannot be read
    """
    hops, findings = way(distribution, start, end, skip_level=skip_level)
    pages: list[ComponentPage] = []
    notes = [] if site else ["the distribution has no site: what a site sets is not looked at"]
    for hop in hops:
        one = _Hop(distribution, hop, settings, skip_level=skip_level, bases=bases, memo=memo, today=today)
        pages += one.pages()
        notes += one.notes
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    notes_once = tuple(dict.fromkeys(notes))
    return Forecast(
        distribution.name, start, end, skip_level, site, tuple(hops), tuple(pages), tuple(findings), notes_once, made
    )


@dataclass(frozen=True)
class _Seen:
    """What is looked at of all components, once a hop."""

    bases: Mapping[Asked, Base | StackwrightError]
    own: Mapping[str, Cell]
    carried_on: Mapping[str, Cell]
    report: Report


class _Hop:
    """One hop, and its pages."""

    def __init__(
        self,
        distribution: Distribution,
        hop: Hop,
        settings: Mapping[str, Sequence[Setting]],
        *,
        skip_level: bool,
        bases: Bases,
        memo: Memo,
        today: date,
    ) -> None:
        self.distribution = distribution
        self.hop = hop
        self.settings = settings
        self.skip_level = skip_level
        self.memo = memo
        self.notes: list[str] = []
        self.earlier = distribution.release(hop.start).components
        self.later = distribution.release(hop.end).components
        asked = [Asked(hop.start, name) for name in self.earlier] + [Asked(hop.end, name) for name in self.later]
        found = bases.find(asked)  # first: all that has to be fetched at once
        both = [name for name in self.earlier if name in self.later]
        own = survey(distribution, Wanted(releases=(hop.end,)), bases=bases, memo=memo)
        on = survey(distribution, Wanted(tuple(both), (hop.start,), (hop.end,)), bases=bases, memo=memo)
        self.seen = _Seen(
            found,
            {cell.component: cell for cell in own.cells if cell.release == hop.end},
            {cell.component: cell for cell in on.cells if cell.against},
            check(distribution, Wanted(releases=(hop.start,)), bases=bases, memo=memo, today=today, targets={hop.end}),
        )

    def pages(self) -> Iterator[ComponentPage]:
        """Give a page for each component of the two releases."""
        for name in dict.fromkeys((*self.earlier, *self.later)):
            if name not in self.later or name not in self.earlier:
                yield self._alone(name)
            else:
                yield self._page(name)

    def _alone(self, name: str) -> ComponentPage:
        hop = self.hop
        if name in self.later:
            new = Finding(Subject.SOURCE, name, Weight.NOTE, f"{hop.end} has it, and {hop.start} does not")
            return ComponentPage(name, hop, "", str(self.later[name].source), (new,), looked=(Subject.SOURCE,))
        gone = Finding(
            Subject.SOURCE,
            name,
            Weight.STEP,
            f"it is no component of {hop.end}: what needs it gets what the package index has, or nothing",
            f"add it to releases/{hop.end}.yaml, or see that nothing needs it",
        )
        return ComponentPage(name, hop, str(self.earlier[name].source), "", (gone,), looked=(Subject.SOURCE,))

    def _page(self, name: str) -> ComponentPage:
        hop, seen = self.hop, self.seen
        before, after = self._carried(hop.start, name), self._carried(hop.end, name)
        findings: list[Finding] = []
        for release, one in ((hop.start, before), (hop.end, after)):
            if isinstance(one, StackwrightError):
                what = f"the source of {release} gives no tree: {one.what}"
                findings.append(Finding(Subject.SOURCE, name, Weight.STOP, what, one.fix))
        some: tuple[PatchFate, ...] = ()
        series = read_series(self.distribution.series_directory(name, hop.start))
        later = read_series(self.distribution.series_directory(name, hop.end))
        if name in seen.carried_on or later.patches:
            cell = seen.carried_on.get(name)
            some = fates(series, later, cell, self.distribution.root)
            findings += of_fates(some, name, hop)
        if name in seen.own:
            findings += of_series(seen.own[name])
        if isinstance(before, Carried) and before.conflict:
            findings.append(_does_not_apply(before))
        hazards = tuple(_of(seen.report, name, hop))
        paths: tuple[MigrationPath, ...] = ()
        looked = frozenset(Subject)
        rules = self._rules(name)
        if rules is None:
            looked -= NEED_RULES
        elif isinstance(before, Carried) and isinstance(after, Carried):
            paths, told = self._by_claims(rules, before, after, hazards)
            findings += told
        else:
            looked -= NEED_RULES - {Subject.HAZARD}
            findings += map(triggered, hazards)
        return ComponentPage(
            name,
            hop,
            _title(self.earlier[name].source, len(series.patches)),
            _title(self.later[name].source, len(later.patches)),
            tuple(sorted(findings, key=rank)),
            some,
            paths,
            tuple(subject for subject in Subject if subject in looked),
        )

    def _by_claims(
        self, rules: Rules, before: Carried, after: Carried, hazards: Sequence[Found]
    ) -> tuple[tuple[MigrationPath, ...], list[Finding]]:
        """Tell what follows from what the two patched trees claim, nothing twice; and the way of the databases."""
        name, end = before.component, self.hop.end
        trees = [one.claims(one.tree, rules, self.memo) for one in (before, after)]
        here, there = (tree.claims for tree in trees)
        ours = self._own(before, rules) | self._own(after, rules)
        paths, told = migrations(name, here, there, trees[1].read, ours, read_before=trees[0].read)
        rolling = rules.rolling
        return paths, [
            *(triggered(one) for one in hazards if one.accepted or not repeats(one.hazard, here, there)),
            *told,
            *versions(name, here, there, self.hop, skip_level=self.skip_level, rolling=rolling, found=hazards),
            *options(name, here, there, self.settings.get(name, ()), end, hazards),
            *policies(name, here, there, end, hazards),
        ]

    def _carried(self, release: str, name: str) -> Carried | StackwrightError:
        base = self.seen.bases[Asked(release, name)]
        if isinstance(base, StackwrightError):
            return base
        series = read_series(self.distribution.series_directory(name, release))
        return carry(name, release, base, series, self.memo)

    def _own(self, one: Carried, rules: Rules) -> frozenset[str]:
        """Give the database revisions that a series brings."""
        trees = (one.claims(tree, rules, self.memo).claims for tree in (one.base.tree, one.tree))
        made = changes(*trees)
        brought = [*made.added, *(after for _, after in made.changed)]
        return frozenset(claim.name for claim in brought if claim.kind is Kind.REVISION)

    def _rules(self, name: str) -> Rules | None:
        try:
            return rules_of(name, self.later[name].distribution_name)
        except InputError as error:
            self.notes.append(f"{name}: {error.what}: its patches are looked at, and what it claims is not")
            return None


def _of(report: Report, component: str, hop: Hop) -> Iterator[Found]:
    for found in report.found:
        if found.hazard.component == component and hop.end in found.hazard.targets:
            yield found


def _does_not_apply(one: Carried) -> Finding:
    assert one.conflict is not None
    return Finding(
        Subject.PATCH,
        one.component,
        Weight.STOP,
        f"its series does not apply to {one.release}, which is left: {one.conflict.what}",
        f"stackwright patch status {one.component} --release {one.release}",
    )


def _title(source: object, patches: int) -> str:
    return f"{source}" + (f" + {patches} {'patch' if patches == 1 else 'patches'}" if patches else "")
