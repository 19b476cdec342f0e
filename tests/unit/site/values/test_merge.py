"""How layers come together: maps merge, lists replace, and a declaration or a tag may say otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackwright.distribution.document import Document, compose
from stackwright.distribution.values import Layer
from stackwright.site.values.merge import merge
from stackwright.site.values.values import leaves

if TYPE_CHECKING:
    from .conftest import Team

SCHEMA = """\
services:
  compute:
    limits: {type: map, description: how much}
    names: {type: list, description: names}
    flavors: {type: list, merge: name, description: sizes of guests}
    size: {type: text, description: one of them}
"""


@pytest.fixture
def sized(team: Team) -> Team:
    """Declare a map, a list, a list that is merged, and a text."""
    team.schema(SCHEMA)
    return team


def test_what_is_said_later_wins_down_to_the_host(team: Team) -> None:
    assert team.get("compute.workers") == 1
    team.distribution("compute: {workers: 2}\n")
    assert team.get("compute.workers") == 2
    team.release("compute: {workers: 3}\n")
    assert team.get("compute.workers") == 3
    team.region("compute: {workers: 4}\n")
    assert team.get("compute.workers") == 4
    team.site("values: {compute: {workers: 5}}\n")
    assert team.get("compute.workers") == 5
    team.site("""\
        values: {compute: {workers: 5}}
        groups: {first: {values: {compute: {workers: 6}}}, second: {values: {compute: {workers: 7}}}, third: {}}
        hosts:
          one: {groups: [first]}
          two: {groups: [first, second, third]}
          three: {groups: [second, first], values: {compute: {workers: 8}}}
          four: {groups: [second, first]}
          five: {}
        """)
    assert team.get("compute.workers") == 5
    hosts = {host: team.get("compute.workers", host) for host in ("one", "two", "three", "four", "five")}
    assert hosts == {"one": 6, "two": 7, "three": 8, "four": 6, "five": 5}


def test_a_layer_of_another_release_does_not_count(team: Team) -> None:
    team.write("releases/2026.1.yaml", (team.root / "releases/2026.2.yaml").read_text())
    team.write("values/releases/2026.1.yaml", "compute: {workers: 9}\n")
    assert team.get("compute.workers") == 1


def test_maps_merge_key_by_key_at_every_depth(sized: Team) -> None:
    sized.distribution("compute: {limits: {cores: 1, disk: {root: 2, swap: 3}}}\n")
    sized.region("compute: {limits: {disk: {root: 4, more: 5}, memory: 6}}\n")
    assert sized.get("compute.limits") == {"cores": 1, "disk": {"root": 4, "swap": 3, "more": 5}, "memory": 6}


def test_lists_replace(sized: Team) -> None:
    sized.distribution("compute: {names: [a, b]}\n")
    sized.region("compute: {names: [c]}\n")
    assert sized.get("compute.names") == ["c"]
    sized.site("values: {compute: {names: []}}\n")
    assert sized.get("compute.names") == []


def test_a_list_with_the_tag_is_added_to_what_was_there(sized: Team) -> None:
    sized.distribution("compute: {names: [a, b]}\n")
    sized.region("compute: {names: !append [c, a]}\n")
    sized.site("values: {compute: {names: !append [d]}}\n")
    assert sized.get("compute.names") == ["a", "b", "c", "a", "d"]


def test_what_is_added_to_nothing_is_the_list(sized: Team) -> None:
    sized.region("compute: {names: !append [c]}\n")
    assert sized.get("compute.names") == ["c"]


def test_what_was_added_is_gone_where_a_later_layer_replaces(sized: Team) -> None:
    sized.distribution("compute: {names: [a]}\n")
    sized.region("compute: {names: !append [b]}\n")
    sized.site("values: {compute: {names: [c]}}\n")
    assert sized.get("compute.names") == ["c"]


def test_the_items_of_a_list_are_known_by_a_key_where_it_is_declared_so(sized: Team) -> None:
    sized.distribution("compute: {flavors: [{name: small, cores: 1, more: {a: 1, b: 2}}, {name: large, cores: 8}]}\n")
    sized.region("compute: {flavors: [{name: huge, cores: 64}, {name: small, more: {b: 3}}]}\n")
    assert sized.get("compute.flavors") == [
        {"name": "small", "cores": 1, "more": {"a": 1, "b": 3}},
        {"name": "large", "cores": 8},
        {"name": "huge", "cores": 64},
    ]


def test_items_that_are_known_by_a_key_have_it(sized: Team) -> None:
    sized.region("compute:\n  flavors:\n    - {cores: 1}\n")
    assert sized.errors() == [
        "values/openstack.yaml:3:7: an item of this list has no 'name'\n"
        "  why: the list is declared with `merge:`, so that its items are known by that key\n"
        "  fix: add `name:`"
    ]
    sized.region("compute:\n  flavors:\n    - small\n")
    assert "an item of this list has no 'name'" in sized.errors()[0]


def test_and_a_layer_names_each_of_them_once(sized: Team) -> None:
    sized.region("compute:\n  flavors:\n    - {name: small}\n    - {name: small, cores: 1}\n")
    assert sized.errors() == [
        "values/openstack.yaml:4:7: the item with the name 'small' is here twice\n"
        "  why: and here: values/openstack.yaml:3:7\n"
        "  fix: remove one of them"
    ]


@pytest.mark.parametrize(
    ("general", "special", "what"),
    [
        ("1", "{b: 2}", "this is a map, and no such thing in a layer below"),
        ("[1]", "{b: 2}", "this is a map, and a list in a layer below"),
        ("{b: 2}", "1", "compute.limits.a is a map in a layer below, and not here"),
        ("{b: {c: 2}}", "[1]", "compute.limits.a is a map in a layer below, and not here"),
        ("1", "!append [2]", "this is a list, and no such thing in a layer below"),
    ],
)
def test_a_map_against_something_else_is_told_with_both_places(
    sized: Team, general: str, special: str, what: str
) -> None:
    sized.distribution(f"compute:\n  limits:\n    a: {general}\n")
    sized.region(f"compute: {{limits: {{a: {special}}}}}\n")
    (message,) = sized.errors()
    assert message.startswith(f"values/openstack.yaml:1:20: {what}\n  why: distribution says it: values/distribution")
    assert "values/distribution.yaml:3:" in message
    assert "\n  fix: write " in message


def test_no_value_is_told_with_that(sized: Team) -> None:
    sized.distribution("compute: {limits: {a: Pl4inSecret}}\n")
    sized.region("compute: {limits: {a: {b: 1}}}\n")
    assert "Pl4inSecret" not in sized.errors()[0]


def test_what_a_host_contradicts_is_told_too(sized: Team) -> None:
    sized.region("compute: {limits: {a: {b: 2}}}\n")
    sized.site("hosts: {one: {values: {compute: {limits: {a: 1}}}}}\n")
    assert sized.errors()[0].startswith("sites/local.yaml:5:43: compute.limits.a is a map in a layer below")


def test_numbers_and_texts_are_kept_as_they_are_written(sized: Team) -> None:
    sized.region("compute: {size: 2026.10, conf: {nova.conf: {DEFAULT: {a: 2026.10, b: 0x10, c: True, d: 010}}}}\n")
    values = sized.values()
    assert dict(values.conf("compute")["nova.conf"]["DEFAULT"]).keys() == {"a", "b", "c", "d"}
    said = {name: one.text for name, one in values.conf("compute")["nova.conf"]["DEFAULT"].items()}
    assert said == {"a": "2026.10", "b": "0x10", "c": "True", "d": "010"}


PATHS = st.tuples(*[st.sampled_from("abc")] * 3)
LAYERS = st.lists(st.dictionaries(PATHS, st.integers(0, 99)), max_size=4)


@given(LAYERS)
def test_of_every_value_the_last_one_said_holds_with_the_layer_that_said_it(
    layers: list[dict[tuple[str, ...], int]],
) -> None:
    expected = {path: (value, f"layer {index}") for index, said in enumerate(layers) for path, value in said.items()}
    tree = merge([Layer(f"layer {index}", _document(said)) for index, said in enumerate(layers) if said], lambda _: "")
    assert {path: (placed.value, placed.layer) for path, placed in leaves(tree)} == expected


def _document(said: dict[tuple[str, ...], int]) -> Document:
    tree: dict[str, dict[str, dict[str, int]]] = {}
    for (first, second, third), value in said.items():
        tree.setdefault(first, {}).setdefault(second, {})[third] = value
    document, errors = compose(str(tree).replace("'", ""), Path("layer.yaml"))
    assert document is not None
    assert not errors
    return document
