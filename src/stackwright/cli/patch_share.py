"""One patch, many releases: `patch dedupe` and `patch range`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError
from stackwright.patches.editing.replacing import replace
from stackwright.patches.matrix.contents import contents, mergeable, plan_merge
from stackwright.patches.matrix.serves import served, unbroken
from stackwright.sources.bases import Bases
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse

    from stackwright.patches.matrix.contents import Content


class Dedupe(WorkspaceLister):
    """Tell which contents serve which releases, and merge files that have the same one."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="*", help="components (all)")
        parser.add_argument(
            "--merge", action="store_true", help="make one file, in the component's folder `shared`, of those alike"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """List the contents, and merge where that is wanted."""
        distribution = self.workspace.distribution
        found = contents(distribution, parsed_args.component)
        self._words: list[str] = []
        if parsed_args.merge:
            for content in mergeable(found):
                # Planned on what the one before has left.
                merge = plan_merge(distribution, content)
                replace(
                    distribution.root / "patches",
                    merge.files,
                    read=merge.read,
                    undo=self.workspace.state / "undo",
                    about=f"dedupe-{content.component}",
                )
                gone = ", ".join(os.path.relpath(file, distribution.root) for file in merge.gone)
                self._words.append(f"{os.path.relpath(merge.shared, distribution.root)} takes the place of {gone}")
            found = contents(distribution, parsed_args.component)
        elif mergeable(found):
            self._words.append(f"`{self.workspace.again} patch dedupe --merge` makes one file of each content")
        rows = [
            (
                content.component,
                content.name,
                content.digest[:12],
                ", ".join(content.releases),
                len(content.files),
                _alike(content, found),
            )
            for content in found
        ]
        return ("Component", "Patch", "Content", "Releases", "Files", "Same change as"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, and what was or could be done."""
        super().run(parsed_args)
        for words in self._words:
            self.app.stderr.write(f"{words}\n")
        return 0


def _alike(content: Content, found: list[Content]) -> str:
    """Name the contents that change the same and say it in other words."""
    others = [other for other in found if other.change == content.change and other.digest != content.digest]
    return ", ".join(f"{other.name} of {other.releases[0]}" for other in others if other.component == content.component)


class Range(WorkspaceLister):
    """Tell which releases a patch serves unchanged, in the form that it has in one of them."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which patch, and where to try it."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", help="the component")
        parser.add_argument("patch", help="the patch, as the series names it")
        parser.add_argument("--release", metavar="NAME", help="the release whose form is meant (that of the site)")
        parser.add_argument("--against", metavar="REF", action="append", default=[], help="a further ref or version")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Try it everywhere."""
        workspace = self.workspace
        release = workspace.release(parsed_args.release).name
        store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            rows = served(
                workspace.distribution,
                parsed_args.component,
                parsed_args.patch,
                release,
                parsed_args.against,
                bases=bases,
                memo=memo,
            )
        self._range = unbroken([row for row in rows if row.where in workspace.distribution.releases], release)
        listed = [
            (row.where, row.status.state if row.status else "no tree", "yes" if row.carries else "no", row.missing)
            for row in rows
        ]
        return ("Release", "State", "In its series", "Why"), listed

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, and the range in words; exit status 1 if the patch does not serve its own release."""
        super().run(parsed_args)
        if self._range is None:
            self.app.stderr.write("it does not serve its own release\n")
            return CheckFailedError.status
        first, last = self._range
        span = f"{first} to {last}" if first != last else f"{first} alone"
        self.app.stderr.write(f"{parsed_args.patch} serves {span} unchanged\n")
        return 0
