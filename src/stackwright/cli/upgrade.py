"""`upgrade forecast`: what happens on the way from a release to a later one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.events import Events
    from stackwright.hazards.forecast.model import ComponentPage, Finding, Forecast


class UpgradeForecast(WorkspaceLister):
    """Tell what an upgrade comes to, before anything happens; exit status 1 at a no-go.

    Patches, hazards, databases, options that the site sets, policies, versions of APIs, RPC and objects.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the way, and how to show it."""
        parser = super().get_parser(prog_name)
        parser.add_argument("start", metavar="FROM", help="the release that is left")
        parser.add_argument("end", metavar="TO", help="the release that is entered")
        parser.add_argument(
            "--skip-level", action="store_true", help="leave out what upstream lets be left out (SLURP)"
        )
        parser.add_argument(
            "--run", action="store_true", help="also run the real migrations of both trees, on a MariaDB made for that"
        )
        parser.add_argument("--long", action="store_true", help="also tell what is only good to know")
        parser.add_argument("--html", metavar="DIR", type=Path, help="write a summary, and a page a component")
        parser.add_argument("--json", metavar="FILE", type=Path, help="write everything for programs")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look at every component of every hop."""
        from stackwright.hazards.forecast.model import Weight

        self._forecast = self._made(parsed_args)
        if parsed_args.html:
            from stackwright.hazards.forecast.pages import write

            sys.stderr.write(f"the forecast is in {write(self._forecast, parsed_args.html)}\n")
        if parsed_args.json:
            parsed_args.json.write_text(json.dumps(_plain(self._forecast), indent=1) + "\n", encoding="utf-8")
        self._told = [
            (page, one) for page, one in _findings(self._forecast) if parsed_args.long or one.weight is not Weight.NOTE
        ]
        rows = [
            (one.weight, page.component if page else "", _hop(page), one.subject, one.name) for page, one in self._told
        ]
        return ("Weight", "Component", "Hop", "About", "Name"), rows

    def _made(self, parsed_args: argparse.Namespace) -> Forecast:
        from stackwright.catalogue.catalogue import own_catalogue
        from stackwright.hazards.forecast.forecast import forecast
        from stackwright.site.settings import settings
        from stackwright.site.values.values import site_values
        from stackwright.sources.bases import Bases

        workspace = self.workspace
        site = workspace.any_site
        set_there = {}
        if site is not None:
            catalogue = own_catalogue(site.platform)
            selection = catalogue.of(site)
            said = site_values(workspace.distribution, site, catalogue, selection)
            set_there = settings(said, selection, workspace.distribution.root)
        memo, store = Memo(workspace.cache), Store(workspace.state / "store.git")
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            made = forecast(
                workspace.distribution,
                parsed_args.start,
                parsed_args.end,
                skip_level=parsed_args.skip_level,
                site=site.name if site else "",
                settings=set_there,
                bases=bases,
                memo=memo,
                today=date.today(),
            )
            return self._with_dry_runs(made, store, memo, events) if parsed_args.run else made

    def _with_dry_runs(self, one: Forecast, store: Store, memo: Memo, events: Events) -> Forecast:
        """Take databases the whole way: those of the components that have any."""
        from stackwright.proof.migrations import dry_run, with_dry_runs

        runs = dry_run(
            self.workspace.distribution,
            one.start,
            one.end,
            tuple(dict.fromkeys(page.component for page in one.pages if page.migrations)),
            through=tuple(hop.end for hop in one.hops[:-1]),
            store=store,
            memo=memo,
            cache=self.workspace.cache,
            logs=self.workspace.state / "forecast",
            events=events,
        )
        return with_dry_runs(one, runs)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then each finding in words, what becomes of the patches, and the verdict."""
        from stackwright.hazards.forecast.model import Verdict

        super().run(parsed_args)
        one = self._forecast
        lines = [f"note: {line}" for line in one.notes]
        for page, finding in self._told:
            lines += _in_words(page, finding)
        for page in one.pages:
            lines += [
                f"{page.component} {page.hop.end}: {fate.fate}: {fate.subject}{f': {fate.why}' if fate.why else ''}"
                for fate in page.fates
            ]
        lines.append(f"{one.start} to {one.end}: {one.verdict}")
        sys.stderr.write("\n".join(lines) + "\n")
        return CheckFailedError.status if one.verdict is Verdict.NO_GO else 0


def _findings(one: Forecast) -> Iterator[tuple[ComponentPage | None, Finding]]:
    """Give all findings, the worst first, those about the way as a whole before those of components."""
    from stackwright.hazards.forecast.model import Weight

    told: list[tuple[ComponentPage | None, Finding]] = [(None, finding) for finding in one.findings]
    told += [(page, finding) for page in one.pages for finding in page.findings]
    yield from sorted(told, key=lambda each: list(Weight).index(each[1].weight))


def _hop(page: ComponentPage | None) -> str:
    return f"{page.hop.start} to {page.hop.end}" if page else ""


def _in_words(page: ComponentPage | None, finding: Finding) -> Iterator[str]:
    """Say a finding as errors are said."""
    of = f"{page.component} {_hop(page)}: " if page else ""
    yield f"{finding.weight}: {of}{finding.subject} {finding.name}: {finding.what}"
    if finding.where:
        yield f"  where: {finding.where}"
    if finding.step:
        yield f"  do:    {finding.step}"


def _plain(one: Forecast) -> dict[str, object]:
    pages = [asdict(page) | {"verdict": page.verdict} for page in one.pages]
    return asdict(one) | {"verdict": one.verdict, "pages": pages}
