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

    from stackwright.events import Events
    from stackwright.hazards.forecast.model import Forecast


class UpgradeForecast(WorkspaceLister):
    """Tell what an upgrade does to patches and databases, and which hazards it meets; exit status 1 at a no-go."""

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
        parser.add_argument("--long", action="store_true", help="also list what is only good to know")
        parser.add_argument("--json", metavar="FILE", type=Path, help="write everything for programs")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look at every component of every hop."""
        from stackwright.hazards.forecast.forecast import forecast
        from stackwright.hazards.forecast.model import Weight
        from stackwright.sources.bases import Bases

        workspace = self.workspace
        memo, store = Memo(workspace.cache), Store(workspace.state / "store.git")
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            self._forecast = forecast(
                workspace.distribution,
                parsed_args.start,
                parsed_args.end,
                skip_level=parsed_args.skip_level,
                bases=bases,
                memo=memo,
                today=date.today(),
            )
            if parsed_args.run:
                self._forecast = self._with_dry_runs(self._forecast, store, memo, events)
        if parsed_args.json:
            parsed_args.json.write_text(json.dumps(_plain(self._forecast), indent=1) + "\n", encoding="utf-8")
        told = [("", "", finding) for finding in self._forecast.findings]
        told += [
            (page.component, f"{page.hop.start} to {page.hop.end}", finding)
            for page in self._forecast.pages
            for finding in page.findings
        ]
        rows = [
            (component, hop, one.weight, one.subject, one.name, one.what, one.step, one.where)
            for component, hop, one in told
            if parsed_args.long or one.weight is not Weight.NOTE
        ]
        return ("Component", "Hop", "Weight", "About", "Name", "What", "Do", "Where"), rows

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
        """Print the list, then what becomes of the patches, and the verdict."""
        from stackwright.hazards.forecast.model import Verdict

        super().run(parsed_args)
        for line in self._forecast.notes:
            sys.stderr.write(f"note: {line}\n")
        for page in self._forecast.pages:
            for fate in page.fates:
                why = f": {fate.why}" if fate.why else ""
                sys.stderr.write(f"{page.component} {page.hop.end}: {fate.fate}: {fate.subject}{why}\n")
        one = self._forecast
        sys.stderr.write(f"{one.start} to {one.end}: {one.verdict}\n")
        return CheckFailedError.status if one.verdict is Verdict.NO_GO else 0


def _plain(one: Forecast) -> dict[str, object]:
    pages = [asdict(page) | {"verdict": page.verdict} for page in one.pages]
    return asdict(one) | {"verdict": one.verdict, "pages": pages}
