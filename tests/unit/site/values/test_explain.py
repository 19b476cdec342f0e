"""Who says a value, what became of everything that was said, and who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Selection
from stackwright.errors import InputError
from stackwright.site.values.explain import Readers

if TYPE_CHECKING:
    from .conftest import Team

SCHEMA = """\
global:
  domain: {type: text, description: domain of the guests}
  phrase: {type: text, description: a secret, sensitive: true}
  answer: {type: integer, default: 42, description: a number}
services:
  compute:
    names: {type: list, default: [a, 1, {b: c}], description: names}
    flavors: {type: list, merge: name, default: [{name: tiny}], description: sizes of guests}
    limits: {type: map, default: {cores: 1, disk: {root: 2}}, description: how much}
    on: {type: boolean, default: true, description: whether}
"""


@pytest.fixture
def said(team: Team) -> Team:
    team.schema(SCHEMA)
    return team


def test_what_wins_comes_first_and_then_all_that_lost_down_to_the_default(team: Team) -> None:
    team.distribution("compute:\n  workers: 2\n")
    team.release("compute: {workers: 3}\n")
    team.region("compute:\n\n  workers: 4\n")
    team.site("values: {compute: {workers: 5}}\nhosts: {one: {values: {compute: {workers: 0x7}}}}\n")
    below = [
        "lost | region openstack | 4 | values/openstack.yaml:3",
        "lost | release 2026.2 | 3 | values/releases/2026.2.yaml:1",
        "lost | distribution | 2 | values/distribution.yaml:2",
        "lost | catalogue | 1 | catalogue/services/compute.yaml:6",
    ]
    assert team.explain("compute.workers") == ["wins | site local | 5 | sites/local.yaml:5", *below]
    assert team.explain("compute.workers", "one") == [
        "wins | host one | 0x7 | sites/local.yaml:6",
        "lost | site local | 5 | sites/local.yaml:5",
        *below,
    ]


def test_a_default_wins_where_nobody_says_anything_written_as_one_would(said: Team) -> None:
    assert said.explain("compute.workers") == ["wins | catalogue | 1 | catalogue/services/compute.yaml:6"]
    assert said.explain("global.answer") == ["wins | values/schema.yaml | 42 | values/schema.yaml:4"]
    assert said.explain("compute.on") == ["wins | values/schema.yaml | true | values/schema.yaml:10"]
    assert said.explain("compute.names") == ["wins | values/schema.yaml | [a, 1, a map of 1] | values/schema.yaml:7"]
    assert said.explain("compute.limits") == ["wins | values/schema.yaml | a map of 2 | values/schema.yaml:9"]
    assert said.explain("compute.limits.disk.root") == ["wins | values/schema.yaml | 2 | values/schema.yaml:9"]


def test_an_option_of_the_catalogue_is_below_all_layers(team: Team) -> None:
    option = "compute.conf.nova.conf.DEFAULT.host"
    assert team.explain(option) == ["wins | catalogue | here | catalogue/services/compute.yaml:11"]
    team.region("compute: {conf: {nova.conf: {DEFAULT: {host: there}}}}\n")
    assert team.explain(option) == [
        "wins | region openstack | there | values/openstack.yaml:1",
        "lost | catalogue | here | catalogue/services/compute.yaml:11",
    ]


def test_one_that_the_catalogue_says_twice_is_told_twice(team: Team) -> None:
    team.write(
        "../catalogue/services/network.yaml",
        """\
        title: Network
        groups: [core]
        component: neutron
        files:
          neutron.conf: {ini: {cache: {include: compute.cache, servers: mine}}}
        """,
    )
    entry = (team.root.parent / "catalogue/services/compute.yaml").read_text()
    team.write("../catalogue/services/compute.yaml", entry + "shared: {cache: {servers: ours, size: '1'}}\n")
    assert team.explain("network.conf.neutron.conf.cache.servers") == [
        "wins | catalogue | mine | catalogue/services/network.yaml:5",
        "lost | catalogue | ours | catalogue/services/compute.yaml:15",
    ]


def test_of_maps_every_one_adds(said: Team) -> None:
    said.distribution("compute: {limits: {a: 1, b: 2}}\n")
    said.site("values: {compute: {limits: {c: 3}}}\n")
    assert said.explain("compute.limits") == [
        "wins | site local | a map of 1 | sites/local.yaml:5",
        "adds | distribution | a map of 2 | values/distribution.yaml:1",
        "adds | values/schema.yaml | a map of 2 | values/schema.yaml:9",
    ]


def test_of_lists_the_last_wins(said: Team) -> None:
    said.distribution("compute: {names: [x]}\n")
    said.region("compute: {names: [y, z]}\n")
    assert said.explain("compute.names") == [
        "wins | region openstack | [y, z] | values/openstack.yaml:1",
        "lost | distribution | [x] | values/distribution.yaml:1",
        "lost | values/schema.yaml | [a, 1, a map of 1] | values/schema.yaml:7",
    ]


def test_but_for_what_is_appended_down_to_the_list_that_is_not(said: Team) -> None:
    said.distribution("compute: {names: [x]}\n")
    said.release("compute: {names: [w]}\n")
    said.region("compute: {names: !append [y, z]}\n")
    said.site("values: {compute: {names: !append [v]}}\n")
    assert said.explain("compute.names") == [
        "wins | site local | !append [v] | sites/local.yaml:5",
        "adds | region openstack | !append [y, z] | values/openstack.yaml:1",
        "adds | release 2026.2 | [w] | values/releases/2026.2.yaml:1",
        "lost | distribution | [x] | values/distribution.yaml:1",
        "lost | values/schema.yaml | [a, 1, a map of 1] | values/schema.yaml:7",
    ]
    assert said.get("compute.names") == ["w", "y", "z", "v"]
    said.site("values: {compute: {names: [v]}}\n")
    assert [line.split(" | ")[0] for line in said.explain("compute.names")] == ["wins", *["lost"] * 4]
    assert said.get("compute.names") == ["v"]


def test_of_lists_that_are_merged_by_a_key_every_one_adds(said: Team) -> None:
    said.region("compute: {flavors: [{name: small}]}\n")
    said.site("values: {compute: {flavors: [{name: large}]}}\n")
    assert [line.split(" | ")[:2] for line in said.explain("compute.flavors")] == [
        ["wins", "site local"],
        ["adds", "region openstack"],
        ["adds", "values/schema.yaml"],
    ]


def test_no_secret_is_shown_whoever_says_it(said: Team) -> None:
    said.distribution("global: {phrase: Pl4inSecret}\n")
    said.region("compute: {conf: {nova.conf: {DEFAULT: {transport_url: 'rabbit://nova:Pl4inSecret@host'}}}}\n")
    said.site("""\
        values:
          compute:
            names: [plain, "amqp://a:Pl4inSecret@b"]
            conf: {nova.conf: {DEFAULT: {transport_url: "{{ shared.rabbit.url }}"}}}
        """)
    assert said.explain("global.phrase") == ["wins | distribution | *** | values/distribution.yaml:1"]
    assert said.explain("compute.conf.nova.conf.DEFAULT.transport_url") == [
        "wins | site local | {{ shared.rabbit.url }} | sites/local.yaml:8",
        "lost | region openstack | *** | values/openstack.yaml:1",
    ]
    assert said.explain("compute.names")[0] == "wins | site local | [plain, ***] | sites/local.yaml:7"
    assert "Pl4inSecret" not in str([said.explain(path) for path in ("compute", "global", "", "compute.conf")])


@pytest.mark.parametrize(
    ("path", "what", "fix"),
    [
        (
            "compute.conf.nova.conf.libvirt.virt_typ",
            "nobody sets compute.conf.nova.conf.libvirt.virt_typ",
            "did you mean 'virt_type'?",
        ),
        ("compute.wrokers", "compute has no 'wrokers'", "did you mean 'workers'?"),
        ("global.domain", "nobody says global.domain", "say it in a layer"),
    ],
)
def test_what_nobody_says_cannot_be_explained(said: Team, path: str, what: str, fix: str) -> None:
    with pytest.raises(InputError) as caught:
        said.explain(path)
    assert (caught.value.what, caught.value.fix) == (what, fix)


def readers(team: Team, path: str, *, anywhere: bool = False) -> set[str]:
    values = team.values()
    selection = Selection(team.catalogue.services) if anywhere else team.selection
    return set(Readers(values, selection).of(path))


def test_a_value_is_read_by_the_services_whose_templates_name_it(said: Team) -> None:
    assert readers(said, "global.debug") == {"compute", "network"}
    assert readers(said, "compute.workers") == {"compute"}
    assert readers(said, "global.domain") == set()
    assert readers(said, "other.size") == set()
    assert readers(said, "other.size", anywhere=True) == {"other"}


def test_by_those_whose_options_rules_or_secrets_do(said: Team) -> None:
    said.region("""\
        global: {domain: example.org}
        compute: {conf: {policy: {rule: "role:{{ value('global.domain') }}"}}}
        network: {conf: {neutron.conf: {DEFAULT: {a: "{{ value('compute.workers') }}"}}}}
        """)
    assert readers(said, "global.domain") == {"compute"}
    assert readers(said, "compute.workers") == {"compute", "network"}
    said.region("compute: {secrets: {database: \"vault+kv2://{{ value('global.answer') }}/a#b\"}}\n")
    assert readers(said, "global.answer") == {"compute"}


def test_by_those_that_read_a_value_which_names_it(said: Team) -> None:
    said.region("""\
        global: {domain: "{{ value('compute.kind') }}"}
        compute: {kind: "{{ value('global.answer') }}", names: ["{{ value('global.domain') }}"]}
        network: {conf: {neutron.conf: {DEFAULT: {a: "{{ value('global.domain') }}"}}}}
        """)
    assert readers(said, "global.answer") == {"compute", "network"}
    assert readers(said, "compute.kind") == {"compute", "network"}
    assert readers(said, "global.domain") == {"network"}  # nobody reads compute.names


def test_by_those_that_take_in_a_text_which_names_it(said: Team) -> None:
    entry = (said.root.parent / "catalogue/services/compute.yaml").read_text()
    said.write("../catalogue/services/compute.yaml", entry + "shared: {url: \"http://{{ value('kind') }}/\"}\n")
    said.region("network: {conf: {neutron.conf: {DEFAULT: {url: '{{ shared.compute.url }}'}}}}\n")
    assert readers(said, "network.kind") == {"network"}  # rendered for the one that takes it
    assert readers(said, "compute.kind") == {"compute"}


def test_and_by_those_whose_options_on_a_host_do(said: Team) -> None:
    said.region("global: {domain: example.org}\n")
    said.site("hosts: {one: {values: {network: {conf: {neutron.conf: {a: {b: \"{{ value('global.domain') }}\"}}}}}}}\n")
    assert readers(said, "global.domain") == {"network"}
