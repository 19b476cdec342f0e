"""The rings that a site's values ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution import load
from stackwright.errors import InputError, ManyInputsError
from stackwright.site.files import ini_files
from stackwright.site.render import Renderer
from stackwright.site.rings.layout import Device, layout_faults, layout_of, placing_of
from stackwright.site.things import values_alone
from stackwright.site.values.values import site_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackwright.catalogue.catalogue import Selection
    from stackwright.site.render import Values
    from stackwright.site.rings.layout import Layout
    from stackwright.site.values.values import SiteValues

RELEASE = (
    'python: "3.11"\npins: {exclude-newer: 2026-10-15}\ncomponents: {swift: {source: {pypi: swift, version: 2.38.2}}}\n'
)
SITE = 'release: "2026.2"\ntarget: local\nregion: RegionOne\nservices: [swift]\nvalues:\n  swift:\n'


@pytest.fixture
def said(tmp_path: Path) -> Callable[[str], tuple[Selection, SiteValues]]:
    """Give what reads a site that says something of swift."""

    def say(text: str) -> tuple[Selection, SiteValues]:
        files = {"distribution.yaml": "name: d\n", "releases/2026.2.yaml": RELEASE, "sites/local.yaml": SITE + text}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content)
        distribution = load(tmp_path)
        selection = own_catalogue().select(["swift"])
        return selection, site_values(distribution, distribution.site("local"), own_catalogue(), selection)

    return say


def layout(found: tuple[Selection, SiteValues]) -> Layout:
    return layout_of(values_alone(*found, "swift"))


def test_a_site_that_says_nothing_has_three_nodes_in_three_zones(
    said: Callable[[str], tuple[Selection, SiteValues]],
) -> None:
    found = layout(said("    interval: 60\n"))
    assert found.devices == (
        Device("node-1/d1", 1, 1, 100), Device("node-2/d1", 1, 2, 100), Device("node-3/d1", 1, 3, 100),
    )  # fmt: skip
    assert (found.replicas, found.part_power, found.min_part_hours) == (3, 8, 1)


def test_what_a_device_does_not_say_is_the_default(said: Callable[[str], tuple[Selection, SiteValues]]) -> None:
    found = layout(said("    devices:\n      - {device: a/sdb1, region: 2, weight: 12.5}\n      - {device: b/sdb1}\n"))
    assert found.devices == (Device("a/sdb1", 2, 1, 12.5), Device("b/sdb1", 1, 1, 100))
    assert (found.devices[0].node, found.devices[0].own_name) == ("a", "sdb1")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- {device: a/d1, zoen: 2}", "there is no 'zoen' in an item of it: did you mean 'zone'?"),
        ("- {zone: 2}", "an item of it lacks 'device', NODE/DEVICE"),
        ("- {device: a/d1, zone: one}", "zone: expected a whole number, found the text 'one'"),
        ("- {device: a/d1, weight: -1}", "weight: expected at least 0, found -1"),
        ("- {device: a}", "device: the text 'a' is not of the form"),
        ("- a/d1", "expected a map of device, region, zone, weight, found the text 'a/d1'"),
    ],
)
def test_a_device_that_is_none_is_told(
    said: Callable[[str], tuple[Selection, SiteValues]], text: str, fault: str
) -> None:
    with pytest.raises((InputError, ManyInputsError)) as caught:
        said(f"    devices:\n      {text}\n")
    assert f"swift.devices: {fault}" in str(caught.value)
    assert "sites/local.yaml:8" in str(caught.value)


def test_fewer_devices_than_replicas_are_a_fault(said: Callable[[str], tuple[Selection, SiteValues]]) -> None:
    (fault,) = layout_faults(*said("    devices:\n      - {device: a/d1}\n      - {device: b/d1}\n"))
    assert fault.what == "swift has 2 devices that take data, fewer than its 3 replicas"
    assert fault.where.line == 7
    assert fault.fix == "add devices, or set `replicas: 2`"


def test_a_device_that_is_drained_takes_no_replica(said: Callable[[str], tuple[Selection, SiteValues]]) -> None:
    text = "    devices:\n      - {device: a/d1}\n      - {device: b/d1}\n      - {device: c/d1, weight: 0}\n"
    (fault,) = layout_faults(*said(text))
    assert "2 devices that take data" in fault.what


def test_a_device_that_is_there_twice_is_a_fault(said: Callable[[str], tuple[Selection, SiteValues]]) -> None:
    text = "    replicas: 1\n    devices:\n      - {device: a/d1}\n      - {device: a/d1}\n"
    (fault,) = layout_faults(*said(text))
    assert fault.what == "swift has the device a/d1 twice"


def test_each_ring_is_served_at_a_port_of_the_devices_node(everything: Values) -> None:
    placing = placing_of(Renderer(everything, "swift"), ("node-1/d1", "node-2/d1"))
    ports = everything.state.ports
    address = placing.addresses["container"]["node-2/d1"]
    assert (address.ip, address.port) == ("127.0.0.1", ports["swift-container-node-2"])
    assert address.meta == f"{ports['swift-rsync-node-2']}/node-2"
    assert placing.folders["node-1/d1"] == everything.paths.data("swift") / "node-1/d1"
    assert set(placing.holds) == {"account", "container", "object"}


def test_options_that_a_site_sets_are_those_of_every_node(
    said: Callable[[str], tuple[Selection, SiteValues]], everything: Values
) -> None:
    _, values = said("    conf: {object-server.conf: {object-replicator: {concurrency: '2'}}}\n")
    renderer = Renderer(replace(everything, said=values), "swift")
    files = {
        file.name: file.text(renderer.text) for file in ini_files(renderer.values.selection.services["swift"], renderer)
    }
    for node in ("node-1", "node-2", "node-3"):
        assert "concurrency = 2\n" in files[f"{node}/object-server.conf"]
        assert f"devices = {everything.paths.data('swift')}/{node}\n" in files[f"{node}/object-server.conf"]
        assert "concurrency" not in files[f"{node}/account-server.conf"]


def test_a_file_of_every_node_is_named_without_the_node(said: Callable[[str], tuple[Selection, SiteValues]]) -> None:
    with pytest.raises(InputError, match="swift has no configuration file 'node-1/object"):
        said("    conf: {node-1/object-server.conf: {DEFAULT: {x: '1'}}}\n")
