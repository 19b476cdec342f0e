"""`hazard lint`: what patches leave undone in their own trees, and the mending of it where that is mechanical."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.cli.errors import tell_all
from stackwright.cli.hazard_check import acceptance_told, hazard_told, sides_told
from stackwright.errors import CheckFailedError, StackwrightError
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse

    from stackwright.hazards.lint.run import Found, Linter
    from stackwright.sources.bases import Bases

LONG = ("Ours", "Theirs", "Happens", "Fix", "Accepted")
MECHANICAL = "with --fix"


class HazardLint(WorkspaceLister):
    """List what patches leave undone in their own trees: samples, histories, hashes, notes; exit status 1 if any."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at, and whether to mend it."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="*", help="components (all that have patches)")
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--release", metavar="NAME", action="append", default=[], help="a release (all)")
        group.add_argument(
            "--only",
            metavar="RELEASE",
            help="this release; with --fix a patch that others name too gets a form of its own for it",
        )
        parser.add_argument("--fix", action="store_true", help="mend in the patches what is mechanical, list the rest")
        parser.add_argument("--long", action="store_true", help="also list both sides, what happens and what to do")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look at every patch, mend what is to be mended, and list what is left."""
        from stackwright.hazards.lint.run import Linter
        from stackwright.patches.matrix.survey import Wanted
        from stackwright.sources.bases import Bases

        workspace = self.workspace
        releases = [parsed_args.only] if parsed_args.only else parsed_args.release
        wanted = Wanted(tuple(parsed_args.component), tuple(releases))
        memo, store = Memo(workspace.cache), Store(workspace.state / "store.git")
        self._errors: list[StackwrightError] = []
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            linter = Linter(workspace.distribution, wanted, bases=bases, memo=memo, today=date.today())
            self._mended = self._mend(linter, bases, only=parsed_args.only) if parsed_args.fix else []
            self._report = linter.report()
        columns = ("Severity", "Hazard", "Release", "Patch", "What", "Mend")
        further = LONG if parsed_args.long else ("Accepted",)
        return (*columns, *further), [_row(one, long=parsed_args.long) for one in self._report.found]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what was done and what has to be mended."""
        super().run(parsed_args)
        for line in (*self._mended, *(f"note: {note}" for note in self._report.notes)):
            sys.stderr.write(f"{line}\n")
        for one in self._report.found:
            if not one.accepted:
                lines = [*hazard_told(one.finding.hazard), f"  mend:   {_mend(one)}"]
                sys.stderr.write("\n".join(lines) + "\n")
        # What does not apply, the look after the mending says again.
        errors = {str(error): error for error in (*self._errors, *self._report.errors)}
        tell_all(errors.values(), self.workspace.log_format)
        return 0 if self._report.good and not errors else CheckFailedError.status

    def _mend(self, linter: Linter, bases: Bases, *, only: str | None) -> list[str]:
        """Mend series after series, each wholly or not at all; gives what was done."""
        from stackwright.cli.patch_edit import Opened, named_by_others, written

        done: list[str] = []
        distribution = self.workspace.distribution
        for asked, base in linter.bases.items():
            if isinstance(base, StackwrightError):
                continue  # told by the report
            try:
                series = linter.series(asked)
                shared = named_by_others(distribution, series) if only else []
                draft = linter.mended(asked, base, series, shared)
                if draft.contents:
                    done += written(Opened(self.workspace, bases, base, series), draft, "lint", same_tree=False)
            except StackwrightError as error:
                self._errors.append(error)
        return done


def _row(one: Found, *, long: bool) -> tuple[str, ...]:
    hazard, accepted = one.finding.hazard, acceptance_told(one.accepted)
    row = (hazard.severity, hazard.id, hazard.release, hazard.patch, hazard.what, _mend(one))
    return (*row, *sides_told(hazard), hazard.happens, hazard.fix, accepted) if long else (*row, accepted)


def _mend(one: Found) -> str:
    return MECHANICAL if one.finding.edits else f"by hand: {one.finding.by_hand}"
