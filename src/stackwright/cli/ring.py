"""Commands on the rings of a site's services."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.cli.site import at_work, carry_out, wish_of
from stackwright.errors import InputError, ManyInputsError
from stackwright.plan.graph import Graph
from stackwright.plan.plan import make_plan
from stackwright.targets.local.rings import devices_of, ring_faults, rings_step

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.targets.local.cloud import Cloud

MIB = 2**20


class RingShow(WorkspaceLister):
    """List the devices that hold a site's data, and what lies on them; exit status 1 if one is full or not there."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Look at the rings and the devices."""
        with self.workspace.events() as events:
            cloud = wish_of(self.workspace, events).cloud
        rows = []
        self._amiss = False
        for service in _with_rings(cloud):
            for one in devices_of(cloud, service):
                self._amiss |= one.amiss
                partitions = " ".join(f"{ring}:{count}" for ring, count in one.partitions.items())
                free = one.room.free // MIB if one.room else ""
                rows.append((one.name, one.region, one.zone, f"{one.weight:g}", partitions, one.files, free, one.state))
        return ("Device", "Region", "Zone", "Weight", "Partitions", "Files", "Free (MiB)", "State"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list."""
        super().run(parsed_args)
        return 1 if self._amiss else 0


class RingBuild(WorkspaceCommand):
    """Bring the rings to what the site's values say, as `up` does, and nothing else."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the word that takes data off devices."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--drain", action="store_true", help="take the data off devices that the site no longer names, first"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Plan and run the steps of the rings."""
        workspace, drain = self.workspace, parsed_args.drain
        begun = time.monotonic()
        with at_work(workspace, "ring build") as events:
            wish = wish_of(workspace, events)
            services = tuple(_with_rings(wish.cloud))
            faults = tuple(ring_faults(wish.cloud, drain=drain))
            if faults:
                raise faults[0] if len(faults) == 1 else ManyInputsError(faults)
            graph = Graph(tuple(rings_step(wish.cloud, service, (), drain=drain) for service in services))
            carried_out = carry_out(make_plan(graph), workspace, "ring build", events)
        told = f"{carried_out} steps in {time.monotonic() - begun:.1f} s" if carried_out else "there was nothing to do"
        self.say(f"The rings of {', '.join(services)} are as the site wants them: {told}.")


def _with_rings(cloud: Cloud) -> Iterator[str]:
    """Give the services that have rings.

    :raises InputError: none has
    """
    names = [name for name, entry in cloud.selection.services.items() if entry.rings is not None]
    if not names:
        raise InputError("no service of the site has rings", fix="add one that has to `services:` in the site's file")
    yield from names
