"""The values of a site and of its hosts: what has to be said, what is at a path, what services are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError
from stackwright.site.values.values import default_values, is_concrete, own_layers, unlike_hosts

if TYPE_CHECKING:
    from .conftest import Team

REQUIRED = """\
global:
  domain: {type: text, description: domain of the guests, required: true}
  contact: {type: text, description: who to ask, required: true}
services:
  compute: {rack: {type: text, description: where the hosts are, required: true}}
  other: {place: {type: text, description: where it is, required: true}}
"""


def test_everything_that_a_site_has_to_say_and_does_not_is_told_at_once(team: Team) -> None:
    team.schema(REQUIRED)
    team.region("global: {contact: ops}\n")
    team.site("values: {network: {conf: {neutron.conf: {DEFAULT: {a: \"{{ value('global.nothing') }}\"}}}}}\n")
    assert team.errors() == [
        "sites/local.yaml:5:1: the site local does not say global.domain\n"
        "  why: domain of the guests (declared at values/schema.yaml:2:3)\n"
        "  fix: write it below `values:`, `global:` in the site's file",
        "sites/local.yaml:5:1: the site local does not say compute.rack\n"
        "  why: where the hosts are (declared at values/schema.yaml:5:13)\n"
        "  fix: write it below `values:`, `compute:` in the site's file",
        "sites/local.yaml:5:52: there is no value 'global.nothing'\n  fix: did you mean 'global.domain'?",
    ]


def test_what_is_required_of_a_service_that_does_not_run_need_not_be_said(team: Team) -> None:
    team.schema(REQUIRED)
    team.site("values: {global: {domain: example.org, contact: ops}, compute: {rack: a1}}\n")
    assert team.get("compute.rack") == "a1"


def test_a_site_says_nothing_of_services_that_it_does_not_run(team: Team) -> None:
    team.site("""\
        values: {other: {size: 1}}
        groups: {all: {values: {other: {size: 2}}}}
        hosts: {one: {groups: [all], values: {other: {size: 3}}}}
        """)
    assert team.errors() == [
        f"sites/local.yaml:{place}: the site has no service 'other'\n  fix: one of: compute, network"
        for place in ("5:10", "6:25", "7:39")
    ]


def test_but_general_layers_may(team: Team) -> None:
    team.distribution("other: {size: 1}\n")
    assert team.get("other.size") == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("compute.workers", 1),
        ("compute.conf.nova.conf.DEFAULT.debug", "true"),
        ("compute.conf.nova.conf.a.b.c.d", "1"),
        ("compute.conf.nova.conf", {"DEFAULT": {"debug": "true"}, "a.b": {"c.d": "1"}, "a": {"x": "2"}}),
        ("compute.conf.policy.os_compute_api:servers:show", "role:reader"),
        ("compute.conf.policy.a.b", "!"),
        ("global", {"debug": False}),
    ],
)
def test_a_path_leads_to_a_value_whatever_dots_are_in_its_keys(team: Team, path: str, value: object) -> None:
    team.region("""\
        compute:
          conf:
            nova.conf: {DEFAULT: {debug: "true"}, a.b: {c.d: "1"}, a: {x: "2"}}
            policy: {"os_compute_api:servers:show": "role:reader", a.b: "!"}
        """)
    assert team.get(path) == value


@pytest.mark.parametrize(
    ("path", "what", "fix"),
    [
        ("comptue.workers", "there is no value 'comptue.workers'", "did you mean 'compute'?"),
        ("comptue", "there is no value 'comptue'", "did you mean 'compute'?"),
        ("compute.wrokers", "compute has no 'wrokers'", "did you mean 'workers'?"),
        ("compute.workers.a", "compute.workers has no 'a'", "compute.workers is not a map"),
        ("compute.workersa", "compute has no 'workersa'", "did you mean 'workers'?"),
        (
            "compute.conf.nova.conf.DEFAULT.debgu",
            "compute.conf.nova.conf.DEFAULT has no 'debgu'",
            "did you mean 'debug'?",
        ),
        ("compute.rack", "nobody says compute.rack", "say it in a layer"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_from_the_first_key_that_is_not_there(
    team: Team, path: str, what: str, fix: str
) -> None:
    team.schema("services: {compute: {rack: {type: text, description: where the hosts are}}}\n")
    team.region("compute: {conf: {nova.conf: {DEFAULT: {debug: 'true'}}}}\n")
    with pytest.raises(InputError) as caught:
        team.values().find(path)
    assert (caught.value.what, caught.value.fix) == (what, fix)


def test_a_service_is_given_its_options_and_rules_with_who_says_them(team: Team) -> None:
    team.region("""\
        compute:
          conf:
            nova.conf: {DEFAULT: {a: 1, b: 2}}
            policy: {"rule": "role:reader"}
          secrets: {metadata: "vault+kv2://kv/nova#metadata"}
        """)
    team.site("values: {compute: {conf: {nova.conf: {DEFAULT: {b: 3}}}}}\n")
    values = team.values()
    options = values.conf("compute")["nova.conf"]["DEFAULT"]
    assert {name: (one.text, one.layer, one.where.line) for name, one in options.items()} == {
        "a": ("1", "region openstack", 3),
        "b": ("3", "site local", 5),
    }
    assert list(values.conf("compute")) == ["nova.conf"]  # the policy is no file
    rule = values.policy("compute")["rule"]
    assert (rule.text, rule.layer, rule.where.line) == ("role:reader", "region openstack", 4)
    assert values.references("compute")["metadata"].text == "vault+kv2://kv/nova#metadata"
    assert (values.conf("network"), values.policy("network"), values.references("network")) == ({}, {}, {})


def test_without_a_distribution_there_are_the_defaults_of_the_catalogue(team: Team) -> None:
    values = default_values(team.catalogue, team.catalogue.select(["core"]))
    assert values.tree == {owner: values.tree[owner] for owner in ("global", "compute", "network", "other")}
    found = values.find("global.debug")
    assert (found.text, found.layer) == ("false", "catalogue")  # type: ignore[union-attr]
    assert values.conf("compute") == {}


HOSTS = """\
values: {compute: {workers: 2}}
groups:
  big: {values: {compute: {workers: 8}}}
  empty: {}
hosts:
  one: {groups: [big]}
  two: {groups: [empty, big]}
  three: {groups: [empty]}
  four: {values: {compute: {workers: 4}}}
  five: {}
"""


def test_hosts_that_say_the_same_are_looked_at_once(team: Team) -> None:
    team.site(HOSTS)
    site = team.values().site
    assert site is not None
    assert list(unlike_hosts(site)) == ["one", "four"]
    assert [layer.name for layer in own_layers(site)] == ["group big", "host four"]
    assert all(is_concrete(layer) for layer in (*own_layers(site), *site.layers()))
    assert list(unlike_hosts(None)) == []
    assert own_layers(None) == ()


def test_an_error_that_all_hosts_share_is_told_once(team: Team) -> None:
    team.site(HOSTS)
    team.region("network: {conf: {neutron.conf: {DEFAULT: {a: \"{{ value('global.nothing') }}\"}}}}\n")
    assert len(team.errors()) == 1


def test_one_of_a_host_is_told_with_its_place(team: Team) -> None:
    team.site(HOSTS + "  six: {values: {compute: {kind: \"{{ value('global.nothing') }}\"}}}\n")
    assert team.errors() == [
        "sites/local.yaml:15:28: there is no value 'global.nothing'\n  fix: did you mean 'global.debug'?"
    ]
