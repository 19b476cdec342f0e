"""Values in the wrong place, and values that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stackwright.site.values.lint import Finding

    from .conftest import Team

SCHEMA = """\
global:
  domain: {type: text, description: domain of the guests}
  phrase: {type: text, description: a secret, sensitive: true}
services:
  compute:
    rack: {type: text, description: where the hosts are}
    key: {type: text, description: a secret, sensitive: true}
"""
SECRET = "\"{{ secret('compute-metadata') }}\""
FILES = {"compute": "nova.conf", "network": "neutron.conf"}


def reads(service: str, *paths: str) -> str:
    """Give values of a service, without the braces of the map, whose configuration reads others."""
    options = ", ".join(f"o{index}: \"{{{{ value('{path}') }}}}\"" for index, path in enumerate(paths))
    return f"conf: {{{FILES[service]}: {{DEFAULT: {{{options}}}}}}}"


@pytest.fixture
def declaring(team: Team) -> Team:
    team.schema(SCHEMA)
    return team


def read(team: Team, path: str, *services: str) -> None:
    """Let services read a value."""
    team.distribution("".join(f"{service}: {{{reads(service, path)}}}\n" for service in services))


def wrong(team: Team, path: str) -> Finding:
    """Give the one thing that is wrong with a value."""
    (found,) = [one for one in team.findings() if one.path == path]
    return found


# Who reads a value, and whether it is a secret, tells where it is to be said: rule by rule, right and wrong.


def test_one_reader_and_no_secret_is_the_services_value(declaring: Team) -> None:
    read(declaring, "global.domain", "compute")
    declaring.region("global: {domain: a}\n")
    found = wrong(declaring, "global.domain")
    assert (found.severity, found.rule, found.where.line) == ("warning", "one-service", 1)
    assert found.what == "only compute reads it: it is that service's value"
    assert found.fix == "declare it below `services: compute:` in values/schema.yaml, and say it as compute.domain"
    declaring.region("{}\n")
    declaring.site("values: {global: {domain: a}}\n")
    assert wrong(declaring, "global.domain").rule == "one-service"
    declaring.site()
    read(declaring, "rack", "compute")
    declaring.region("compute: {rack: a1}\n")
    assert "compute.rack" not in str(declaring.lint())


def test_several_readers_and_no_secret_is_global_in_the_abstract_region(declaring: Team) -> None:
    read(declaring, "compute.rack", "compute", "network")
    declaring.region("compute: {rack: a1}\n")
    found = wrong(declaring, "compute.rack")
    assert (found.severity, found.rule, found.where.line) == ("warning", "several-services", 1)
    assert found.what == "compute, network read it: it is a global value"
    assert found.fix == "declare it below `global:` in values/schema.yaml, and say it in values/openstack.yaml"


def test_and_not_only_in_the_site(declaring: Team) -> None:
    read(declaring, "global.domain", "compute", "network")
    declaring.region("global: {domain: a}\n")
    assert "global.domain" not in str(declaring.lint())
    declaring.region("{}\n")
    declaring.site("values: {global: {domain: a}}\n")
    found = wrong(declaring, "global.domain")
    assert (found.severity, found.rule, found.where.line) == ("warning", "global-in-site", 5)
    assert found.fix == "say it in values/openstack.yaml: a site may say something else"


@pytest.mark.parametrize("more", ["required: true", "default: nowhere"])
def test_but_for_what_is_there_for_sites_to_say(declaring: Team, more: str) -> None:
    read(declaring, "global.domain", "compute", "network")
    declaring.schema(SCHEMA.replace("domain of the guests", f"domain of the guests, {more}"))
    declaring.site("values: {global: {domain: a}}\n")
    assert "global.domain" not in str(declaring.lint())


def test_one_reader_and_a_secret_is_the_sites_for_that_service(declaring: Team) -> None:
    read(declaring, "compute.key", "compute")
    declaring.site(f"values: {{compute: {{key: {SECRET}}}}}\n")
    assert "compute.key" not in str(declaring.lint())
    read(declaring, "global.phrase", "network")
    declaring.site(f"values: {{global: {{phrase: {SECRET}}}}}\n")
    found = wrong(declaring, "global.phrase")
    assert (found.severity, found.rule, found.where.line) == ("warning", "one-service", 5)
    assert found.what == "only network reads it and it is a secret: it is that service's value"


def test_several_readers_and_a_secret_is_the_sites_and_global(declaring: Team) -> None:
    read(declaring, "compute.key", "compute", "network")
    declaring.site(f"values: {{compute: {{key: {SECRET}}}}}\n")
    found = wrong(declaring, "compute.key")
    assert (found.severity, found.rule, found.where.line) == ("warning", "several-services", 5)
    assert found.what == "compute, network read it and it is a secret: it is a global value"
    assert found.fix == "declare it below `global:` in values/schema.yaml, and say it in sites/local.yaml"
    read(declaring, "global.phrase", "compute", "network")
    declaring.site(f"values: {{global: {{phrase: {SECRET}}}}}\n")
    assert "global.phrase" not in str(declaring.lint())


@pytest.mark.parametrize(
    ("path", "name"),
    [("distribution", "distribution"), ("releases/2026.2", "release 2026.2"), ("openstack", "region openstack")],
)
def test_a_secret_in_a_general_layer_is_an_error(declaring: Team, path: str, name: str) -> None:
    declaring.write(f"values/{path}.yaml", f"compute: {{key: {SECRET}, {reads('compute', 'key')}}}\n")
    found = wrong(declaring, "compute.key")
    assert (found.severity, found.rule, found.where.line) == ("error", "secret-in-general", 1)
    assert found.what == f"a secret is said in the layer {name}"
    assert found.fix == "say it in sites/local.yaml, below `values:`, `compute:`"


def test_where_the_catalogue_declares_a_value_is_not_for_the_distribution_to_mend(team: Team) -> None:
    team.region(f"compute: {{workers: 2}}\nnetwork: {{{reads('network', 'compute.workers')}}}\n")
    assert team.lint() == []


# Values that nobody needs.


def test_what_no_service_reads_is_unused_in_every_layer_that_says_it(team: Team) -> None:
    team.schema(SCHEMA)
    team.distribution("global: {domain: a}\n")
    team.region("global: {domain: b}\n")
    team.site("values: {global: {domain: c}}\nhosts: {one: {values: {compute: {rack: a1}}}}\n")
    assert team.lint("unused") == [
        "unused global.domain sites/local.yaml:5",
        "unused compute.rack sites/local.yaml:6",
        "unused global.domain values/distribution.yaml:1",
        "unused global.domain values/openstack.yaml:1",
        "unused global.phrase values/schema.yaml:3",
        "unused compute.key values/schema.yaml:7",
    ]


def test_what_a_service_of_another_site_reads_is_not_unused_in_a_general_layer(team: Team) -> None:
    team.distribution("other: {size: 4}\n")
    assert team.lint() == []


def test_what_only_a_host_reads_is_used(team: Team) -> None:
    team.schema("services: {compute: {rack: {type: text, description: where}}}\n")
    team.region("compute: {rack: a1}\n")
    team.site(f"hosts: {{one: {{values: {{compute: {{{reads('compute', 'rack')}}}}}}}}}\n")
    assert team.lint() == []


@pytest.mark.parametrize(
    ("said", "equal"),
    [
        ("compute: {workers: 1}", True),
        ("compute: {workers: 0x1}", True),
        ("compute: {workers: 2}", False),
        ("global: {debug: False}", True),
        ("global: {debug: true}", False),
        ("compute: {kind: qemu}", True),
        ("compute: {names: [a, b]}", True),
        ("compute: {names: [a]}", False),
        ("compute: {names: [a, c]}", False),
        ("compute: {names: !append [a, b]}", False),
        ("compute: {limits: {a: 1}}", True),
        ("compute: {limits: {a: 2}}", False),
        ("compute: {limits: {a: true}}", False),
        ("compute: {conf: {nova.conf: {DEFAULT: {host: here}}}}", True),
        ("compute: {conf: {nova.conf: {DEFAULT: {host: there}}}}", False),
        ("compute: {conf: {nova.conf: {DEFAULT: {new: here}}}}", False),
        ("compute: {conf: {nova.conf: {conductor: {workers: \"{{ value('workers') }}\"}}}}", True),
    ],
)
def test_what_is_equal_to_its_default_is_told(team: Team, said: str, equal: bool) -> None:
    team.schema("""\
        services:
          compute:
            names: {type: list, default: [a, b], description: names}
            limits: {type: map, default: {a: 1, b: 2}, description: how much}
        """)
    team.region(f"{said}\n")
    found = [one for one in team.findings() if one.rule == "equal"]
    assert [(one.severity, one.fix) for one in found] == ([("note", "remove it")] if equal else [])


def test_so_is_what_is_equal_to_the_layer_below_for_hosts_too(team: Team) -> None:
    team.region("compute: {workers: 2}\n")
    team.site("""\
        values: {compute: {workers: 2}}
        groups: {big: {values: {compute: {workers: 3}}}}
        hosts:
          one: {values: {compute: {workers: 2}}}
          two: {groups: [big], values: {compute: {workers: 3}}}
          three: {groups: [big], values: {compute: {workers: 2}}}
        """)
    assert team.lint("equal") == [
        "equal compute.workers sites/local.yaml:5",
        "equal compute.workers sites/local.yaml:8",
        "equal compute.workers sites/local.yaml:9",
    ]


def test_what_goes_back_to_a_default_is_not_equal_to_it(team: Team) -> None:
    team.region("compute: {workers: 2}\n")
    team.site("values: {compute: {workers: 1}}\n")
    assert team.lint("equal") == []


def test_no_secret_is_told_with_what_is_equal(team: Team) -> None:
    conf = "compute: {conf: {nova.conf: {DEFAULT: {url: 'amqp://a:hunter2@b'}}}}\n"
    team.distribution(conf)
    team.region(conf)
    (equal,) = [one for one in team.findings() if one.rule == "equal"]
    assert equal.what == "'***' is what holds without it"


def test_what_every_site_hides_is_shadowed(team: Team) -> None:
    team.distribution("compute: {workers: 2, conf: {nova.conf: {DEFAULT: {a: x, b: y}}}}\n")
    team.region("compute: {workers: 3}\n")
    team.site("values: {compute: {workers: 4, conf: {nova.conf: {DEFAULT: {a: z}}}}}\n")
    team.site("values: {compute: {workers: 5}}\n", name="second")
    found = [one for one in team.findings() if one.rule == "shadowed"]
    assert [(one.severity, one.path, one.what) for one in found] == [
        ("note", "compute.workers", "what the layer distribution says holds in no site"),
        ("note", "compute.workers", "what the layer region openstack says holds in no site"),
    ]
    assert found[0].fix == "remove it, or what hides it: stackwright value explain compute.workers"


def test_what_a_site_of_another_release_takes_is_not(team: Team) -> None:
    team.write("releases/2026.1.yaml", (team.root / "releases/2026.2.yaml").read_text())
    team.distribution("compute: {workers: 2}\n")
    team.release("compute: {workers: 3}\n")
    team.site()
    assert team.lint("shadowed") == ["shadowed compute.workers values/distribution.yaml:1"]
    team.site(name="older")
    file = team.root / "sites/older.yaml"
    file.write_text(file.read_text().replace("2026.2", "2026.1"))
    assert team.lint("shadowed") == []


def test_lists_are_shadowed_by_lists_and_not_by_what_is_added(team: Team) -> None:
    team.schema("""\
        services:
          compute:
            names: {type: list, description: names}
            flavors: {type: list, merge: name, description: sizes}
        """)
    team.distribution("compute: {names: [a], flavors: [{name: small}]}\n")
    team.region("compute: {names: !append [b], flavors: [{name: small, cores: 2}]}\n")
    assert team.lint("shadowed") == []
    team.region("compute: {names: [b]}\n")
    assert team.lint("shadowed") == ["shadowed compute.names values/distribution.yaml:1"]


def test_what_all_hosts_of_a_group_hide_is_shadowed(team: Team) -> None:
    team.site("""\
        groups: {big: {values: {compute: {workers: 8}}}, small: {values: {compute: {workers: 2}}}}
        hosts:
          one: {groups: [big, small]}
          two: {groups: [big], values: {compute: {workers: 9}}}
        """)
    assert team.lint("shadowed") == ["shadowed compute.workers sites/local.yaml:5"]
    team.site("""\
        groups: {big: {values: {compute: {workers: 8}}}, small: {values: {compute: {workers: 2}}}}
        hosts: {one: {groups: [big, small]}, two: {groups: [big]}}
        """)
    assert team.lint("shadowed") == []


# Sentinels: texts that stand for a value which somebody has yet to give.


@pytest.mark.parametrize("text", ["DEFINED-IN-REGION", "DEFINED-IN-REGION-CHART", "http://CHANGEME/", "a CHANGE-ME b"])
def test_a_sentinel_that_survives_is_an_error(team: Team, text: str) -> None:
    team.region(f"compute: {{conf: {{nova.conf: {{DEFAULT: {{a: '{text}'}}}}}}}}\n")
    (found,) = team.findings()
    assert (found.severity, found.rule, found.path) == ("error", "sentinel", "compute.conf.nova.conf.DEFAULT.a")
    assert found.what.endswith("is left: nobody has given the value")
    assert found.fix == "say it in sites/local.yaml"


@pytest.mark.parametrize("text", ["EXCHANGEMENT", "changeme", "XCHANGEME", "CHANGEMENT"])
def test_what_only_looks_like_one_is_none(team: Team, text: str) -> None:
    team.region(f"compute: {{conf: {{nova.conf: {{DEFAULT: {{a: '{text}'}}}}}}}}\n")
    assert team.lint() == []


def test_a_sentinel_that_the_site_gives_a_value_for_is_gone(team: Team) -> None:
    team.region("compute: {conf: {nova.conf: {DEFAULT: {a: DEFINED-IN-REGION}}}}\n")
    team.site("values: {compute: {conf: {nova.conf: {DEFAULT: {a: b}}}}}\n")
    assert team.lint("sentinel") == []


def test_one_of_a_service_that_the_site_does_not_run_does_not_matter(team: Team) -> None:
    team.region("other: {conf: {other.conf: {DEFAULT: {a: DEFINED-IN-REGION}}}}\n")
    assert team.lint("sentinel") == []


def test_one_that_a_host_says_is_found_and_once(team: Team) -> None:
    team.region("compute: {conf: {nova.conf: {DEFAULT: {a: CHANGEME}}}}\n")
    team.site("hosts: {one: {values: {compute: {conf: {nova.conf: {DEFAULT: {b: CHANGEME}}}}}}, two: {}}\n")
    assert team.lint("sentinel") == [
        "sentinel compute.conf.nova.conf.DEFAULT.b sites/local.yaml:5",
        "sentinel compute.conf.nova.conf.DEFAULT.a values/openstack.yaml:1",
    ]


def test_which_texts_are_sentinels_is_the_distributions_to_say(team: Team) -> None:
    team.schema("sentinels: [TODO.]\n")
    team.region("compute: {conf: {nova.conf: {DEFAULT: {a: CHANGEME, b: TODO., c: TODOX}}}}\n")
    assert team.lint() == ["sentinel compute.conf.nova.conf.DEFAULT.b values/openstack.yaml:1"]
    team.schema("sentinels: []\n")
    assert team.lint() == []


def test_sound_values_lead_to_nothing(declaring: Team) -> None:
    declaring.schema(SCHEMA.replace("  phrase: {type: text, description: a secret, sensitive: true}\n", ""))
    declaring.distribution(f"""\
        compute: {{{reads("compute", "global.domain", "rack", "key")}}}
        network: {{{reads("network", "global.domain")}}}
        """)
    declaring.region("global: {domain: example.org}\ncompute: {rack: a1, workers: 2}\n")
    declaring.site(f"values: {{compute: {{key: {SECRET}, kind: kvm}}}}\nhosts: {{one: {{}}}}\n")
    assert declaring.findings() == []
