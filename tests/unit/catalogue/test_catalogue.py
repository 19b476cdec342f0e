from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from stackwright.catalogue.catalogue import Catalogue, own_catalogue, read_catalogue
from stackwright.errors import InputError, ManyInputsError, Where


def catalogue(folder: Path, **entries: str) -> Catalogue:
    for name, text in entries.items():
        (folder / f"{name}.yaml").write_text(text)
    return read_catalogue(folder)


def test_our_own_has_the_services_of_a_cloud() -> None:
    assert set(own_catalogue().groups["core"]) == {
        *("mariadb", "rabbitmq", "memcached", "ovn", "libvirt"),
        *("keystone", "glance", "placement", "neutron", "nova"),
    }


def test_a_group_is_every_service_that_says_so(tmp_path: Path) -> None:
    read = catalogue(tmp_path, a="title: A\ngroups: [one, two]\n", b="title: B\ngroups: [two]\n", c="title: C\n")
    assert read.groups == {"one": ("a",), "two": ("a", "b")}


def test_each_selected_service_comes_behind_those_it_requires() -> None:
    order = list(own_catalogue().select(["core"]).services)
    for name in order:
        required = own_catalogue().service(name).requires
        assert all(order.index(other) < order.index(name) for other in required)


def test_a_service_brings_what_it_requires_and_no_more() -> None:
    assert set(own_catalogue().select(["placement"]).services) == {"placement", "keystone", "mariadb", "memcached"}


def test_a_service_that_is_named_twice_is_selected_once() -> None:
    once = list(own_catalogue().select(["core"]).services)
    assert sorted(own_catalogue().select(["mariadb", "core", "mariadb"]).services) == sorted(once)


def test_a_selection_has_the_ports_secrets_and_packages_of_its_services(tmp_path: Path) -> None:
    read = catalogue(
        tmp_path,
        a="title: A\nports: {api: 80}\nsecrets: {database: password}\npackages: [z, a]\n",
        b="title: B\nports: {api: 81}\nsecrets: {admin: password}\npackages: [a]\nrequires: [a]\n",
        other="title: Other\nports: {api: 82}\n",
    )
    selection = read.select(["b"])
    assert selection.ports() == {"a-api": 80, "b-api": 81}
    assert selection.secrets() == ("a-database", "b-admin")
    assert selection.packages() == ("a", "z")


def test_a_word_that_is_neither_service_nor_group_is_told_with_its_place_and_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        own_catalogue().select(["nove"], Where(Path("sites/local.yaml"), 4, 3))
    assert str(caught.value).splitlines() == [
        "sites/local.yaml:4:3: there is no service or group 'nove' in the catalogue",
        "  fix: did you mean 'nova'?",
    ]
    with pytest.raises(InputError, match="'nove'"):
        own_catalogue().service("nove")


def test_why_a_service_is_there_is_told() -> None:
    selection = own_catalogue().select(["core", "heat", "keystone"])
    assert selection.why("heat") == "the site names it"
    assert selection.why("ovn") == "it is of the group core; required by neutron"
    assert selection.why("keystone").startswith("the site names it; it is of the group core; required by ")
    assert own_catalogue().select(["heat"]).why("memcached") == "required by keystone, heat"


@pytest.mark.parametrize("name", ["panko", "senlin", "sahara", "murano"])
def test_a_retired_service_is_told_to_be_retired_with_the_reason(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is retired") as caught:
        own_catalogue().select(["core", name], Where(Path("sites/local.yaml"), 4, 3))
    assert caught.value.where == Where(Path("sites/local.yaml"), 4, 3)
    assert "nobody was left to maintain it" in (caught.value.why or "")
    assert caught.value.fix.startswith("remove it; and ")
    with pytest.raises(InputError, match="is retired"):
        own_catalogue().service(name)


def test_no_retired_service_is_one_that_there_is() -> None:
    assert not own_catalogue().retired.keys() & own_catalogue().services.keys()


HERE = Where(Path("sites/local.yaml"), 5, 11)


def test_a_service_of_a_group_can_be_left_out() -> None:
    less = own_catalogue().select(["core"], without={"nova": HERE, "neutron": HERE})
    assert own_catalogue().select(["core"]).services.keys() - less.services.keys() == {"nova", "neutron"}


@pytest.mark.parametrize(
    ("wanted", "left_out", "what", "why"),
    [
        (["core"], "glance", "glance cannot be left out", "nova requires it"),
        (["heat"], "rabbitmq", "rabbitmq cannot be left out", "heat requires it"),
        (["core", "heat"], "heat", "heat is named, and left out", ""),
        (["core"], "heta", "no group of the site has 'heta', which is left out", ""),
    ],
)
def test_what_cannot_be_left_out_is_told_with_its_place(wanted: list[str], left_out: str, what: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        own_catalogue().select(wanted, without={left_out: HERE})
    assert (caught.value.what, caught.value.why or "", caught.value.where) == (what, why, HERE)
    assert caught.value.fix


def test_an_unknown_key_is_told_with_its_place_and_the_nearest(tmp_path: Path) -> None:
    text = "title: A\nprocesses:\n  api:\n    command: [run]\n    heath: {unix: /run/a}\n"
    with pytest.raises(InputError) as caught:
        catalogue(tmp_path, a=text)
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/a.yaml:5:5: the key 'heath' is unknown",
        "  fix: did you mean 'health'?",
    ]


def test_all_that_is_wrong_with_an_entry_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ManyInputsError) as caught:
        catalogue(tmp_path, a="titel: A\nports: {api: many}\n")
    assert [(error.where.line, error.where.column) for error in caught.value.errors] == [(1, 1), (2, 14)]


def test_a_requirement_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        catalogue(tmp_path, mariadb="title: M\n", a="title: A\nrequires: [mariabd]\n")
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/a.yaml:2:12: the service a requires 'mariabd', which the catalogue does not have",
        "  fix: did you mean 'mariadb'?",
    ]


def test_services_that_require_each_other_are_told(tmp_path: Path) -> None:
    entries = {"a": "title: A\nrequires: [b]\n", "b": "title: B\nrequires: [c]\n", "c": "title: C\nrequires: [a]\n"}
    with pytest.raises(InputError, match="services require each other") as caught:
        catalogue(tmp_path, **entries)
    way = caught.value.what.removeprefix("services require each other: ").split(" -> ")
    assert all(f"requires: [{after}]" in entries[before] for before, after in pairwise(way))
    assert len(way) == 4


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("files: {a.conf: {}}", "a file has exactly one of `ini`, `text`, `policy`"),
        ("files: {a.conf: {text: x, ini: {DEFAULT: {a: b}}}}", "a file has exactly one of `ini`, `text`, `policy`"),
        ("processes: {api: {user: root}}", "a process has either `command` or `wsgi`"),
        (
            "processes: {api: {command: [a], wsgi: {module: a, port: api}}}",
            "a process has either `command` or `wsgi`",
        ),
        ("processes: {api: {wsgi: {port: api}}}", "`wsgi` has either `module` or `paste`"),
        ("processes: {api: {wsgi: {module: a, paste: b, port: api}}}", "`wsgi` has either `module` or `paste`"),
        (
            "processes: {api: {command: [a], health: {unix: /a, tcp: {port: api}}}}",
            "`health` has at most one of `http`, `tcp`, `unix`, `row`",
        ),
        (
            "tasks: [{name: sync, summary: s, until: {}}]",
            "`until` has exactly one of `path`, `output`, `row`, `trees`",
        ),
        (
            "tasks: [{name: sync, summary: s, until: {path: /a, trees: [b]}}]",
            "`until` has exactly one of `path`, `output`, `row`, `trees`",
        ),
        ("processes: {api: {command: []}}", "expected at least 1"),
        ("processes: {Api: {command: [a]}}", "is not of the form"),
        ("ports: {api: '80'}", "expected a whole number"),
        ("processes: {api: {command: [a], network: guest}}", "'host' or 'compute'"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, entry: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        catalogue(tmp_path, a=f"title: A\n{entry}\n")
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/a.yaml:2:")
