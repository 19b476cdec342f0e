"""Steps that make the rings of a service as its values want them, and take data off devices that are to go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stackwright.catalogue.repeating import naming
from stackwright.errors import InputError, RunFailedError
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.site.rings.builders import Made, look, make
from stackwright.site.rings.changes import Change, changes
from stackwright.site.rings.data import files_on
from stackwright.site.rings.layout import folder_of, layout_of, placing_of
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.site.rings.layout import Layout, Placing
    from stackwright.targets.local.cloud import Cloud

RINGS = "rings"
# Seconds in which every process has seen a new ring: swift's processes look every fifteen (Ring.reload_time).
SEEN_AFTER = 16
# So many passes may take nothing off a device before it is given up.
PASSES = 5


def rings_step(cloud: Cloud, service: str, after: tuple[str, ...], *, drain: bool = False) -> Step:
    """Make the step ``<service>/rings``.

    :param drain: take the data off devices that the site no longer names
    """

    def check() -> Verdict:
        rings = _Rings(cloud, service)
        try:
            if rings.made.strange:
                return needed(f"{', '.join(rings.made.strange)} is not as it was made")
            lacking = rings.lacking(drain=drain)
        except InputError as error:
            return needed(error.what)
        told = dict.fromkeys(change.told for some in lacking.values() for change in some)
        if told:
            return needed("; ".join(told))
        return needed(f"{', '.join(rings.leaving())} is being drained") if drain and rings.leaving() else done()

    def do(context: Context) -> None:
        rings = _Rings(cloud, service)
        if rings.made.strange:
            rings.carry_out({})  # what is noted is not what is there: only the builders tell
        rings.carry_out(rings.lacking(drain=drain))
        if drain and rings.leaving():
            _drain(rings, context)

    return Step(f"{service}/{RINGS}", "lay out the data on the devices", check, do, after, seconds=1)


def ring_faults(cloud: Cloud) -> Iterator[InputError]:
    """Find what the rings of a site cannot become, before anything is changed."""
    for service, entry in cloud.selection.services.items():
        if entry.rings is not None:
            try:
                _Rings(cloud, service).lacking()
            except InputError as error:
                yield error


class _Rings:
    """The rings of a service: how they are to be, and what was made of them."""

    def __init__(self, cloud: Cloud, service: str) -> None:
        self.cloud, self.service = cloud, service
        self.renderer = cloud.renderer(service)
        self.layout: Layout = layout_of(self.renderer)
        self.placing: Placing = placing_of(self.renderer, tuple(device.name for device in self.layout.devices))
        self.made: Made = look(self.placing)

    def leaving(self) -> tuple[str, ...]:
        """Give the devices that the rings have, and the site no longer names."""
        wished = {device.name for device in self.layout.devices}
        there = {name for ring in self.made.rings.values() for name in ring.by_name}
        return tuple(sorted(there - wished))

    def files(self, device: str, *, limit: int | None = None) -> int:
        """Count the files of data on a device."""
        return files_on(folder_of(self.renderer, device), self.placing.holds, limit=limit)

    def lacking(self, *, drain: bool = False) -> dict[str, tuple[Change, ...]]:
        """Give what each ring lacks.

        :raises InputError: it cannot become what the site wants
        """
        holding = {device for device in self.leaving() if self.files(device, limit=1)}
        return {
            ring: changes(
                self.layout,
                self.placing.addresses[ring],
                self.made.rings.get(ring),
                holding=holding,
                drain=drain,
                now=time.time(),
            )
            for ring in self.placing.holds
        }

    def carry_out(self, wanted: Mapping[str, tuple[Change, ...]]) -> None:
        """Have the builders make changes."""
        environment = self.cloud.values.environments[self.service]
        self.made = make(environment, self.placing, wanted, self.service)

    def carry(self, device: str, context: Context) -> None:
        """Bring the data of a device's node to where the rings have it."""
        entry = self.cloud.selection.services[self.service].rings
        assert entry is not None
        prefix = naming(node=device.partition("/")[0])
        command = tuple(self.renderer.text(prefix + word) for word in entry.carry)
        process.run(command, cwd=self.cloud.paths.root, log=context.log)


def _drain(rings: _Rings, context: Context) -> None:
    """Take the data off the devices that are to go, and then the devices out of the rings.

    :raises RunFailedError: the partitions may not be moved yet, or a device does not become empty
    """
    written = time.monotonic()
    leaving = rings.leaving()
    for device in leaving:
        _refuse_to_wait(rings, device)
    for device in leaving:
        idle, left = 0, rings.files(device)
        while left:
            context.progress(f"{device} holds {left} files of data")
            rings.carry(device, context)
            before, left = left, rings.files(device)
            idle = idle + 1 if left >= before else 0
            if idle >= PASSES:
                raise RunFailedError(
                    f"{device} still holds {left} files of data, and {PASSES} passes have taken nothing off it",
                    why="the other devices do not take it: a node is down, or its disk is full",
                    fix="stackwright ring show tells of the devices, stackwright status of the processes",
                )
    # Until then a process may have written by the ring before.
    time.sleep(max(written + SEEN_AFTER - time.monotonic(), 0))
    rings.carry_out(rings.lacking(drain=True))
    if rings.leaving():
        raise RunFailedError(
            f"{', '.join(rings.leaving())} was written to once more while it was drained",
            fix="type the same again: it goes on from here",
        )


def _refuse_to_wait(rings: _Rings, device: str) -> None:
    for ring in rings.made.rings.values():
        there = ring.by_name.get(device)
        if there is not None and there.partitions and ring.moves_at > time.time():
            moment = time.strftime("%H:%M", time.localtime(ring.moves_at))
            raise RunFailedError(
                f"{device} cannot be drained before {moment}",
                why=f"its partitions have been moved a while ago, and are not moved twice in {ring.min_part_hours} h",
                fix="type the same then; or set `min-part-hours`",
            )
