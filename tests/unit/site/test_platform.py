"""What templates name on a host of its own, and what may not be set there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution import load
from stackwright.errors import InputError, StackwrightError
from stackwright.site.platform import host_values, unfit
from stackwright.site.values.values import site_values
from tests.freebsd_host.made import EXAMPLE, made_host

if TYPE_CHECKING:
    from stackwright.site.values.values import SiteValues


def said(tmp_path: Path, **site: object) -> SiteValues:
    """Give the values of the example's site with something changed in its file."""
    for name in ("distribution.yaml", "releases", "sites"):
        (tmp_path / name).symlink_to(EXAMPLE / name) if name != "sites" else (tmp_path / name).mkdir()
    whole = {**yaml.safe_load((EXAMPLE / "sites/bsd.yaml").read_text()), **site}
    (tmp_path / "sites/bsd.yaml").write_text(yaml.safe_dump(whole, sort_keys=False))
    distribution, catalogue = load(tmp_path), own_catalogue("freebsd")
    one = distribution.site("bsd")
    return site_values(distribution, one, catalogue, catalogue.select(one.services))


def test_paths_ports_and_names_are_the_same_whatever_this_machine_is() -> None:
    one, other = made_host().values, made_host().values
    assert (one.state.id, one.host, dict(one.state.ports)) == (other.state.id, "bsd", dict(other.state.ports))
    assert one.state.ports["keystone-api"] == 5000
    assert one.paths.etc("mariadb") == Path("/usr/local/etc/mysql")
    assert one.paths.data("nova") == Path("/var/db/nova")
    assert one.environments["nova"] == Path("/usr/local/lib/openstack/nova")
    assert one.state.compute_address == one.state.site_address == "127.0.0.1"


def test_a_port_is_one_service_s(tmp_path: Path) -> None:
    values = said(tmp_path, ports={"keystone-api": 9696})
    catalogue = own_catalogue("freebsd")
    assert values.site is not None
    assert catalogue.platform is not None
    with pytest.raises(StackwrightError, match="the port 9696"):
        host_values(values.site, catalogue.select(["core"]), values, {}, catalogue.platform, tmp_path)


def test_more_hosts_than_one_are_refused(tmp_path: Path) -> None:
    values = said(tmp_path, hosts={"a": {}})
    catalogue = own_catalogue("freebsd")
    assert values.site is not None
    assert catalogue.platform is not None
    with pytest.raises(InputError, match="has one host, which runs everything"):
        host_values(values.site, catalogue.select(["core"]), values, {}, catalogue.platform, tmp_path)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"virt-type": "kvm"}, "nova.virt-type"),
        ({"conf": {"nova-compute.conf": {"libvirt": {"cpu_models": "Nehalem"}}}}, "cpu_models"),
        ({"conf": {"nova-compute.conf": {"libvirt": {"images_type": "qcow2"}}}}, "images_type"),
        ({"conf": {"nova.conf": {"spice": {"enabled": "true"}}}}, "spice.enabled"),
        ({"conf": {"nova.conf": {"privsep": {"helper_command": "sudo privsep-helper"}}}}, "helper_command"),
    ],
)
def test_what_linux_alone_has_is_told_with_its_place(tmp_path: Path, values: dict[str, object], path: str) -> None:
    ((where, error),) = unfit(said(tmp_path, values={"nova": values}))
    assert where.endswith(path)
    assert str(error.where).startswith(str(tmp_path / "sites/bsd.yaml"))
    assert error.why
    assert error.fix


def test_what_both_have_is_taken(tmp_path: Path) -> None:
    conf = {
        "nova-compute.conf": {"libvirt": {"images_type": "flat"}},
        "nova.conf": {"DEFAULT": {"cpu_allocation_ratio": "4"}},
    }
    assert not list(unfit(said(tmp_path, values={"nova": {"virt-type": "bhyve", "conf": conf}})))
