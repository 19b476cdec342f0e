"""What a site's services have several of comes from its values, and is kept for when those are not read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Catalogue, own_catalogue
from stackwright.catalogue.model import Service
from stackwright.errors import InputError
from stackwright.site import state as site_state
from stackwright.site.paths import SitePaths
from stackwright.site.state import SiteState
from stackwright.site.things import things_of, with_things
from stackwright.site.values.values import default_values

if TYPE_CHECKING:
    from pathlib import Path


def store(nodes: list[str]) -> Catalogue:
    value = {"type": "list", "description": "nodes", "default": nodes}
    each = {"node": {"of": "{{ value('nodes') | join(' ') }}", "ports": {"data": 6200}}}
    return Catalogue({"store": Service.model_validate({"title": "S", "values": {"nodes": value}, "each": each})})


def test_they_come_in_the_order_of_the_values_and_each_once() -> None:
    catalogue = store(["b", "a", "b"])
    selection = catalogue.select(["store"])
    assert things_of(selection, default_values(catalogue, selection)) == {"store": {"node": ("b", "a")}}


def test_the_services_have_them_and_the_selection_knows_them() -> None:
    catalogue = store(["a", "b"])
    selection = catalogue.select(["store"])
    made = with_things(selection, default_values(catalogue, selection))
    assert made.ports() == {"store-data-a": 6200, "store-data-b": 6200}
    assert made.things == {"store": {"node": ("a", "b")}}


@pytest.mark.parametrize("name", ["A", "a_b", "../x", "a/b/c", "-a"])
def test_a_name_that_cannot_be_part_of_others_is_refused(name: str) -> None:
    catalogue = store([name])
    selection = catalogue.select(["store"])
    with pytest.raises(InputError, match="cannot be the name of a node"):
        things_of(selection, default_values(catalogue, selection))


def test_the_nodes_of_our_own_store_are_those_of_its_devices() -> None:
    selection = own_catalogue().select(["swift"])
    things = things_of(selection, default_values(own_catalogue(), selection))
    assert things["swift"]["node"] == ("node-1", "node-2", "node-3")
    assert things["swift"]["device"] == ("node-1/d1", "node-2/d1", "node-3/d1")


def test_they_are_kept_with_what_was_chosen_for_the_site(tmp_path: Path) -> None:
    paths = SitePaths(tmp_path / "site")
    things = {"store": {"node": ("a", "b")}}
    site_state.save(paths, SiteState("abc123", {}, 7, things=things))
    kept = site_state.load(paths)
    assert kept is not None
    assert kept.things == things


def test_a_site_from_before_there_were_any_is_read(tmp_path: Path) -> None:
    paths = SitePaths(tmp_path / "site")
    paths.root.mkdir()
    paths.state.write_text(json.dumps({"id": "abc123", "ports": {}, "number": 7}))
    kept = site_state.load(paths)
    assert kept is not None
    assert kept.things == {}
