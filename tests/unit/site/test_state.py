from __future__ import annotations

import json
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Selection
from stackwright.catalogue.model import Service
from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.site.paths import SitePaths
from stackwright.site.state import SiteState, choose, load, save
from stackwright.tools import network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Ports that nothing else on a machine would like.
API, DATABASE = 17391, 17392
TWO = Selection(
    {
        "keystone": Service(title="K", ports={"api": API}, secrets={"admin": "password"}),
        "mariadb": Service(title="M", ports={"server": DATABASE}, secrets={"root": "password"}),
    }
)
KEPT = SiteState("abc123", {"keystone-api": 20001, "mariadb-server": 20002}, 9)


@pytest.fixture
def paths(tmp_path: Path) -> SitePaths:
    return SitePaths(tmp_path / "sites" / "local")


@pytest.fixture
def taken() -> Iterator[int]:
    """Give the port that keystone would like while somebody else has it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", API))
        listener.listen()
        yield API


def test_what_is_chosen_is_kept_and_read_again(paths: SitePaths) -> None:
    assert load(paths) is None
    chosen = choose(TWO, None, {})
    save(paths, chosen)
    assert load(paths) == chosen
    assert choose(TWO, load(paths), {}) == chosen


def test_what_is_kept_stays_and_what_a_new_service_needs_is_added() -> None:
    one = Selection({"keystone": TWO.services["keystone"]})
    first = choose(one, None, {})
    both = choose(TWO, first, {})
    assert (both.id, both.number) == (first.id, first.number)
    assert both.ports == {**first.ports, "mariadb-server": DATABASE}


def test_a_port_that_is_free_is_the_one_that_the_service_would_like() -> None:
    assert choose(TWO, None, {}).ports == {"keystone-api": API, "mariadb-server": DATABASE}


def test_a_port_that_is_taken_moves_to_one_that_looks_like_it(taken: int) -> None:
    moved = choose(TWO, None, {}).ports["keystone-api"]
    assert moved != taken
    assert moved % 100 == taken % 100
    assert 10000 <= moved < 32768  # where the kernel takes none for outgoing connections


def test_a_port_that_is_kept_stays_though_it_is_in_use(taken: int) -> None:
    # It is the site's own process that uses it.
    kept = replace(KEPT, ports={"keystone-api": taken})
    assert choose(TWO, kept, {}).ports["keystone-api"] == taken


def test_a_port_that_the_user_sets_wins_and_others_make_way() -> None:
    assert choose(TWO, KEPT, {"keystone-api": 25000}).ports["keystone-api"] == 25000
    ports = choose(TWO, None, {"mariadb-server": API}).ports
    assert ports["mariadb-server"] == API
    assert ports["keystone-api"] not in (API, DATABASE)


def test_a_port_that_the_user_sets_to_one_that_is_kept_for_another_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        choose(TWO, KEPT, {"keystone-api": 20002})
    assert caught.value.what == "the port 20002, which is to be keystone-api's, is mariadb-server's already"
    assert "another number under `ports:`" in caught.value.fix
    with pytest.raises(InputError, match="which is to be mariadb-server's, is keystone-api's already"):
        choose(TWO, KEPT, {"mariadb-server": 20001})
    swapped = choose(TWO, KEPT, {"keystone-api": 20002, "mariadb-server": 20001}).ports
    assert swapped == {"keystone-api": 20002, "mariadb-server": 20001}


def test_a_port_that_browsers_refuse_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Service(title="A console's proxy", ports={"web": 6080})
    monkeypatch.setattr(network, "is_free", lambda port: port != 6080)
    assert choose(Selection({"proxy": proxy}), None, {}).ports == {"proxy-web": 10180}


def test_when_no_port_is_free_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "is_free", lambda _: False)
    with pytest.raises(EnvironmentLacksError, match=f"no port like {API} is free"):
        choose(TWO, None, {})


def test_the_addresses_of_two_sites_differ() -> None:
    other = replace(KEPT, id="def456", number=10)
    for name in ("namespace", "outside", "site_address", "compute_address"):
        assert getattr(KEPT, name) != getattr(other, name)


def test_secrets_are_not_kept_with_the_choices_and_nothing_else_lies_there(paths: SitePaths) -> None:
    save(paths, KEPT)
    save(paths, replace(KEPT, secrets={"keystone-admin": "kept"}))
    assert "kept" not in paths.state.read_text()
    assert [file.name for file in paths.root.iterdir()] == ["site.json"]


def test_a_file_that_cannot_be_written_whole_leaves_the_one_before(
    paths: SitePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(paths, KEPT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        save(paths, replace(KEPT, number=10))
    assert load(paths) == KEPT
    assert [file.name for file in paths.root.iterdir()] == ["site.json"]


def test_a_state_does_not_tell_its_secrets() -> None:
    state = replace(KEPT, secrets={"keystone-admin": "kept"})
    assert "kept" not in f"{state!r} {state}"


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"id": "a", "ports": 7, "number": 4}',
        '{"id": "a", "ports": {}, "number": "x"}',
    ],
)
def test_damaged_choices_are_told(paths: SitePaths, damaged: str) -> None:
    save(paths, KEPT)
    paths.state.write_text(damaged)
    with pytest.raises(InputError, match="the state of the site cannot be read") as caught:
        load(paths)
    assert caught.value.fix == "bring back site.json from a backup"
    assert paths.state.read_text() == damaged


def test_who_may_not_read_the_choices_is_not_sent_to_a_backup(
    paths: SitePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(paths, KEPT)

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(paths.state))

    monkeypatch.setattr(json, "loads", refuse)
    with pytest.raises(EnvironmentLacksError, match=r"Permission denied: .*site\.json") as caught:
        load(paths)
    assert caught.value.fix == "type the same behind sudo"
