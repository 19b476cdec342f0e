"""Commands that change a site: plan, up, down, destroy."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import InputError, ManyInputsError
from stackwright.events import Events, Kind
from stackwright.plan.journal import Journal
from stackwright.plan.lock import exclusive
from stackwright.plan.plan import Plan, make_plan
from stackwright.plan.run import run
from stackwright.site import state as site_state
from stackwright.site.access import write_access_files
from stackwright.targets.local.machine import require_root, require_space
from stackwright.targets.local.teardown import down_graph, remove
from stackwright.targets.local.validity import risk
from stackwright.targets.local.wish import Wish, known_cloud, make_wish
from stackwright.tools import process

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

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
            wish = wish_of(workspace, events)
            for fault in wish.faults:
                events.emit(Kind.WARNING, workspace.site.name, f"`up` will refuse this: {fault.where}: {fault.what}")
            plan = make_plan(wish.graph)
        items = plan.items if parsed_args.all else plan.lacking
        if not items:
            sys.stderr.write("Nothing to do: the site is as it is wished.\n")
        rows = [(item.step.name, item.step.summary, item.verdict.state, item.verdict.reason) for item in items]
        return ("Step", "What it does", "State", "Why"), rows


class Up(WorkspaceCommand):
    """Bring the site up, or bring it to what the distribution says now."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the word that takes a risk."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--force", action="store_true", help="start with a configuration that is invalid, too")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Plan and run what reality lacks."""
        workspace = self.workspace
        begun = time.monotonic()
        with at_work(workspace, "up") as events:
            wish = wish_of(workspace, events, force=parsed_args.force)
            refuse(wish, events, force=parsed_args.force)
            carried_out = bring_up(workspace, wish, make_plan(wish.graph), "up", events)
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
    """Stop the site and remove its servers and data; its secrets stay in the distribution."""

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


@contextmanager
def at_work(workspace: Workspace, command: str) -> Iterator[Events]:
    """Hold the site's lock while the block changes it, and end what a run that was cut off has left.

    :raises EnvironmentLacksError: not root, no space, or another run is at work
    :raises InputError: the state directory is in a place where the site's processes could not work
    """
    require_root()
    paths = workspace.paths
    paths.check()
    paths.root.mkdir(parents=True, exist_ok=True)
    require_space(paths.root)
    with exclusive(paths.lock, f"stackwright {command}"), workspace.events() as events:
        for name in process.end_orphans(paths.root):
            events.emit(Kind.NOTE, "run", f"ended {name}, which an earlier run that was cut off had left")
        process.mark_run(paths.root)
        yield events


def wish_of(workspace: Workspace, events: Events, *, force: bool = False, anew: frozenset[str] = frozenset()) -> Wish:
    """Work out what the site is to be.

    :param force: go on with a configuration that cannot be validated
    :param anew: secrets to be made anew
    """
    return make_wish(
        workspace.distribution,
        workspace.site,
        state=workspace.state,
        cache=workspace.cache,
        events=events,
        force=force,
        anew=anew,
    )


def refuse(wish: Wish, events: Events, *, force: bool = False) -> None:
    """Do not start with an invalid configuration; if that is forced, name the risk."""
    if wish.faults and not force:
        if len(wish.faults) == 1:
            raise wish.faults[0]
        raise ManyInputsError(wish.faults)
    for fault in wish.faults:
        events.emit(Kind.WARNING, wish.site.name, risk(fault))


def bring_up(workspace: Workspace, wish: Wish, plan: Plan, command: str, events: Events) -> int:
    """Keep what a wish has chosen, and run what its plan lacks; gives the number of steps carried out."""
    paths = workspace.paths
    site_state.save(paths, wish.cloud.state)
    wish.secrets.keep(events)
    write_access_files(paths, workspace.site.name, wish.cloud.access)
    return carry_out(plan, workspace, command, events)


def _stop(workspace: Workspace, events: Events) -> int:
    paths = workspace.paths
    process.end_orphans(paths.root)
    process.mark_run(paths.root)
    cloud = known_cloud(workspace.site, state=workspace.state)
    return carry_out(make_plan(down_graph(cloud)), workspace, "down", events)


def carry_out(plan: Plan, workspace: Workspace, command: str, events: Events) -> int:
    """Run what a plan lacks, and give the number of steps carried out."""
    if not plan.lacking:
        return 0
    journal = Journal(workspace.paths.journal)
    try:
        outcome = run(plan, command=command, journal=journal, logs=workspace.paths.steps, events=events)
    finally:
        journal.close()
    return outcome.carried_out
