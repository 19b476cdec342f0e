"""What goes along to a machine so that it reaches what this one reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.proof.machine.base import Base, packages_of
from stackwright.proof.machine.surroundings import (
    AptSources,
    Surroundings,
    beyond,
    machine_sources,
    own_sources,
    surroundings,
    taken_variables,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_variables_of_proxies_trust_and_indexes_go_along_and_no_others() -> None:
    taken = {
        "https_proxy": "http://proxy.example:3128",
        "NO_PROXY": "localhost",
        "SSL_CERT_FILE": "/etc/ssl/ca.pem",
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "PIP_INDEX_URL": "https://index.example/simple",
    }
    others = {"AWS_SECRET_ACCESS_KEY": "x", "HOME": "/root", "UV_CACHE_DIR": "/c", "OS_PASSWORD": "x", "UV_PYTHON": "3"}
    assert taken_variables(taken | others) == taken


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("http://127.0.0.1:3128", "http://10.0.2.2:3128"),
        ("http://me:word@localhost:3128/", "http://me:word@10.0.2.2:3128/"),
        ("http://[::1]:80", "http://10.0.2.2:80"),
        ("http://127.0.0.1.example.org/", "http://127.0.0.1.example.org/"),
        ("https://proxy.example:3128", "https://proxy.example:3128"),
        ("localhost,127.0.0.1", "localhost,127.0.0.1"),
    ],
)
def test_an_address_of_the_loopback_becomes_the_one_it_has_in_the_machine(text: str, there: str) -> None:
    assert beyond(text) == there


def test_the_loopback_is_open_only_if_something_is_there() -> None:
    apt = AptSources("a.sources", "")
    assert not Surroundings({"https_proxy": "http://proxy.example:1"}, {}, apt, "").needs_loopback
    assert Surroundings({"https_proxy": "http://localhost:1"}, {}, apt, "").needs_loopback
    assert Surroundings({}, {}, apt, 'Acquire::http::Proxy "http://127.0.0.1:3142";').needs_loopback


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sources.list", "deb http://mirror.example/debian bookworm main\n"),
        (
            "team.sources",
            "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-updates\nComponents: main\n",
        ),
    ],
)
def test_sources_in_the_working_directory_count(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = surroundings(tmp_path, {}).apt
    assert (found.text, found.taken) == (text, tmp_path / name)
    assert found.name.rpartition(".")[2] == name.rpartition(".")[2]


def test_sources_of_another_suite_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian trixie main\n")
    with pytest.raises(InputError, match="no source of the suite bookworm") as refused:
        own_sources(tmp_path)
    assert refused.value.where.file == tmp_path / "sources.list"


def test_two_lists_of_sources_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian bookworm main\n")
    (tmp_path / "more.sources").write_text("Types: deb\nURIs: http://m.example\nSuites: bookworm\n")
    with pytest.raises(InputError, match=r"sources\.list, more\.sources"):
        own_sources(tmp_path)


def test_of_the_machines_own_sources_those_of_the_suite_are_taken() -> None:
    debian = {"uris": "http://mirror.example/debian", "suites": "bookworm bookworm-updates", "components": "main"}
    other = {"uris": "http://other.example", "suites": "nodistro", "components": "main"}
    text = machine_sources([debian, other, debian]).text
    assert text.count("mirror.example") == 1
    assert "other.example" not in text


def test_a_machine_without_such_sources_is_told_what_to_do() -> None:
    with pytest.raises(EnvironmentLacksError) as lacking:
        machine_sources([{"uris": "http://mirror.example/ubuntu", "suites": "noble"}])
    assert "put a sources.list" in lacking.value.fix


def test_a_file_that_a_variable_names_goes_along(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    assert surroundings(tmp_path, {"SSL_CERT_FILE": str(bundle)}).files[bundle] == bundle


def test_a_base_is_known_by_all_that_it_is_made_of() -> None:
    around = Surroundings({}, {}, AptSources("a.list", "deb http://a bookworm main"), "")
    other = Surroundings({}, {}, AptSources("a.list", "deb http://b bookworm main"), "")
    settled = Surroundings({}, {}, AptSources("a.list", "deb http://a bookworm main"), 'Acquire::Retries "3";')
    packages = packages_of(("memcached", "git"))
    bases = [
        Base(packages, around),
        Base(packages_of(("memcached",), "udev"), around),
        Base(packages, other),
        Base(packages, settled),
        Base(packages, around, recipe="a unit"),
    ]
    assert len({base.key for base in bases}) == len(bases)
    assert Base(packages_of(("git", "memcached")), around).key == bases[0].key
    assert Base(packages, Surroundings({"A": "1"}, {}, around.apt, "")).key == bases[0].key
