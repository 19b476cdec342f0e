"""`hazard check` and `hazard reserve`: what patches collide with, and what the team has reserved."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister, add_columns
from stackwright.cli.errors import tell_all
from stackwright.errors import CheckFailedError
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.check import Found, Report
    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.ledger import Acceptance

LONG = ("Ours", "Theirs", "Happens", "Fix", "Accepted")


class HazardCheck(WorkspaceLister):
    """List what patches collide with in later releases and further refs; exit status 1 if that is not accepted."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at, and how to show it."""
        parser = super().get_parser(prog_name)
        add_columns(parser, "a further branch, tag, commit or version, such as master, that patches may collide with")
        parser.add_argument("--long", action="store_true", help="also list both sides, what happens and what to do")
        parser.add_argument("--json", metavar="FILE", type=Path, help="write everything that was found for programs")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look at every patch, and list what is found."""
        from stackwright.hazards.check import check
        from stackwright.patches.matrix.survey import Wanted
        from stackwright.sources.bases import Bases

        workspace = self.workspace
        wanted = Wanted(tuple(parsed_args.component), tuple(parsed_args.release), tuple(parsed_args.against))
        memo, store = Memo(workspace.cache), Store(workspace.state / "store.git")
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            self._report = check(workspace.distribution, wanted, bases=bases, memo=memo, today=date.today())
        if parsed_args.json:
            parsed_args.json.write_text(json.dumps(_plain(self._report), indent=1) + "\n", encoding="utf-8")
        columns = ("Severity", "Hazard", "Release", "Patch", "Collides with", "What")
        further = LONG if parsed_args.long else ("Accepted",)
        return (*columns, *further), [_row(one, long=parsed_args.long) for one in self._report.found]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what has to be mended."""
        super().run(parsed_args)
        for line in self._report.notes:
            sys.stderr.write(f"note: {line}\n")
        for one in self._report.found:
            if not one.accepted:
                sys.stderr.write("\n".join(hazard_told(one.hazard)) + "\n")
        tell_all(self._report.errors, self.workspace.log_format)
        return 0 if self._report.good else CheckFailedError.status


class HazardReserve(WorkspaceCommand):
    """Take the next free number or name of a component for the team, and write it into claims.yaml."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what is wanted, and for whom."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", help="whose number or name it is")
        parser.add_argument("kind", help="microversion, revision, object, rpc, service-version, policy, ...")
        parser.add_argument("--name", metavar="NAME", help="the object or RPC interface; or the name that is wanted")
        parser.add_argument("--for", metavar="WHO", dest="who", help="a patch, a set, or who looks after it (anybody)")
        parser.add_argument(
            "--margin", metavar="N", type=_positive, default=None, help="how far above the highest known number (10)"
        )
        parser.add_argument(
            "--against", metavar="REF", action="append", default=[], help="a further ref or version to look at"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Look at every tree, write the ledger, and print what was taken."""
        from stackwright.hazards.ledger import LEDGER
        from stackwright.hazards.reserve import MARGIN, reserve, wanted
        from stackwright.sources.bases import Bases

        workspace = self.workspace
        claim = wanted(parsed_args.component, parsed_args.kind, parsed_args.name, parsed_args.who, date.today())
        margin = parsed_args.margin or MARGIN
        memo, store = Memo(workspace.cache), Store(workspace.state / "store.git")
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            found = reserve(workspace.distribution, claim, parsed_args.against, margin, bases=bases, memo=memo)
        self.say(found.name)
        whom = f" for {found.for_}" if found.for_ else ""
        sys.stderr.write(f"{found.kind} {found.name} of {found.component} is reserved{whom}, in {LEDGER}.\n")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _row(one: Found, *, long: bool) -> tuple[str, ...]:
    hazard = one.hazard
    accepted = acceptance_told(one.accepted)
    row = (hazard.severity, hazard.id, hazard.release, hazard.patch, " ".join(hazard.targets), hazard.what)
    if not long:
        return (*row, accepted)
    return (*row, *sides_told(hazard), hazard.happens, hazard.fix, accepted)


def acceptance_told(accepted: Acceptance | None) -> str:
    """Say until when and why a hazard is accepted; nothing if it is not."""
    return f"until {accepted.until}: {accepted.reason}" if accepted else ""


def sides_told(hazard: Hazard) -> list[str]:
    """Say what each side of a hazard claims, and where."""
    return [f"{side.says} ({', '.join(filter(None, (side.who, side.place)))})" for side in (hazard.ours, hazard.theirs)]


def hazard_told(hazard: Hazard) -> Iterator[str]:
    """Say a hazard that is not accepted as errors are said."""
    ours, theirs = hazard.ours, hazard.theirs
    yield f"{hazard.severity}: {ours.file or hazard.patch}: {hazard.what}"
    yield f"  id:     {hazard.id}"
    yield f"  ours:   {ours.says}" + (f" ({ours.path}:{ours.line})" if ours.path else "")
    yield f"  theirs: {theirs.says} ({theirs.who}{', ' if theirs.place else ''}{theirs.place})"
    if len(hazard.targets) > 1:
        yield f"  also:   {', '.join(hazard.targets[1:])}"
    yield f"  then:   {hazard.happens}"
    yield f"  fix:    {hazard.fix}"


def _plain(report: Report) -> dict[str, object]:
    from stackwright.hazards.hazard import as_plain

    return {
        "hazards": [
            as_plain(one.hazard)
            | {"accepted": {"reason": one.accepted.reason, "until": str(one.accepted.until)} if one.accepted else None}
            for one in report.found
        ],
        "errors": [str(error) for error in report.errors],
        "notes": list(report.notes),
    }
