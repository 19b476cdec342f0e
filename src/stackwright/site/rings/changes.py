"""What a ring lacks of its layout, as the changes that its builder is to make. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Set

    from stackwright.site.rings.layout import Address, Layout

Action = Literal["create", "replicas", "min-part-hours", "add", "move", "weight", "info", "remove", "rebalance"]
# After these the partitions have to be laid out anew.
LAYING_OUT = frozenset({"create", "replicas", "add", "move", "weight", "remove", "rebalance"})


@dataclass(frozen=True)
class SeenDevice:
    """A device as a ring has it.

    :param partitions: how many replicas of partitions it is to hold
    """

    name: str
    region: int
    zone: int
    weight: float
    ip: str
    port: int
    meta: str
    partitions: int


@dataclass(frozen=True)
class SeenRing:
    """A ring as its builder has it.

    :param version: counts the changes of the builder
    :param moves_at: when its partitions may be moved again, in seconds since the epoch
    :param settled: every device has its share, or as near to it as partitions can be moved
    """

    version: int
    part_power: int
    replicas: float
    min_part_hours: int
    devices: tuple[SeenDevice, ...]
    moves_at: float
    settled: bool

    @property
    def by_name(self) -> dict[str, SeenDevice]:
        """Its devices by their names."""
        return {device.name: device for device in self.devices}


@dataclass(frozen=True)
class Change:
    """A change of a ring.

    :param device: of which device; empty if of the ring
    :param told: it in a few words
    """

    action: Action
    told: str
    device: str = ""
    values: Mapping[str, float | int | str] | None = None

    def plain(self) -> dict[str, Any]:
        """Give it as what the service's own builder is told."""
        return {"action": self.action, "device": self.device, **(self.values or {})}


def changes(
    layout: Layout,
    addresses: Mapping[str, Address],
    seen: SeenRing | None,
    *,
    holding: Set[str] = frozenset(),
    drain: bool = False,
    now: float = 0.0,
) -> tuple[Change, ...]:
    """Give what a ring lacks of a layout; nothing if it is as it is to be.

    :param addresses: of the devices of the layout
    :param seen: the ring; None if there is none yet
    :param holding: devices that hold data, of those that the layout does not have
    :param drain: take the data of those elsewhere, instead of refusing
    :param now: in seconds since the epoch
    :raises InputError: a device that holds data would be removed, or the number of partitions changed
    """
    found: list[Change] = []
    if seen is None:
        values = {
            "part_power": layout.part_power,
            "replicas": layout.replicas,
            "min_part_hours": layout.min_part_hours,
        }
        found.append(Change("create", f"2 to the power {layout.part_power} partitions", values=values))
    else:
        found += _of_the_ring(layout, seen)
    known = seen.by_name if seen else {}
    for device in sorted(layout.devices):
        address, there = addresses[device.name], known.get(device.name)
        place = {"region": device.region, "zone": device.zone}
        if there is None:
            said = {**place, "weight": device.weight, **asdict(address)}
            found.append(Change("add", f"add {device.name}", device.name, said))
            continue
        if (there.region, there.zone) != (device.region, device.zone):
            told = f"{device.name} is in region {device.region}, zone {device.zone}"
            found.append(Change("move", told, device.name, place))
        if there.weight != device.weight:
            told = f"{device.name} has the weight {device.weight:g}"
            found.append(Change("weight", told, device.name, {"weight": device.weight}))
        if (there.ip, there.port, there.meta) != (address.ip, address.port, address.meta):
            found.append(Change("info", f"{device.name} is served elsewhere", device.name, asdict(address)))
    wished = {device.name for device in layout.devices}
    for name in sorted(known.keys() - wished):
        found += _going(known[name], holds=name in holding, drain=drain)
    if not found and seen is not None and not seen.settled and now >= seen.moves_at:
        # After the change before, some partitions had to stay where they were for a time.
        found.append(Change("rebalance", "move the partitions that could not be moved yet"))
    return tuple(found)


def _of_the_ring(layout: Layout, seen: SeenRing) -> list[Change]:
    if seen.part_power != layout.part_power:
        raise InputError(
            f"the rings have 2 to the power {seen.part_power} partitions, and the site wants {layout.part_power}",
            why="what is stored lies where its partition is: with others it would not be found",
            fix=f"set `part-power: {seen.part_power}`",
        )
    found = []
    if seen.replicas != layout.replicas:
        values = {"replicas": layout.replicas}
        found.append(Change("replicas", f"{layout.replicas} replicas", values=values))
    if seen.min_part_hours != layout.min_part_hours:
        values = {"min_part_hours": layout.min_part_hours}
        found.append(Change("min-part-hours", f"{layout.min_part_hours} hours between moves", values=values))
    return found


def _going(device: SeenDevice, *, holds: bool, drain: bool) -> list[Change]:
    """Give what becomes of a device that is no longer wished."""
    if not holds:
        return [Change("remove", f"remove {device.name}", device.name)]
    if not drain:
        raise InputError(
            f"the device {device.name} holds data, and the site no longer names it",
            where=Where(subject=device.name),
            why="without it there is a replica less of everything that is on it",
            fix=f"stackwright ring build --drain takes the data elsewhere and then removes it; "
            f"or name {device.name} again with `weight: 0`",
        )
    if device.weight == 0:
        return []
    return [Change("weight", f"drain {device.name}", device.name, {"weight": 0})]
