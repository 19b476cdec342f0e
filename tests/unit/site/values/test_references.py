"""Values that name others: what they name is there, and they lead in no circle."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from stackwright.site.values.references import qualified, reads, takes

if TYPE_CHECKING:
    from .conftest import Team

SCHEMA = """\
global:
  domain: {type: text, description: domain of the guests}
  names: {type: list, description: names}
  map: {type: map, description: more names}
services:
  compute: {name: {type: text, description: name}}
  network: {name: {type: text, description: name}}
"""


@pytest.fixture
def naming(team: Team) -> Team:
    team.schema(SCHEMA)
    return team


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("plain", set()),
        ("a value('global.x') that is no template", set()),
        ("{{ value('workers') }}", {"compute.workers"}),
        ("{{ value('network.mtu') }}{{ value('global.debug') }}", {"network.mtu", "global.debug"}),
        ("{% if value('a') %}{{ value('b') | lower }}{% endif %}", {"compute.a", "compute.b"}),
        ('{{ value("a") ~ secret("value") }}', {"compute.a"}),
        ("{{ value() }}{{ value(1) }}{{ value(name) }}", set()),
        ("{{ other.value('a') }}", set()),
        ("{{ value('a' }}", set()),
    ],
)
def test_the_values_that_a_template_names(template: str, paths: set[str]) -> None:
    assert reads(template, "compute") == paths


def test_a_name_without_a_service_is_of_the_service_that_names_it() -> None:
    assert (qualified("a", "compute"), qualified("network.a", "compute")) == ("compute.a", "network.a")


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        (
            "{{ shared.mariadb.url }}/nova?{{ shared.memcached.servers | lower }}",
            {("mariadb", "url"), ("memcached", "servers")},
        ),
        ("shared.mariadb.url", set()),
        ("{{ shared }}", set()),
        ("{{ notshared.mariadb.url }}", set()),
    ],
)
def test_the_texts_that_a_template_takes_in(template: str, texts: set[tuple[str, str]]) -> None:
    assert takes(template) == texts


def test_values_may_name_others_wherever_a_text_is(naming: Team) -> None:
    naming.distribution("""\
        global:
          domain: example.org
          names: ["a.{{ value('global.domain') }}", {deep: "{{ value('compute.name') }}"}]
          map: {deep: {er: "{{ value('global.domain') }}"}}
        compute:
          name: "{{ value('workers') }}.{{ value('network.name') }}"
          conf:
            nova.conf: {DEFAULT: {a: "{{ value('global.map.deep.er') }}"}}
            policy: {rule: "role:{{ value('name') }}"}
        network: {name: "{{ value('global.domain') }}"}
        """)
    assert naming.get("compute.name") == "{{ value('workers') }}.{{ value('network.name') }}"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "global: {domain: \"{{ value('global.domian') }}\"}",
            "1:10: there is no value 'global.domian'\n  fix: did you mean 'global.domain'?",
        ),
        (
            "global: {names: [a, \"{{ value('compute.wrokers') }}\"]}",
            "1:21: there is no value 'compute.wrokers'\n  fix: did you mean 'compute.workers'?",
        ),
        (
            "compute: {conf: {nova.conf: {DEFAULT: {a: \"{{ value('wrokers') }}\"}}}}",
            "1:40: there is no value 'compute.wrokers'\n  fix: did you mean 'compute.workers'?",
        ),
        (
            "compute: {conf: {policy: {rule: \"{{ value('comptue.kind') }}\"}}}",
            "1:27: there is no value 'comptue.kind'\n  fix: did you mean 'compute.kind'?",
        ),
    ],
)
def test_a_name_of_nothing_is_told_where_it_stands_with_the_nearest(naming: Team, said: str, message: str) -> None:
    naming.region(f"{said}\n")
    assert naming.errors() == [f"values/openstack.yaml:{message}"]


def test_a_value_that_is_declared_and_that_nobody_says_cannot_be_named(naming: Team) -> None:
    naming.region("compute: {name: \"{{ value('global.domain') }}\"}\n")
    assert naming.errors() == [
        "values/openstack.yaml:1:11: nobody says global.domain, which is named here\n"
        "  why: domain of the guests\n"
        "  fix: give it a default at values/schema.yaml:2:3, or say it"
    ]


def test_all_names_of_nothing_are_told_at_once(naming: Team) -> None:
    naming.distribution("compute: {name: \"{{ value('global.a') }}{{ value('global.b') }}\"}\n")
    naming.region("network: {name: \"{{ value('global.c') }}\"}\n")
    assert [message.splitlines()[0] for message in naming.errors()] == [
        "values/distribution.yaml:1:11: there is no value 'global.a'",
        "values/distribution.yaml:1:11: there is no value 'global.b'",
        "values/openstack.yaml:1:11: there is no value 'global.c'",
    ]


def test_values_that_name_each_other_in_a_circle_are_told_with_all_places(naming: Team) -> None:
    naming.distribution("global: {domain: \"{{ value('compute.name') }}\"}\n")
    naming.region("compute: {name: \"{{ value('network.name') }}\"}\n")
    naming.site("values: {network: {name: \"a{{ value('global.domain') }}\"}}\n")
    (message,) = naming.errors()
    places = {
        "global.domain": "values/distribution.yaml:1:10",
        "compute.name": "values/openstack.yaml:1:11",
        "network.name": "sites/local.yaml:5:20",
    }
    first, why, fix = message.splitlines()
    circle = first.partition(": values name each other in a circle: ")[2].split(" -> ")
    assert circle[0] == circle[-1]
    following = {"global.domain": "compute.name", "compute.name": "network.name", "network.name": "global.domain"}
    assert all(following[name] == after for name, after in pairwise(circle))
    assert set(circle) == set(places)
    assert first.startswith(f"{places[circle[0]]}: ")
    assert why == f"  why: {'; '.join(f'{name}: {places[name]}' for name in circle[1:-1])}"
    assert fix == "  fix: write one of them out"


def test_a_value_that_names_itself_is_a_circle(naming: Team) -> None:
    naming.region("global: {domain: \"x{{ value('global.domain') }}\"}\n")
    assert naming.errors() == [
        "values/openstack.yaml:1:10: values name each other in a circle: global.domain -> global.domain\n"
        "  fix: write one of them out"
    ]


def test_a_circle_that_only_a_host_closes_is_told(naming: Team) -> None:
    naming.region("global: {domain: \"{{ value('compute.name') }}\"}\ncompute: {name: a}\n")
    naming.site("hosts: {one: {values: {compute: {name: \"{{ value('global.domain') }}\"}}}}\n")
    (message,) = naming.errors()
    assert "sites/local.yaml:5:34" in message
    assert "values/openstack.yaml:1:10" in message
    assert "in a circle" in message


def test_options_may_name_the_values_that_name_them_not(naming: Team) -> None:
    naming.region("""\
        compute:
          name: "{{ value('workers') }}"
          conf: {nova.conf: {DEFAULT: {name: "{{ value('name') }}"}}}
        """)
    assert naming.values().conf("compute")["nova.conf"]["DEFAULT"]["name"].text == "{{ value('name') }}"
