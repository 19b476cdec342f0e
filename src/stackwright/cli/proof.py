"""The command that proves that a cloud works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.plan.lock import exclusive
from stackwright.proof.access import ServersAccess, access_to, with_servers
from stackwright.proof.demo import check_server, remove_kept
from stackwright.proof.guest import make_guest
from stackwright.proof.smoke import smoke
from stackwright.targets.local.machine import require_root
from stackwright.targets.local.wish import known_cloud

if TYPE_CHECKING:
    import argparse

    from stackwright.events import Events
    from stackwright.proof.access import CloudAccess
    from stackwright.proof.report import SmokeReport


class Smoke(WorkspaceLister):
    """Prove that the cloud works: a server with network and consoles, and what else its services are for."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to prove."""
        parser = super().get_parser(prog_name)
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--keep", action="store_true", help="leave a server named demo running afterwards")
        choice.add_argument("--server", metavar="NAME", help="prove only that this server is up and answers")
        choice.add_argument("--clean", action="store_true", help="remove the server demo and all that came with it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Carry the checks out."""
        require_root()
        workspace = self.workspace
        access = access_to(known_cloud(workspace.site, state=workspace.state))
        if parsed_args.clean:
            with exclusive(workspace.paths.root / "smoke.lock", "stackwright smoke"):
                return ("Removed",), [(thing,) for thing in remove_kept(with_servers(access))]
        with (
            exclusive(workspace.paths.root / "smoke.lock", "stackwright smoke"),
            workspace.events() as events,
        ):
            self._report = self._prove(parsed_args, access, events)
        rows = [
            (row.check, "ok" if row.ok else "failed", f"{row.seconds:.1f}", row.detail) for row in self._report.rows
        ]
        return ("Check", "Result", "Seconds", "What was seen"), rows

    def _prove(self, parsed_args: argparse.Namespace, access: CloudAccess, events: Events) -> SmokeReport:
        if parsed_args.server:
            return check_server(with_servers(access), parsed_args.server, events)
        if parsed_args.keep:
            with_servers(access)
        guest = make_guest(self.workspace.cache, events) if isinstance(access, ServersAccess) else None
        return smoke(access, guest, events, keep=parsed_args.keep)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the report, then what failed."""
        super().run(parsed_args)
        if not parsed_args.clean:
            sys.stdout.flush()
            self._report.demand()
        return 0
