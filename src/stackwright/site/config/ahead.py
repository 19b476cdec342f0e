"""What the release after a site's own makes of what the site sets; judged by the claims of the two trees."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from stackwright.errors import StackwrightError
from stackwright.hazards.carried import Carried, carry
from stackwright.hazards.check import in_order
from stackwright.hazards.forecast.model import Weight
from stackwright.hazards.forecast.options import options
from stackwright.hazards.rulebook import rules_of
from stackwright.patches.series import read_series
from stackwright.site.config.model import Finding, Rule, Severity
from stackwright.site.settings import settings
from stackwright.sources.bases import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.distribution import Distribution
    from stackwright.hazards.forecast.model import Finding as Forecast
    from stackwright.hazards.forecast.model import Setting
    from stackwright.site.config.validate import Validated
    from stackwright.site.render import Values
    from stackwright.sources.bases import Base, Bases
    from stackwright.store import Memo


def next_release(distribution: Distribution, release: str) -> str:
    """Give the release of the distribution that comes after one; empty if it is the last."""
    return dict(pairwise(in_order(distribution.releases))).get(release, "")


def ahead(
    distribution: Distribution,
    release: str,
    values: Values,
    validated: Sequence[Validated],
    *,
    bases: Bases,
    memo: Memo,
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Say what becomes of what a site sets in the release after its own, if the distribution has one.

    :param release: the site's own
    :param validated: the services that are looked at
    :return: findings, and what could not be looked at, each with its reason
    """
    end = next_release(distribution, release)
    if not end:
        return (), ()
    set_there = settings(values.said, values.selection, distribution.root)
    named = (values.selection.services[one.service].component or "" for one in validated)
    both = [
        name for name in dict.fromkeys(named)
        if all(name in distribution.release(each).components for each in (release, end))
    ]  # fmt: skip
    found = bases.find([Asked(each, name) for name in both for each in (release, end)])
    findings: list[Finding] = []
    notes: list[str] = []
    for name in both:
        some = set_there.get(name, ())
        try:
            for told in _of_component(distribution, name, (release, end), found, some, memo):
                findings += _placed(told, end, some, validated)
        except StackwrightError as error:
            notes.append(f"{name}: what {end} makes of it is not looked at: {error.what}")
    return tuple(findings), tuple(notes)


def _of_component(
    distribution: Distribution,
    name: str,
    hop: tuple[str, str],
    bases: Mapping[Asked, Base | StackwrightError],
    some: Sequence[Setting],
    memo: Memo,
) -> tuple[Forecast, ...]:
    """Give the forecast's findings on the options of a component.

    :raises StackwrightError: a source is out of reach, or there are no rules for the component
    """
    rules = rules_of(name, distribution.release(hop[1]).components[name].distribution_name)
    carried: list[Carried] = []
    for release in hop:
        base = bases[Asked(release, name)]
        if isinstance(base, StackwrightError):
            raise base
        carried.append(carry(name, release, base, read_series(distribution.series_directory(name, release)), memo))
    before, after = (one.claims(one.tree, rules, memo).claims for one in carried)
    return options(name, before, after, some, hop[1])


def _placed(told: Forecast, end: str, some: Sequence[Setting], validated: Sequence[Validated]) -> Iterator[Finding]:
    """Give a finding of the forecast for each option that it speaks of; of what nobody sets, nothing."""
    meant = {
        (one.service, one.file, one.section, one.option)
        for one in some
        if f"{one.section}/{one.option}" == told.name and one.where in told.where
    }
    severity = Severity.NOTE if told.weight is Weight.NOTE else Severity.WARNING
    for one in validated:
        for option in (option for file in one.files for option in file.options):
            if (one.service, option.file, option.section, option.name) in meant:
                yield Finding(
                    severity,
                    Rule.GOING,
                    one.service,
                    option.file,
                    option.section,
                    option.name,
                    f"in {end}: {told.what}",
                    told.step,
                    option.where,
                    option.layer,
                )
