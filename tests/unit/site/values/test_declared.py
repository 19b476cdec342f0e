"""What there is to say, of what type; and what is told of a value that is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.distribution import load
from stackwright.distribution.values import DeclaredValue
from stackwright.site.values.declared import completed, rendered, unfit
from stackwright.site.values.merge import Placed

if TYPE_CHECKING:
    from .conftest import Team

SCHEMA = """\
global:
  text: {type: text, description: a text}
  integer: {type: integer, description: a number, minimum: -5, maximum: 64}
  number: {type: number, description: a number, minimum: 0.5, maximum: 2}
  boolean: {type: boolean, description: a truth}
  list: {type: list, description: a list}
  map: {type: map, description: a map}
  mode: {type: text, description: a mode, choices: [fast, slow]}
  size: {type: integer, description: a size, choices: [1, 2, 4]}
  modes: {type: list, description: modes, choices: [fast, slow]}
  domain: {type: text, description: a domain, pattern: "[a-z]+([.][a-z]+)*"}
  domains: {type: list, description: domains, pattern: "[a-z]+"}
  pin: {type: integer, description: a secret, sensitive: true}
  disks:
    type: list
    description: disks
    keys:
      name: {type: text, description: its name, required: true, pattern: "[a-z]+"}
      size: {type: integer, description: its size, default: 8, minimum: 1}
  keys:
    type: list
    description: secrets
    sensitive: true
    keys: {pin: {type: integer, description: a number}}
  phrase: {type: text, description: a secret, sensitive: true, choices: [one, two]}
services:
  compute:
    own: {type: text, description: a text}
"""


@pytest.fixture
def typed(team: Team) -> Team:
    team.schema(SCHEMA)
    return team


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("text: plain", "plain"),
        ("text: no", "no"),
        ("text: yes", "yes"),
        ("text: 1e3", "1e3"),
        ("text: 012", "012"),
        ("text: 2026.10", "2026.10"),
        ("text: true", "true"),
        ('text: "5"', "5"),
        ('text: ""', ""),
        ("integer: 5", 5),
        ("integer: -5", -5),
        ("integer: 64", 64),
        ("integer: 0", 0),
        ("integer: 0o17", 15),
        ("integer: 0x10", 16),
        ("integer: \"{{ value('global.size') }}\"", "{{ value('global.size') }}"),
        ("number: 0.5", 0.5),
        ("number: 2", 2),
        ("number: 1e0", 1.0),
        ("boolean: true", True),
        ("boolean: False", False),
        ("list: []", []),
        ("list: [1, a, {b: c}]", [1, "a", {"b": "c"}]),
        ("map: {}", {}),
        ("map: {a: {b: [1]}}", {"a": {"b": [1]}}),
        ("mode: slow", "slow"),
        ("size: 4", 4),
        ("modes: [slow, fast, slow]", ["slow", "fast", "slow"]),
        ("domain: example.org", "example.org"),
        ("domains: [a, b]", ["a", "b"]),
        ("pin: 1234", 1234),
    ],
)
def test_what_fits_is_taken(typed: Team, said: str, value: object) -> None:
    typed.region(f"global:\n  size: 1\n  {said}\n" if "size:" not in said else f"global:\n  {said}\n")
    path = f"global.{said.partition(':')[0]}"
    found = typed.values().find(path)
    assert value == (found.text if isinstance(found, Placed) and path == "global.text" else typed.get(path))


WHOLE = "expected a whole number, found"
ZERO = ": readers disagree on the value of a number with a leading zero"


@pytest.mark.parametrize(
    ("said", "what", "fix"),
    [
        ("text: [a]", "expected text, found a list", ""),
        ("text: {a: b}", "expected text, found a map", ""),
        ("integer: 65", "expected at most 64, found 65", ""),
        ("integer: -6", "expected at least -5, found -6", ""),
        ("integer: 5.5", f"{WHOLE} 5.5", ""),
        ("integer: 1e3", f"{WHOLE} 1e3", "write 1000"),
        ("integer: 5.", f"{WHOLE} 5.", "write 5"),
        ('integer: "5"', f"{WHOLE} the text '5'", "remove the quotes"),
        ("integer: 012", f"{WHOLE} the text '012'{ZERO}", "write 12, or 0o12 if it is octal"),
        ("integer: -007", f"{WHOLE} the text '-007'{ZERO}", "write -7"),
        ("integer: 089", f"{WHOLE} the text '089'{ZERO}", "write 89"),
        ("integer: 1_000", f"{WHOLE} the text '1_000'", ""),
        ("integer: 1:30", f"{WHOLE} the text '1:30'", ""),
        ("integer: true", f"{WHOLE} true", ""),
        ("integer: five", f"{WHOLE} the text 'five'", ""),
        ("integer: []", f"{WHOLE} a list", ""),
        ("number: .4", "expected at least 0.5, found 0.4", ""),
        ("number: 2.5", "expected at most 2, found 2.5", ""),
        ("number: fast", "expected a number, found the text 'fast'", ""),
        ("number: .inf", "expected a number, found the text '.inf'", ""),
        ("boolean: no", "expected true or false, found the text 'no'", "write true or false, without quotes"),
        ("boolean: on", "expected true or false, found the text 'on'", "write true or false, without quotes"),
        ('boolean: "true"', "expected true or false, found the text 'true'", "write true or false, without quotes"),
        ("boolean: 1", "expected true or false, found 1", ""),
        ("list: a,b", "expected a list, found the text 'a,b'", ""),
        ("list: {a: b}", "expected a list, found a map", ""),
        ("map: [a]", "expected a map, found a list", ""),
        ("map: a", "expected a map, found the text 'a'", ""),
        ("mode: fastt", "expected one of fast, slow, found the text 'fastt'", "did you mean 'fast'?"),
        ("size: 3", "expected one of 1, 2, 4, found 3", ""),
        ("modes: [fast, medium]", "expected one of fast, slow, found the text 'medium'", ""),
        ("domain: Example.org", "the text 'Example.org' is not of the form [a-z]+([.][a-z]+)*", ""),
        ("domain: example.org.", "the text 'example.org.' is not of the form [a-z]+([.][a-z]+)*", ""),
        ("domains: [a, B]", "the text 'B' is not of the form [a-z]+", ""),
        ("pin: 0000987", f"expected a whole number, found something else{ZERO}", ""),
        ("pin: 12.5", "expected a whole number, found something else", ""),
        ("disks: [a]", "expected a map of name, size, found the text 'a'", ""),
        ("disks: [{name: a}, {size: 1}]", "an item of it lacks 'name', its name", ""),
        ("disks: [{name: a, siez: 1}]", "there is no 'siez' in an item of it: did you mean 'size'?", ""),
        ("disks: [{name: A}]", "name: the text 'A' is not of the form [a-z]+", ""),
        ("disks: [{name: a, size: 0}]", "size: expected at least 1, found 0", ""),
        ("keys: [{pin: hunter2}]", "pin: expected a whole number, found something else", ""),
        ("phrase: three", "expected one of one, two, found something else", ""),
    ],
)
def test_what_does_not_fit_is_told_with_its_place_and_the_mend(typed: Team, said: str, what: str, fix: str) -> None:
    typed.region(f"global:\n  {said}\n")
    name = said.partition(":")[0]
    (message,) = typed.errors()
    assert message.splitlines() == [
        f"values/openstack.yaml:2:{len(name) + 5}: global.{name}: {what}",
        f"  why: {load(typed.root).value_schema.global_[name].description}",
        *([f"  fix: {fix}"] if fix else []),
    ]


def test_every_layer_is_held_to_the_types_and_all_is_told_at_once(typed: Team) -> None:
    typed.distribution("global: {integer: x}\n")
    typed.release("global: {integer: x}\ncompute: {workers: 0}\n")
    typed.region("compute: {workers: 65, kind: xen}\n")
    typed.site("""\
        values: {global: {boolean: no}}
        groups: {all: {values: {compute: {workers: many}}}}
        hosts: {one: {groups: [all], values: {global: {map: 1}}}}
        """)
    assert [message.partition(": ")[0] for message in typed.errors()] == [
        "values/distribution.yaml:1:19",
        "values/releases/2026.2.yaml:1:19",
        "values/releases/2026.2.yaml:2:20",
        "values/openstack.yaml:1:20",
        "values/openstack.yaml:1:30",
        "sites/local.yaml:5:28",
        "sites/local.yaml:6:44",
        "sites/local.yaml:7:53",
    ]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "comptue: {workers: 1}",
            "1:1: there is no service 'comptue' in the catalogue\n  fix: did you mean 'compute'?",
        ),
        (
            "compute: {wrokers: 1}",
            "1:11: compute has no value 'wrokers'\n  fix: did you mean 'workers'?; or declare it in values/schema.yaml",
        ),
        (
            "global: {debgu: true}",
            "1:10: there is no global value 'debgu'\n  fix: did you mean 'debug'?; or declare it in values/schema.yaml",
        ),
        ("network: {mtu: 1}", "1:11: network has no value 'mtu'\n  fix: declare it in values/schema.yaml"),
        (
            "compute: {conf: {nova.cnf: {DEFAULT: {a: b}}}}",
            "1:18: compute has no configuration file 'nova.cnf'\n  fix: did you mean 'nova.conf'?",
        ),
        (
            "compute: {conf: {policy.yaml: {DEFAULT: {a: b}}}}",
            "1:18: compute has no configuration file 'policy.yaml'\n  fix: did you mean 'policy'?",
        ),
        ("network: {conf: {policy: {a: '@'}}}", "1:18: network has no policy\n  fix: remove it"),
        (
            "compute: {secrets: {databse: vault+kv2://a/b#c}}",
            "1:21: compute has no secret 'databse'\n  fix: did you mean 'database'?",
        ),
    ],
)
def test_what_there_is_not_is_told_with_the_nearest_that_there_is(team: Team, layer: str, message: str) -> None:
    team.region(f"{layer}\n")
    assert team.errors() == [f"values/openstack.yaml:{message}"]


def test_the_policy_of_a_component_that_is_no_service_yet_can_be_said_and_nothing_else(team: Team) -> None:
    release = (team.root / "releases/2026.2.yaml").read_text()
    team.write(
        "releases/2026.2.yaml", release.replace("nova:", "cinder: {source: {pypi: cinder, version: 26.0.0}}, nova:")
    )
    team.region("cinder: {conf: {policy: {'volume:get': 'role:reader'}}}\n")
    assert team.values().policy("cinder")["volume:get"].text == "role:reader"
    team.region("cinder: {workers: 1, conf: {cinder.conf: {DEFAULT: {a: b}}}}\n")
    assert [message.splitlines()[0] for message in team.errors()] == [
        "values/openstack.yaml:1:10: cinder is no service of the catalogue: only its policy can be said",
        "values/openstack.yaml:1:29: cinder is no service of the catalogue: only its policy can be said",
    ]


def test_items_of_a_list_have_the_defaults_of_what_they_do_not_say() -> None:
    keys = {"name": {"type": "text", "description": "n"}, "size": {"type": "integer", "description": "s", "default": 8}}
    declared = DeclaredValue.model_validate({"type": "list", "description": "disks", "keys": keys})
    assert completed([{"name": "a"}, {"size": 1}], declared) == [{"name": "a", "size": 8}, {"size": 1}]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            "global: {disks: {type: list, description: d, keys: {name: {type: text, description: n, pattern: '['}}}}",
            "1:10: the pattern of global.disks.name is no regular expression",
        ),
        (
            "global: {disks: {type: text, description: d, keys: {name: {type: text, description: n}}}}",
            "1:46: only the items of lists have keys\n  fix: remove it",
        ),
        (
            "services: {compute: {workers: {type: text, description: x}}}",
            "1:22: compute.workers is declared by the catalogue already\n"
            "  why: catalogue/services/compute.yaml:6:3\n  fix: take another name",
        ),
        (
            "services: {comptue: {a: {type: text, description: x}}}",
            "1:12: the catalogue has no service 'comptue'\n  fix: did you mean 'compute'?",
        ),
        (
            "global: {a: {type: integer, description: x, default: 1.5}}",
            "1:10: the default of global.a: expected a whole number, found 1.5\n  fix: correct it",
        ),
        (
            "global: {a: {type: text, description: x, default: c, choices: [a, b]}}",
            "1:10: the default of global.a: expected one of a, b, found the text 'c'\n  fix: correct it",
        ),
        (
            "global: {a: {type: text, description: x, pattern: '['}}",
            "1:10: the pattern of global.a is no regular expression\n"
            "  why: unterminated character set at position 0\n  fix: correct it",
        ),
        (
            "global: {a: {type: text, description: x, choices: [1, b]}}",
            "1:10: the choice 1 of global.a is not text\n  fix: put it in quotes",
        ),
        (
            "global: {a: {type: integer, description: x, choices: [1, b]}}",
            "1:10: the choice b of global.a is not a whole number\n  fix: correct it",
        ),
        (
            "global: {a: {type: text, description: x, merge: name}}",
            "1:42: only lists are merged by a key\n  fix: remove it",
        ),
        (
            "global: {a: {type: text, description: x, required: true, default: b}}",
            "1:58: a value that every site has to say has no default\n  fix: remove `default:` or `required:`",
        ),
        (
            "global: {a: {type: text, description: x, minimum: 1}}",
            "1:42: a text has no size\n  fix: remove it",
        ),
        (
            "services: {compute: {conf: {type: text, description: x}}}",
            "1:22: 'conf' has a meaning of its own in a service's values\n  fix: take another name",
        ),
        ("global: {a: {type: text}}", "1:10: the key 'a': the key 'description' is missing"),
        (
            "global: {a: {type: string, description: x}}",
            "1:20: the key 'type': expected 'text', 'integer', 'number', 'boolean', 'list' or 'map', found the text",
        ),
    ],
)
def test_a_declaration_that_contradicts_something_is_told(team: Team, schema: str, message: str) -> None:
    team.schema(f"{schema}\n")
    (told,) = team.errors()
    assert told.startswith(f"values/schema.yaml:{message}")


def test_all_that_is_wrong_with_declarations_is_told_at_once(team: Team) -> None:
    team.schema("""\
        global: {a: {type: text, description: x, pattern: "["}}
        services:
          comptue: {a: {type: text, description: x}}
          compute: {kind: {type: text, description: x}, b: {type: integer, description: x, default: true}}
        """)
    assert [message.partition(": ")[0] for message in team.errors()] == [
        "values/schema.yaml:3:3",
        "values/schema.yaml:4:13",
        "values/schema.yaml:1:10",
        "values/schema.yaml:4:49",
    ]


def test_what_templates_become_has_the_type_then() -> None:
    integer = DeclaredValue(type="integer", description="x", maximum=8)
    assert unfit("{{ processors }}", integer) == ""
    assert rendered("4", integer) == 4
    assert unfit(rendered("9", integer), integer) == "expected at most 8, found 9"
    assert unfit(rendered("many", integer), integer) == "expected a whole number, found the text 'many'"
    assert rendered("012", DeclaredValue(type="text", description="x")) == "012"
