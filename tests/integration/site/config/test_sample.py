"""How upstream's trees say that their sample files are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError, RunFailedError
from stackwright.site.config.definitions import definitions_of
from stackwright.site.config.sample import Generator, choose, generators, make
from stackwright.store import Memo
from tests.configured import definitions
from tests.releases import Releases

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Packages


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return Releases(tmp_path_factory.mktemp("releases"))


@pytest.mark.parametrize(
    ("component", "namespaces"),
    [
        ("placement", {"placement.conf": {"placement.conf", "oslo.log"}}),
        ("keystone", {"keystone.conf": {"keystone", "oslo.cache"}}),
        ("nova", {"nova.conf": {"nova.conf", "oslo.messaging"}}),
        ("glance", {"glance-api.conf": {"glance.api", "glance.multi_store"}, "glance-manage.conf": {"glance.manage"}}),
        ("neutron", {"neutron.conf": {"neutron", "nova.auth"}, "ml2_conf.ini": {"neutron.ml2"}}),
    ],
)
def test_the_trees_of_all_services_say_how_their_samples_are_made(
    releases: Releases, component: str, namespaces: dict[str, set[str]]
) -> None:
    found = {one.name: one for one in generators(releases.store, releases.of(component, "2026.2"))}
    for name, some in namespaces.items():
        assert some <= set(found[name].namespaces)
    assert all(one.namespaces for one in found.values())


def test_the_files_that_a_service_has_are_made_in_its_order_and_any_other_by_name() -> None:
    known = [Generator(name, f"etc/oslo-config-generator/{name}", ("n",)) for name in ("a.conf", "b.ini", "c.conf")]
    there = definitions()
    assert [one.name for one in choose("s", ["b.ini", "a.conf"], known, there, None)] == ["b.ini", "a.conf"]
    assert [one.name for one in choose("s", ["b.ini"], known, there, "c.conf")] == ["c.conf"]
    assert [one.name for one in choose("s", ["other.conf"], known, there, None)] == ["a.conf", "b.ini", "c.conf"]
    with pytest.raises(InputError, match=r"s has no sample file 'd\.conf'"):
        choose("s", [], known, there, "d.conf")


def test_where_the_tree_says_nothing_all_namespaces_are_taken(widget: Packages, tmp_path: Path) -> None:
    there = definitions_of(widget.environment, Memo(tmp_path / "memo"))
    (one,) = choose("widget", ["widget.conf"], [], there, None)
    assert (one.name, one.path) == ("widget.conf", "")
    assert {"widget", "oslo.policy"} <= set(one.namespaces)


def test_an_environment_without_a_generator_is_told(widget: Packages) -> None:
    with pytest.raises(RunFailedError, match="no oslo-config-generator"):
        make(Generator("widget.conf", "", ("widget",)), widget.environment.path)
