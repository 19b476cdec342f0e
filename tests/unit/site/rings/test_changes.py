"""What a ring lacks of its layout: the changes its builder is to make, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stackwright.errors import InputError
from stackwright.site.rings.changes import SeenDevice, SeenRing, changes
from stackwright.site.rings.layout import Address, Device, Layout

NAMES = ("a/d1", "b/d1", "c/d1", "d/d1")
ADDRESSES = {name: Address("127.0.0.1", 6200 + number, f"8873/{name[0]}") for number, name in enumerate(NAMES)}
LAYOUT = Layout(tuple(Device(name, 1, number, 100) for number, name in enumerate(NAMES[:3], 1)), 3, 8, 1)
SEEN = SeenRing(
    version=4,
    part_power=8,
    replicas=3,
    min_part_hours=1,
    devices=tuple(
        SeenDevice(one.name, 1, one.zone, 100, ADDRESSES[one.name].ip, ADDRESSES[one.name].port,
                   ADDRESSES[one.name].meta, 256)
        for one in LAYOUT.devices
    ),
    moves_at=1000.0,
    settled=True,
)  # fmt: skip
FOURTH = replace(LAYOUT, devices=(*LAYOUT.devices, Device("d/d1", 1, 3, 50)))


def with_device(seen: SeenRing, name: str, **other: float) -> SeenRing:
    devices = tuple(replace(one, **other) if one.name == name else one for one in seen.devices)  # type: ignore[arg-type]
    return replace(seen, devices=devices)


def acts(layout: Layout, seen: SeenRing | None, **how: object) -> list[str]:
    found = changes(layout, ADDRESSES, seen, **how)  # type: ignore[arg-type]
    return [f"{one.action} {one.device}".strip() for one in found]


def test_a_ring_that_is_not_there_is_made_with_all_devices_in_the_order_of_their_names() -> None:
    turned = replace(LAYOUT, devices=LAYOUT.devices[::-1])
    assert acts(turned, None) == ["create", "add a/d1", "add b/d1", "add c/d1"]
    made = changes(LAYOUT, ADDRESSES, None)
    assert made[0].plain() == {"action": "create", "device": "", "part_power": 8, "replicas": 3, "min_part_hours": 1}
    assert made[1].plain() == {
        "action": "add", "device": "a/d1", "region": 1, "zone": 1, "weight": 100,
        "ip": "127.0.0.1", "port": 6200, "meta": "8873/a",
    }  # fmt: skip


def test_a_ring_that_is_as_wished_lacks_nothing() -> None:
    assert acts(LAYOUT, SEEN) == []


@pytest.mark.parametrize(
    ("layout", "wanted"),
    [
        (FOURTH, ["add d/d1"]),
        (replace(LAYOUT, replicas=2), ["replicas"]),
        (replace(LAYOUT, min_part_hours=24), ["min-part-hours"]),
        (replace(LAYOUT, devices=(Device("a/d1", 2, 7, 100), *LAYOUT.devices[1:])), ["move a/d1"]),
        (replace(LAYOUT, devices=(Device("a/d1", 1, 1, 50), *LAYOUT.devices[1:])), ["weight a/d1"]),
    ],
)
def test_what_differs_is_changed_and_nothing_else(layout: Layout, wanted: list[str]) -> None:
    assert acts(layout, SEEN) == wanted


def test_a_port_that_is_another_moves_no_data() -> None:
    elsewhere = {**ADDRESSES, "b/d1": Address("127.0.0.1", 10200, "8873/b")}
    (one,) = changes(LAYOUT, elsewhere, SEEN)
    assert (one.action, one.device) == ("info", "b/d1")


def test_the_number_of_partitions_is_for_good() -> None:
    with pytest.raises(InputError, match="2 to the power 8 partitions, and the site wants 10") as caught:
        changes(replace(LAYOUT, part_power=10), ADDRESSES, SEEN)
    assert caught.value.fix == "set `part-power: 8`"


def test_a_device_without_data_goes_at_once() -> None:
    seen = replace(SEEN, devices=(*SEEN.devices, replace(SEEN.devices[0], name="d/d1")))
    assert acts(LAYOUT, seen) == ["remove d/d1"]


def test_a_device_with_data_goes_only_when_it_is_drained() -> None:
    seen = replace(SEEN, devices=(*SEEN.devices, replace(SEEN.devices[0], name="d/d1")))
    with pytest.raises(InputError, match="the device d/d1 holds data") as caught:
        changes(LAYOUT, ADDRESSES, seen, holding={"d/d1"})
    assert "stackwright ring build --drain" in caught.value.fix
    (drained,) = changes(LAYOUT, ADDRESSES, seen, holding={"d/d1"}, drain=True)
    assert drained.plain() == {"action": "weight", "device": "d/d1", "weight": 0}
    assert acts(LAYOUT, with_device(seen, "d/d1", weight=0, partitions=0), holding={"d/d1"}, drain=True) == []
    assert acts(LAYOUT, with_device(seen, "d/d1", weight=0, partitions=0), drain=True) == ["remove d/d1"]


def test_what_a_change_could_not_move_follows_when_it_may() -> None:
    waiting = replace(SEEN, settled=False)
    assert acts(LAYOUT, waiting, now=999.0) == []
    assert acts(LAYOUT, waiting, now=1001.0) == ["rebalance"]
    assert acts(FOURTH, waiting, now=1001.0) == ["add d/d1"]
    assert acts(LAYOUT, SEEN, now=1001.0) == []
