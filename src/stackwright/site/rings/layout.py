"""How a service's rings are to be: its values, as a layout. Pure: no file is looked at, no program is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.catalogue.repeating import naming
from stackwright.errors import InputError, Where
from stackwright.site.things import values_alone
from stackwright.site.values.merge import Placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import Rings
    from stackwright.distribution.document import Plain
    from stackwright.site.render import Renderer
    from stackwright.site.values.values import SiteValues


@dataclass(frozen=True, order=True)
class Device:
    """A device that holds data.

    :param name: NODE/DEVICE
    :param weight: its share of the data, in proportion to the others'; 0 drains it
    """

    name: str
    region: int
    zone: int
    weight: float

    @property
    def node(self) -> str:
        """The node that it is in."""
        return self.name.partition("/")[0]

    @property
    def own_name(self) -> str:
        """What it is called in its node."""
        return self.name.partition("/")[2]


@dataclass(frozen=True)
class Layout:
    """How the rings of a service are to be.

    :param replicas: how many devices hold everything
    :param part_power: the rings have 2 to this power partitions
    :param min_part_hours: hours in which no partition is moved twice
    """

    devices: tuple[Device, ...]
    replicas: int
    part_power: int
    min_part_hours: int

    @property
    def taking(self) -> tuple[Device, ...]:
        """The devices that take data."""
        return tuple(device for device in self.devices if device.weight > 0)


@dataclass(frozen=True)
class Address:
    """Where a ring's data is served for a device, and what the ring keeps of the device besides."""

    ip: str
    port: int
    meta: str


@dataclass(frozen=True)
class Placing:
    """What the entry of a service says of its rings, rendered.

    :param builders: the folder of the builders' files
    :param files: the folder of the rings
    :param addresses: ring -> device -> its address
    :param folders: device -> its folder on this machine
    :param holds: ring -> the patterns of the files that are data, below a device's folder
    :param reserve: percent of a device that stay free
    """

    builders: Path
    files: Path
    addresses: Mapping[str, Mapping[str, Address]]
    folders: Mapping[str, Path]
    holds: Mapping[str, tuple[str, ...]]
    reserve: float


def layout_of(renderer: Renderer) -> Layout:
    """Give the layout that the values of a service say."""
    rings = _rings(renderer)
    devices = renderer.plain_value(rings.devices)
    assert isinstance(devices, list)
    replicas, part_power, hours = renderer.words((rings.replicas, rings.part_power, rings.min_part_hours))
    found = tuple(_device(one) for one in devices if isinstance(one, dict))
    return Layout(found, int(replicas), int(part_power), int(hours))


def layout_faults(selection: Selection, said: SiteValues) -> Iterator[InputError]:
    """Find what is wrong with the rings that the values of a site ask for."""
    for service, entry in selection.services.items():
        if entry.rings is not None:
            where = _place(said, f"{service}.{entry.rings.devices}")
            yield from _faults(service, layout_of(values_alone(selection, said, service)), where)


def placing_of(renderer: Renderer, devices: tuple[str, ...]) -> Placing:
    """Render what the entry of a service says of its rings.

    :param devices: whose addresses and folders are wanted
    """
    rings = _rings(renderer)

    def of(template: str, ring: str, device: str) -> str:
        node, _, own = device.partition("/")
        return renderer.text(naming(ring=ring, node=node, device=own) + template)

    return Placing(
        Path(renderer.text(rings.builders)),
        Path(renderer.text(rings.files)),
        {
            ring: {
                device: Address(
                    of(rings.address, ring, device),
                    int(of(rings.port, ring, device)),
                    of(rings.meta, ring, device),
                )
                for device in devices
            }
            for ring in rings.holds
        },
        {device: Path(of(rings.folder, "", device)) for device in devices},
        rings.holds,
        float(renderer.text(rings.reserve)),
    )


def folder_of(renderer: Renderer, device: str) -> Path:
    """Give the folder of a device, whether the site still names it or not."""
    rings = _rings(renderer)
    node, _, own = device.partition("/")
    return Path(renderer.text(naming(node=node, device=own) + rings.folder))


def _rings(renderer: Renderer) -> Rings:
    """Give what the entry of a service says of its rings."""
    rings = renderer.values.selection.services[renderer.service].rings
    assert rings is not None
    return rings


def _faults(service: str, layout: Layout, where: Where) -> Iterator[InputError]:
    for name, times in Counter(device.name for device in layout.devices).items():
        if times > 1:
            yield InputError(f"{service} has the device {name} twice", where=where, fix="remove one")
    if (there := len(layout.taking)) < layout.replicas:
        yield InputError(
            f"{service} has {there} devices that take data, fewer than its {layout.replicas} replicas",
            where=where,
            why="each replica lies on a device of its own",
            fix=f"add devices, or set `replicas: {there}`" if there else "add devices",
        )


def _place(said: SiteValues, path: str) -> Where:
    tree = said.find(path)
    return tree.where if isinstance(tree, Placed) else Where(subject=path)


def _device(one: Mapping[str, Plain]) -> Device:
    weight = one["weight"]
    assert isinstance(weight, int | float)
    return Device(str(one["device"]), _whole(one["region"]), _whole(one["zone"]), float(weight))


def _whole(value: Plain) -> int:
    assert isinstance(value, int)
    return value
