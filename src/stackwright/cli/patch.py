"""Commands on patches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError
from stackwright.patches import State, read_series, status
from stackwright.sources import resolve
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse

    from stackwright.patches import PatchStatus

GOOD = {State.APPLIES, State.OFFSET}


class Status(WorkspaceLister):
    """Tell of each patch whether it applies to its release; exit status 1 if one needs a hand."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="?", help="one component (all)")
        parser.add_argument("--release", metavar="NAME", help="a release (that of the site)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Fetch the sources, apply the series, list the patches."""
        workspace = self.workspace
        distribution, release = workspace.distribution, workspace.release(parsed_args.release)
        names = [release.component(parsed_args.component).name] if parsed_args.component else list(release.components)
        series = {name: read_series(distribution.series_directory(name, release.name)) for name in names}
        wanted = [release.component(name) for name in names if series[name].patches]
        store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
        with workspace.events() as events:
            sources = resolve(wanted, release, store=store, memo=memo, cache=workspace.cache, events=events)
        found = {name: status(store, source.tree, series[name]) for name, source in sources.items()}
        self._bad = [row for rows in found.values() for row in rows if row.state not in GOOD]
        rows = [(name, release.name, row.name, row.state, row.subject) for name, rows in found.items() for row in rows]
        return ("Component", "Release", "Patch", "State", "Subject"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what is wrong."""
        super().run(parsed_args)
        for row in self._bad:
            sys.stderr.write(f"{_told(row)}\n")
        return CheckFailedError.status if self._bad else 0


def _told(row: PatchStatus) -> str:
    return f"error: {row.error}" if row.error else f"error: {row.name}: {row.state}"
