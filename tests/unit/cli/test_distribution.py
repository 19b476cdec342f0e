from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stackwright.catalogue.catalogue import own_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Told


def test_init_makes_a_distribution_that_passes_its_check(stackwright: Callable[..., Told], tmp_path: Path) -> None:
    made = stackwright("init", tmp_path / "mine")
    assert made.status == 0
    assert str(tmp_path / "mine" / "distribution.yaml") in made.out.splitlines()
    assert f"stackwright -C {tmp_path / 'mine'} up" in made.out
    checked = stackwright("-C", tmp_path / "mine", "check", "-f", "json")
    assert checked.status == 0
    components = {row["Component"] for row in json.loads(checked.out)}
    assert {"keystone", "nova"} <= components


def test_init_leaves_a_folder_that_has_something_alone(stackwright: Callable[..., Told], tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    told = stackwright("init", tmp_path)
    assert (told.status, told.out) == (2, "")
    assert [file.name for file in tmp_path.iterdir()] == ["precious"]


def test_check_says_what_is_wrong_with_its_place(stackwright: Callable[..., Told], distribution: Path) -> None:
    site = distribution / "sites" / "local.yaml"
    site.write_text(site.read_text() + "regoin: RegionTwo\n")
    line = len(site.read_text().splitlines())
    told = stackwright("-C", distribution, "check")
    assert told.status == 2
    assert told.err.splitlines() == [
        f"error: {site}:{line}:1: the key 'regoin' is unknown",
        "  fix: did you mean 'region'?",
    ]


def test_check_finds_the_distribution_above(stackwright: Callable[..., Told], distribution: Path) -> None:
    assert stackwright("-C", distribution / "sites", "check").status == 0


def test_schema_prints_a_json_schema(stackwright: Callable[..., Told]) -> None:
    told = stackwright("schema", "site")
    assert told.status == 0
    assert "services" in json.loads(told.out)["properties"]


def test_the_catalogue_is_listed_in_every_form(stackwright: Callable[..., Told]) -> None:
    rows = json.loads(stackwright("catalogue", "list", "-f", "json").out)
    assert {row["Service"] for row in rows} == set(own_catalogue().services)
    assert "mariadb memcached" in {row["Requires"] for row in rows}
    names = stackwright("catalogue", "list", "-f", "value", "-c", "Service").out.split()
    assert sorted(names) == sorted(own_catalogue().services)


def test_an_entry_is_shown(stackwright: Callable[..., Told]) -> None:
    shown = json.loads(stackwright("catalogue", "show", "memcached", "-f", "json").out)
    assert shown["ports"] == {"server": 11211}
    told = stackwright("catalogue", "show", "memcachd")
    assert (told.status, told.err.splitlines()[-1]) == (2, "  fix: did you mean 'memcached'?")
