"""Steps that make the rings of a service as its values want them, and take data off devices that are to go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.catalogue.repeating import naming
from stackwright.errors import EnvironmentLacksError, InputError, RunFailedError
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.site.rings.builders import Made, look, make
from stackwright.site.rings.changes import Change, changes
from stackwright.site.rings.data import files_on, room_on
from stackwright.site.rings.layout import folder_of, layout_faults, layout_of, placing_of
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from stackwright.site.rings.changes import SeenDevice
    from stackwright.site.rings.data import Room
    from stackwright.site.rings.layout import Device, Layout, Placing
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


def ring_faults(cloud: Cloud, *, drain: bool = False) -> Iterator[InputError]:
    """Find what the rings of a site cannot become, before anything is changed.

    :param drain: take the data off devices that the site no longer names
    """
    faults = tuple(layout_faults(cloud.selection, cloud.values.said))
    yield from faults
    for service, entry in cloud.selection.services.items():
        if entry.rings is not None and not faults:
            try:
                _Rings(cloud, service).lacking(drain=drain)
            except InputError as error:
                yield error


@dataclass(frozen=True)
class DeviceSeen:
    """A device, as the site wants it and as it is.

    :param partitions: ring -> how many replicas of partitions it is to hold
    :param files: of data, that lie on it
    :param room: None if its folder is not there
    :param state: in a few words
    :param amiss: somebody has to do something
    """

    name: str
    region: int
    zone: int
    weight: float
    partitions: Mapping[str, int]
    files: int
    room: Room | None
    state: str
    amiss: bool


def devices_of(cloud: Cloud, service: str) -> Iterator[DeviceSeen]:
    """Look at the devices of a service: those of the rings, and those that the site wants."""
    rings = _Rings(cloud, service)
    wanted = {device.name: device for device in rings.layout.devices}
    for name in sorted({*wanted, *rings.leaving()}):
        seen = {ring: there for ring, made in rings.made.rings.items() if (there := made.by_name.get(name))}
        known: Device | SeenDevice = wanted[name] if name in wanted else next(iter(seen.values()))
        files, room = rings.files(name), room_on(folder_of(rings.renderer, name))
        partitions = {ring: there.partitions for ring, there in seen.items()}
        state, amiss = _state(known.weight if name in wanted else 0, seen.values(), files, room, rings.placing.reserve)
        yield DeviceSeen(name, known.region, known.zone, known.weight, partitions, files, room, state, amiss)


def _state(
    weight: float, seen: Collection[SeenDevice], files: int, room: Room | None, reserve: float
) -> tuple[str, bool]:
    """Say how a device is, and whether something is amiss with it."""
    if not seen:
        return "not in the rings yet: stackwright up", False
    if room is None:
        return "its folder is not there", True
    if weight == 0:
        return ("is being drained" if files else "empty: it may be removed"), False
    if room.full(reserve):
        return f"full: less than {reserve:g} % are free, so it takes no data", True
    if not any(there.partitions for there in seen):
        return "waits for its share: the last move is too short a time ago", False
    return "in use", False


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
        """Have the builders make changes.

        :raises EnvironmentLacksError: the service has never been brought up
        """
        environment = self.cloud.values.environments[self.service]
        if not environment.exists() or not self.placing.builders.exists():
            raise EnvironmentLacksError(f"{self.service} is not there yet to make its rings", fix="stackwright up")
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
