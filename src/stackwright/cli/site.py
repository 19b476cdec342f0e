"""Commands that change a site: plan, up, down, destroy."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import InputError
from stackwright.events import Events, Kind
from stackwright.plan.journal import Journal
from stackwright.plan.lock import exclusive
from stackwright.plan.plan import Plan, make_plan
from stackwright.plan.run import run
from stackwright.site import state as site_state
from stackwright.site.access import write_access_files
from stackwright.targets.local.machine import require_root, require_space
from stackwright.targets.local.teardown import down_graph, remove
from stackwright.targets.local.wish import Wish, known_cloud, make_wish
from stackwright.tools import process

if TYPE_CHECKING:
    import argparse

    from stackwright.cli.workspace import Workspace


class ShowPlan(WorkspaceLister):
    """Show the steps that the site lacks, and why; nothing is changed."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to show."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--all", action="store_true", help="show the steps that are done as well")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Plan and list."""
        workspace = self.workspace
        with workspace.events() as events:
            plan = make_plan(_wish(workspace, events).graph)
        items = plan.items if parsed_args.all else plan.lacking
        if not items:
            sys.stderr.write("Nothing to do: the site is as it is wished.\n")
        rows = [(item.step.name, item.step.summary, item.verdict.state, item.verdict.reason) for item in items]
        return ("Step", "What it does", "State", "Why"), rows


class Up(WorkspaceCommand):
    """Bring the site up, or bring it to what the distribution says now."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:  # noqa: ARG002
        """Plan and run what reality lacks."""
        require_root()
        workspace = self.workspace
        begun = time.monotonic()
        paths = workspace.paths
        paths.check()
        paths.root.mkdir(parents=True, exist_ok=True)
        require_space(paths.root)
        with exclusive(paths.lock, "stackwright up"), workspace.events() as events:
            for name in process.end_orphans(paths.root):
                events.emit(Kind.NOTE, "run", f"ended {name}, which an earlier run that was cut off had left")
            process.mark_run(paths.root)
            wish = _wish(workspace, events)
            site_state.save(paths, wish.cloud.state)
            write_access_files(paths, workspace.site.name, wish.cloud.access)
            plan = make_plan(wish.graph)
            carried_out = _carry_out(plan, workspace, "up", events)
        seconds = time.monotonic() - begun
        if not carried_out:
            self.say(f"Nothing to do: {workspace.site.name} is as it is wished ({seconds:.1f} s).")
            return
        self.say(f"{workspace.site.name} is up: {carried_out} steps in {seconds:.1f} s.")
        self.say(f"  prove that it works:                   {workspace.again} smoke")
        self.say(f'  speak to it with the openstack client: eval "$({workspace.again} env)"')


class Down(WorkspaceCommand):
    """Stop the site: `up` brings it back with its servers and data."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:  # noqa: ARG002
        """Stop every process in the opposite order."""
        require_root()
        workspace = self.workspace
        with exclusive(workspace.paths.lock, "stackwright down"), workspace.events() as events:
            stopped = _stop(workspace, events)
        self.say(f"{workspace.site.name} is down: {stopped} steps.")


class Destroy(WorkspaceCommand):
    """Stop the site and remove everything of it: servers, data, secrets."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the word that means it."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--yes", action="store_true", help="yes, remove its servers and data")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Stop it and remove its folder."""
        require_root()
        workspace = self.workspace
        if not parsed_args.yes:
            raise InputError(
                f"destroy removes all servers and data of the site {workspace.site.name}",
                fix=f"if you mean it: {workspace.again} destroy --yes",
            )
        with exclusive(workspace.paths.lock, "stackwright destroy"), workspace.events() as events:
            _stop(workspace, events)
            remove(known_cloud(workspace.site, state=workspace.state))
        self.say(f"Nothing is left of {workspace.site.name}.")


def _wish(workspace: Workspace, events: Events) -> Wish:
    return make_wish(
        workspace.distribution, workspace.site, state=workspace.state, cache=workspace.cache, events=events
    )


def _stop(workspace: Workspace, events: Events) -> int:
    paths = workspace.paths
    process.end_orphans(paths.root)
    process.mark_run(paths.root)
    cloud = known_cloud(workspace.site, state=workspace.state)
    return _carry_out(make_plan(down_graph(cloud)), workspace, "down", events)


def _carry_out(plan: Plan, workspace: Workspace, command: str, events: Events) -> int:
    """Run what a plan lacks, and give the number of steps carried out."""
    if not plan.lacking:
        return 0
    journal = Journal(workspace.paths.journal)
    try:
        outcome = run(plan, command=command, journal=journal, logs=workspace.paths.steps, events=events)
    finally:
        journal.close()
    return outcome.carried_out
