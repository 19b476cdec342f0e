"""A site's values from the command line: layers, types, references, the four rules, and YAML that misleads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import EXAMPLE, Stackwright

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """\
global:
  dns-domain: {type: text, description: domain of the names of guests, pattern: "[a-z.-]+"}
  directory-phrase: {type: text, description: password of the directory, sensitive: true}
services:
  nova:
    flavors: {type: list, merge: name, description: sizes of guests}
    aggregates: {type: list, description: aggregates of hosts}
    limits: {type: map, description: how much there is}
"""
GUESTS = """\
global: {dns-domain: cloud.example.org}
nova:
  conf:
    nova.conf:
      api: {dhcp_domain: "{{ value('global.dns-domain') }}"}
neutron:
  conf:
    neutron.conf:
      DEFAULT: {dns_domain: "{{ value('global.dns-domain') }}"}
"""


@pytest.fixture
def write(distribution: Path) -> Any:
    """Give what writes a file of the distribution."""

    def writing(path: str, text: str) -> None:
        file = distribution / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return writing


@pytest.fixture(autouse=True)
def _schema(write: Any, distribution: Path) -> None:
    write("values/schema.yaml", SCHEMA)
    (distribution / "values/openstack.yaml").unlink(missing_ok=True)


def in_site(distribution: Path, text: str, *, behind: str = "values:\n") -> None:
    """Put a line into the site's file, behind another one."""
    file = distribution / "sites/local.yaml"
    before, found, after = file.read_text().partition(behind)
    assert found
    file.write_text(before + found + text + after)


def at_the_end(distribution: Path, text: str) -> None:
    file = distribution / "sites/local.yaml"
    file.write_text(file.read_text() + text)


def refused(stackwright: Stackwright, distribution: Path) -> str:
    """Give what is told of values that are wrong."""
    return stackwright("value", "get", status=2).stderr.replace(f"{distribution}/", "")


# Layers.


def test_explain_names_the_line_that_won_and_every_one_that_lost(
    stackwright: Stackwright, write: Any, distribution: Path
) -> None:
    write("values/distribution.yaml", "nova:\n  workers: 2\n")
    write("values/releases/2026.2.yaml", "# Ours.\nnova:\n  workers: 3\n")
    write("values/openstack.yaml", "\n\nnova: {workers: 4}\n")
    at_the_end(distribution, "groups: {big: {values: {nova: {workers: 5}}}}\nhosts: {one: {groups: [big]}}\n")
    line = (distribution / "sites/local.yaml").read_text().count("\n") - 1
    found = [
        (row["Fate"], row["Value"], row["Layer"], row["Where"])
        for row in stackwright.json("value", "explain", "nova.workers", "--host", "one")
    ]
    assert found[:-1] == [
        ("wins", "5", "group big", f"sites/local.yaml:{line}"),
        ("lost", "4", "region openstack", "values/openstack.yaml:3"),
        ("lost", "3", "release 2026.2", "values/releases/2026.2.yaml:3"),
        ("lost", "2", "distribution", "values/distribution.yaml:2"),
    ]
    assert found[-1][:3] == ("lost", "1", "catalogue")
    told = stackwright("value", "explain", "nova.workers").stderr
    assert told == "nova.workers: processes of the conductor and of the scheduler; read by nova\n"


def test_maps_merge_lists_replace_and_may_be_appended_or_merged_by_a_key(stackwright: Stackwright, write: Any) -> None:
    write(
        "values/distribution.yaml",
        "nova:\n  limits: {a: 1, deep: {b: 2}}\n  aggregates: [x]\n  flavors: [{name: small, cores: 1, disk: 8}]\n",
    )
    write(
        "values/openstack.yaml",
        "nova:\n  limits: {deep: {c: 3}}\n  aggregates: !append [y]\n"
        "  flavors: [{name: large, cores: 8}, {name: small, cores: 2}]\n",
    )

    def get() -> dict[str, str]:
        return {row["Path"]: row["Value"] for row in stackwright.json("value", "get", "nova")}

    found = get()
    assert {path: value for path, value in found.items() if "limits" in path} == {
        "nova.limits.a": "1",
        "nova.limits.deep.b": "2",
        "nova.limits.deep.c": "3",
    }
    assert json.loads(found["nova.aggregates"]) == ["x", "y"]
    assert json.loads(found["nova.flavors"]) == [
        {"name": "small", "cores": 2, "disk": 8},
        {"name": "large", "cores": 8},
    ]
    write("values/openstack.yaml", "nova: {aggregates: [y]}\n")
    assert json.loads(get()["nova.aggregates"]) == ["y"]


def test_a_map_against_something_else_is_told_with_both_places(
    stackwright: Stackwright, write: Any, distribution: Path
) -> None:
    write("values/distribution.yaml", "nova:\n  limits: {a: {b: 1}}\n")
    write("values/openstack.yaml", "nova: {limits: {a: 1}}\n")
    assert refused(stackwright, distribution) == (
        "error: values/openstack.yaml:1:17: nova.limits.a is a map in a layer below, and not here\n"
        "  why: distribution says it: values/distribution.yaml:2:16\n"
        "  fix: write a map here too: maps are merged key by key\n"
    )


def test_a_host_that_there_is_not_is_told(stackwright: Stackwright, distribution: Path) -> None:
    at_the_end(distribution, "hosts: {compute-1: {}}\n")
    told = stackwright("value", "get", "nova", "--host", "compute-2", status=2).stderr
    assert "the site local has no host 'compute-2'\n  fix: did you mean 'compute-1'?" in told


def test_a_path_that_leads_nowhere_is_told_with_the_nearest(stackwright: Stackwright) -> None:
    told = stackwright("value", "get", "nova.wrokers", status=2).stderr
    assert told == "error: nova has no 'wrokers'\n  fix: did you mean 'workers'?\n"
    told = stackwright("value", "explain", "nova.conf.nova.conf.libvirt.virt_typ", status=2).stderr
    assert told.endswith("fix: did you mean 'virt_type'?\n")


# Types, and what has to be said.


def test_everything_that_is_wrong_is_told_at_once_in_every_command(
    stackwright: Stackwright, write: Any, distribution: Path
) -> None:
    write(
        "values/openstack.yaml", "nvoa: {workers: 1}\nnova: {workers: 0, virt-type: xen}\nglobal: {dns-domain: A.B}\n"
    )
    expected = [
        "error: values/openstack.yaml:1:1: there is no service 'nvoa' in the catalogue",
        "values/openstack.yaml:2:17: nova.workers: expected at least 1, found 0",
        "values/openstack.yaml:2:31: nova.virt-type: expected one of qemu, kvm, found the text 'xen'",
        "values/openstack.yaml:3:22: global.dns-domain: the text 'A.B' is not of the form [a-z.-]+",
    ]
    for command in (("value", "get"), ("value", "explain", "nova.workers"), ("value", "lint")):
        told = stackwright(*command, status=2).stderr.replace(f"{distribution}/", "")
        assert [line for line in told.splitlines() if not line.startswith("  ")] == expected


def test_what_a_site_has_to_say_is_missed_before_anything_is_rendered(
    stackwright: Stackwright, write: Any, distribution: Path
) -> None:
    write(
        "values/schema.yaml",
        "global:\n  contact: {type: text, description: who to ask, required: true}\n"
        "services:\n  nova: {rack: {type: text, description: where hosts are, required: true}}\n",
    )
    told = stackwright("plan", status=2).stderr.replace(f"{distribution}/", "")
    assert "the site local does not say global.contact\n  why: who to ask (declared at values/schema.yaml:2:3)" in told
    assert "the site local does not say nova.rack\n  why: where hosts are (declared at values/schema.yaml:4:10)" in told
    assert told.count("does not say") == 2
    in_site(distribution, "  global: {contact: ops}\n")
    in_site(distribution, "    rack: a1\n", behind="  nova:\n")
    assert stackwright.json("value", "get", "global.contact")[0]["Value"] == "ops"


# References.


def test_names_of_nothing_are_told_with_the_nearest(stackwright: Stackwright, write: Any, distribution: Path) -> None:
    write(
        "values/openstack.yaml",
        GUESTS.replace("('global.dns-domain') }}\"}\nneutron", "('global.dns-domian') }}\"}\nneutron"),
    )
    assert refused(stackwright, distribution) == (
        "error: values/openstack.yaml:5:13: there is no value 'global.dns-domian'\n"
        "  fix: did you mean 'global.dns-domain'?\n"
    )


def test_values_that_name_each_other_in_a_circle_are_told_with_every_place(
    stackwright: Stackwright, write: Any, distribution: Path
) -> None:
    write("values/distribution.yaml", "global:\n  dns-domain: \"{{ value('nova.cpu-mode') }}\"\n")
    write("values/openstack.yaml", "nova:\n\n  cpu-mode: \"{{ value('global.dns-domain') }}\"\n")
    told = refused(stackwright, distribution)
    assert "values name each other in a circle: " in told
    assert "values/distribution.yaml:2:3" in told
    assert "values/openstack.yaml:3:3" in told
    assert told.endswith("fix: write one of them out\n")


# Lint.


def lint(stackwright: Stackwright, status: int = 0) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["Rule"], row["Path"]): row for row in stackwright.json("value", "lint", status=status)}


def test_the_example_has_nothing_to_be_told(state: Path) -> None:
    assert lint(Stackwright(EXAMPLE, state)) == {}


def test_sound_values_lead_to_nothing(stackwright: Stackwright, write: Any) -> None:
    write("values/schema.yaml", SCHEMA.partition("  directory")[0])
    write("values/openstack.yaml", GUESTS)
    assert lint(stackwright) == {}


SITE = """\
release: "2026.2"
target: local
region: RegionOne
services: [core]
"""
READS = "{{ value('%s') }}"
KEPT = "\"{{ secret('nova-metadata') }}\""


def reading(**paths: str) -> str:
    """Give values whose options read others: nova's of both, neutron's of those that several read."""
    options = {name: READS % path for name, path in paths.items()}
    both = {name: text for name, text in options.items() if name.startswith("several")}
    return (
        f"nova: {{conf: {{nova.conf: {{DEFAULT: {json.dumps(options)}}}}}}}\n"
        f"neutron: {{conf: {{neutron.conf: {{DEFAULT: {json.dumps(both)}}}}}}}\n"
    )


def test_each_of_the_four_rules_is_held_against_what_really_reads(stackwright: Stackwright, write: Any) -> None:
    declared = {name: f"{name}: {{type: text, description: x}}" for name in ("one", "several")}
    declared |= {
        f"{name}-secret": text[:-1].replace(":", "-secret:", 1) + ", sensitive: true}"
        for name, text in declared.items()
    }
    paths = {"one": "global.one", "one_secret": "global.one-secret"}
    paths |= {"several": "nova.several", "several_secret": "nova.several-secret"}
    write("values/distribution.yaml", reading(**paths))

    # Every one in the wrong place.
    write(
        "values/schema.yaml",
        f"global: {{{declared['one']}, {declared['one-secret']}}}\n"
        f"services: {{nova: {{{declared['several']}, {declared['several-secret']}}}}}\n",
    )
    write("values/openstack.yaml", "global: {one: a}\n")
    write(
        "sites/local.yaml",
        f"{SITE}values: {{global: {{one-secret: {KEPT}}}, nova: {{several: b, several-secret: {KEPT}}}}}\n",
    )
    found = lint(stackwright)
    assert {key: row["What"].partition(": ")[2] for key, row in found.items()} == {
        ("one-service", "global.one"): "it is that service's value",
        ("one-service", "global.one-secret"): "it is that service's value",
        ("several-services", "nova.several"): "it is a global value",
        ("several-services", "nova.several-secret"): "it is a global value",
    }
    assert found["several-services", "nova.several"]["Fix"].endswith("say it in values/openstack.yaml")
    assert found["several-services", "nova.several-secret"]["Fix"].endswith("say it in sites/local.yaml")

    # Every one where its fix puts it, but for the layer.
    write(
        "values/schema.yaml",
        f"global: {{{declared['several']}, {declared['several-secret']}}}\n"
        f"services: {{nova: {{{declared['one']}, {declared['one-secret']}}}}}\n",
    )
    paths = {
        name: path.replace("global", "x").replace("nova", "global").replace("x", "nova") for name, path in paths.items()
    }
    write("values/distribution.yaml", reading(**paths))
    write("values/openstack.yaml", f"global: {{several-secret: {KEPT}}}\nnova: {{one-secret: {KEPT}}}\n")
    write("sites/local.yaml", f"{SITE}values: {{global: {{several: b}}, nova: {{one: a}}}}\n")
    assert lint(stackwright, status=1).keys() == {
        ("global-in-site", "global.several"),
        ("secret-in-general", "global.several-secret"),
        ("secret-in-general", "nova.one-secret"),
    }

    # And where it belongs.
    write("values/openstack.yaml", "global: {several: b}\nnova: {one: a}\n")
    write("sites/local.yaml", f"{SITE}values: {{global: {{several-secret: {KEPT}}}, nova: {{one-secret: {KEPT}}}}}\n")
    assert lint(stackwright) == {}


def test_secrets_that_are_plain_to_read_are_found_and_never_shown(stackwright: Stackwright, write: Any) -> None:
    write(
        "values/openstack.yaml",
        "nova:\n  conf:\n    nova.conf:\n      DEFAULT: {transport_url: 'rabbit://nova:hunter2pass@10.0.0.5'}\n"
        "      vmware: {host_password: hunter2pass}\nglobal: {directory-phrase: hunter2pass}\n",
    )
    found = lint(stackwright, status=1)
    places = {path: row["Where"] for (rule, path), row in found.items() if rule == "plain-secret"}
    assert places == {
        "nova.conf.nova.conf.DEFAULT.transport_url": "values/openstack.yaml:4",
        "nova.conf.nova.conf.vmware.host_password": "values/openstack.yaml:5",
        "global.directory-phrase": "values/openstack.yaml:6",
    }
    for words in (
        ("value", "get"),
        ("value", "get", "-f", "json"),
        ("value", "explain", "nova.conf.nova.conf.DEFAULT.transport_url"),
        ("value", "explain", "global.directory-phrase"),
        ("value", "lint"),
    ):
        done = stackwright(*words, status=1 if "lint" in words else 0)
        assert "hunter2pass" not in done.stdout + done.stderr
    assert "***" in stackwright("value", "get", "global").stdout


def test_what_nobody_needs_is_told_and_is_no_error(stackwright: Stackwright, write: Any) -> None:
    write("values/distribution.yaml", "nova: {workers: 2, virt-type: qemu, limits: {a: 1}}\n")
    write("values/openstack.yaml", "nova: {workers: 3}\n")
    found = lint(stackwright)
    assert found["shadowed", "nova.workers"]["Where"] == "values/distribution.yaml:1"
    assert found["equal", "nova.virt-type"]["Severity"] == "note"
    assert found["unused", "nova.limits"]["What"] == "no service reads it"


def test_a_sentinel_that_survives_is_an_error(stackwright: Stackwright, write: Any, distribution: Path) -> None:
    write("values/openstack.yaml", "nova: {cpu-mode: DEFINED-IN-REGION}\n")
    assert lint(stackwright, status=1)["sentinel", "nova.cpu-mode"]["Where"] == "values/openstack.yaml:1"
    in_site(distribution, "    cpu-mode: host-model\n", behind="  nova:\n")
    assert ("sentinel", "nova.cpu-mode") not in lint(stackwright)


# YAML that is not what it seems.


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "nova:\n  workers: 2\n  virt-type: kvm\n  workers: 3\n",
            "4:3: the key 'workers' is here twice\n  why: it is on line 2 too, and only one can count\n"
            "  fix: remove one of them",
        ),
        (
            "nova:\n\tworkers: 2\n",
            "2:1: a tab in the indentation\n  why: YAML is indented by spaces only\n  fix: replace the tab by spaces",
        ),
        (
            "nova: &base\n  workers: 2\nneutron:\n  <<: *base\n",
            "4:3: merge keys are not supported\n"
            "  why: YAML 1.2 has none, and they hide where a value comes from\n"
            "  fix: write the entries out, or repeat a whole map with an alias (`key: *name`)",
        ),
        (
            "nova: {workers: *many}\n",
            "1:17: nothing before this is named &many\n"
            "  why: an alias repeats a value that ends before it\n  fix: there is none",
        ),
        (
            "global: {debug: no}\n",
            "1:17: global.debug: expected true or false, found the text 'no'\n"
            "  why: whether the services log what they do in every detail\n  fix: write true or false, without quotes",
        ),
        (
            "nova: {workers: 1e3}\n",
            "1:17: nova.workers: expected a whole number, found 1e3\n"
            "  why: processes of the conductor and of the scheduler\n  fix: write 1000",
        ),
        (
            "nova: {workers: 010}\n",
            "1:17: nova.workers: expected a whole number, found the text '010': readers disagree on the value of a"
            " number with a leading zero\n"
            "  why: processes of the conductor and of the scheduler\n  fix: write 10, or 0o10 if it is octal",
        ),
        (
            "nova: {workers: '4'}\n",
            "1:17: nova.workers: expected a whole number, found the text '4'\n"
            "  why: processes of the conductor and of the scheduler\n  fix: remove the quotes",
        ),
        (
            "nova: {workers: !!int '4'}\n",
            "1:17: the tag 'tag:yaml.org,2002:int' is not used here\n"
            "  fix: remove it; text that looks like a number goes in quotes",
        ),
        (
            "nova: {workers: }\n",
            "1:8: the key 'workers' has no value\n"
            '  fix: write one ("" is an empty text, {} an empty map, [] an empty list), or remove it',
        ),
        (
            "nova: {conf: {nova.conf: {DEFAULT: {debug: [a]}}}}\n",
            "1:44: the key 'debug': expected text, found a list",
        ),
    ],
)
def test_yaml_that_is_not_what_it_seems_is_told_with_its_place_and_the_mend(
    stackwright: Stackwright, write: Any, distribution: Path, text: str, told: str
) -> None:
    write("values/openstack.yaml", text)
    assert refused(stackwright, distribution).startswith(f"error: values/openstack.yaml:{told}")


def test_what_is_written_stays_as_it_is_where_text_is_wanted(stackwright: Stackwright, write: Any) -> None:
    write(
        "values/openstack.yaml",
        "nova: {conf: {nova.conf: {DEFAULT: &same {a: no, b: 1e3, c: 010, d: 2026.10, e: True}, other: *same}}}\n",
    )
    expected = {"a": "no", "b": "1e3", "c": "010", "d": "2026.10", "e": "True"}
    for section in ("DEFAULT", "other"):
        rows = stackwright.json("value", "get", f"nova.conf.nova.conf.{section}")
        assert {row["Path"].rpartition(".")[2]: row["Value"] for row in rows} == expected


def test_a_file_that_is_not_read_is_told(stackwright: Stackwright, write: Any, distribution: Path) -> None:
    write("values/opnstack.yaml", "nova: {workers: 2}\n")
    assert refused(stackwright, distribution).startswith("error: values/opnstack.yaml: this file is not read")
