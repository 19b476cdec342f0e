"""What a service has once for each of several things is written out; what remains is a plain entry."""

from __future__ import annotations

import pytest

from stackwright.catalogue.catalogue import Selection, own_catalogue
from stackwright.catalogue.model import Service
from stackwright.catalogue.repeating import written_out

STORE = Service.model_validate(
    {
        "title": "A store",
        "ports": {"front": 80},
        "files": {"front.conf": {"text": "x"}},
        "tasks": (
            {
                "name": "filled",
                "summary": "fill it",
                "command": ("fill",),
                "after": ("front", "data", "other/thing"),
                "until": {"path": "/filled"},
            },
        ),
        "processes": {
            "front": {"command": ("front",), "after": ()},
            "back": {"command": ("back",), "after": ("copies",)},
        },
        "each": {
            "node": {
                "of": "{{ value('nodes') }}",
                "ports": {"data": 6200},
                "directories": {"{{ data }}/{{ node }}": {"mode": 0o700}},
                "files": {
                    "data.conf": {"ini": {"DEFAULT": {"port": "{{ port('store-data-' ~ node) }}", "plain": "1"}}}
                },
                "processes": {
                    "data": {
                        "command": ("serve", "{{ etc }}/{{ node }}/data.conf"),
                        "health": {"http": {"port": "store-data"}},
                        "reads": ("front.conf", "data.conf"),
                        "after": ("front", "other/thing"),
                    },
                    "copies": {"command": ("copy",), "after": ("data",)},
                },
            }
        },
    }
)


@pytest.fixture
def store() -> Service:
    """The store with two nodes."""
    return written_out(Selection({"store": STORE}), {"store": {"node": ("a", "b")}}).services["store"]


def test_ports_processes_and_files_have_the_name_of_the_thing(store: Service) -> None:
    assert store.ports == {"front": 80, "data-a": 6200, "data-b": 6200}
    assert list(store.processes) == ["front", "back", "data-a", "copies-a", "data-b", "copies-b"]
    assert list(store.files) == ["front.conf", "a/data.conf", "b/data.conf"]
    assert store.each == {}


def test_what_a_part_names_of_itself_is_that_of_the_same_thing(store: Service) -> None:
    data, copies = store.processes["data-b"], store.processes["copies-b"]
    assert data.health.http is not None
    assert data.health.http.port == "store-data-b"
    assert data.reads == ("front.conf", "b/data.conf")
    assert data.after == ("front", "other/thing")
    assert copies.after == ("data-b",)


def test_what_comes_after_such_a_process_comes_after_those_of_all_things(store: Service) -> None:
    assert store.tasks[0].after == ("front", "data-a", "data-b", "other/thing")
    assert store.processes["back"].after == ("copies-a", "copies-b")


def test_templates_know_the_thing_and_other_texts_stay_as_they_are(store: Service) -> None:
    ini = store.files["a/data.conf"].ini
    assert ini is not None
    assert ini["DEFAULT"]["port"] == "{% set node = 'a' %}{{ port('store-data-' ~ node) }}"
    assert ini["DEFAULT"]["plain"] == "1"
    assert store.processes["data-a"].command == ("serve", "{% set node = 'a' %}{{ etc }}/{{ node }}/data.conf")
    assert [path.endswith("{{ data }}/{{ node }}") for path in store.directories] == [True, True]


def test_values_set_the_options_of_all_of_them_under_one_name(store: Service) -> None:
    assert STORE.option_files == ("data.conf",)
    assert store.option_files == ("data.conf",)
    assert {file.said_as for name, file in store.files.items() if name != "front.conf"} == {"data.conf"}


def test_a_service_that_has_nothing_several_times_is_the_same() -> None:
    plain = Service(title="Plain")
    assert written_out(Selection({"plain": plain}), {}).services["plain"] is plain


def test_the_place_of_what_is_written_once_is_told_for_every_thing() -> None:
    where = own_catalogue().where("swift", "files", "node-2/object-server.conf", "ini", "DEFAULT", "bind_port")
    assert where.file is not None
    assert where.line is not None
    assert "swift-object-" in where.file.read_text().splitlines()[where.line - 1]
