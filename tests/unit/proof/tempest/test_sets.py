# ruff: noqa: E501  (lines as the programs write them)
from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackwright.errors import InputError
from stackwright.proof.tempest.sets import expression_of, known_sets, leave_out, required_tests, select

# Ids as `tempest run --list-tests` gives them.
SERVER = "tempest.api.compute.servers.test_servers.ServersTestJSON.test_create[id-b92d5ec7-b1dd-44a2-87e4-45e888c46ef0]"
SMOKE = "tempest.api.identity.v3.test_domains.DefaultDomainTestJSON.test_default[id-17a5de24-e6a0-4e4a-a9ee-d85b6e5612b5,smoke]"
SERIAL = (
    "tempest.serial_tests.api.compute.admin.test_aggregates.AggregatesAdminTest.test_add[id-c8e85064-e79b-4906-9931]"
)
DOWNLOAD = "tempest.api.image.v2.test_images.ImportImagesTest.test_image_web_download_import[id-f6feb7a4-b04f]"
COPY = "tempest.api.image.v2.admin.test_images.ImportCopyImagesTest.test_image_copy_image_import[id-9b3b644e-03d1]"
LOGIN = "tempest.scenario.test_network_basic_ops.TestNetworkBasicOps.test_network_basic_ops[id-af1fbcca,network]"
ALL = (SERVER, SMOKE, SERIAL, DOWNLOAD, COPY, LOGIN)


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        ("smoke", (SMOKE,)),
        ("compute", (SERVER, SERIAL)),
        ("identity", (SMOKE,)),
        ("image", (DOWNLOAD, COPY)),
        ("all", ALL),
    ],
)
def test_a_set_has_its_tests(name: str, tests: tuple[str, ...]) -> None:
    assert select(ALL, expression_of(name, None)) == tests


def test_what_needs_more_than_is_there_is_left_out_with_the_reason() -> None:
    bare = leave_out(ALL, set())
    assert bare.tests == (SERVER, SMOKE, SERIAL)
    assert bare.left_out[DOWNLOAD].startswith("needs internet: ")
    assert bare.left_out[COPY].startswith("needs several stores: ")
    assert bare.left_out[LOGIN].startswith("needs login: ")
    assert leave_out(ALL, {"internet", "several stores", "login"}).tests == ALL


def test_servers_are_needed_by_tests_that_start_some() -> None:
    assert leave_out((SERVER,), set()).needs_servers
    assert not leave_out((SMOKE,), set()).needs_servers


@pytest.mark.parametrize(
    ("expression", "what"), [("nothing_like_it", "no test of tempest's 6 fits"), ("(", "is no regular expression")]
)
def test_an_expression_that_finds_nothing_is_refused(expression: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        select(ALL, expression)


def test_a_mistyped_set_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as error:
        expression_of("netwrok", None)
    assert "network" in error.value.fix


def test_every_expression_of_the_sets_compiles_and_says_what_it_is() -> None:
    assert all(one.title and bool(one.tests) != one.guideline for one in known_sets().sets.values())


# Guidelines ------------------------------------------------------------------------------------------------------


def guideline(folder: Path, *, level: bool, flagged: bool = False) -> Path:
    """A guideline in the form of schema 2.0, or without its further level, of 1.3 to 1.6."""
    names: list[object] = [{"name": "servers"}] if level else ["servers"]
    groups = {"required": names, "advisory": [{"name": "domains"}] if level else ["domains"]}
    content = {
        "components": {"os_powered_compute": {"capabilities": groups} if level else groups},
        "capabilities": {
            "servers": {"tests": {"a": {"idempotent_id": "id-b92d5ec7-b1dd-44a2-87e4-45e888c46ef0"}}},
            "domains": {"tests": {"b": {"idempotent_id": "id-17a5de24-e6a0-4e4a-a9ee-d85b6e5612b5"}}},
        },
    }
    if flagged:
        content["capabilities"]["servers"]["tests"]["a"]["flagged"] = {"action": "skip"}  # type: ignore[index]
    file = folder / "2022.11.json"
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize("level", [True, False])
def test_interop_is_what_a_guideline_requires(tmp_path: Path, level: bool) -> None:
    file = guideline(tmp_path, level=level)
    assert select(ALL, expression_of("interop", file)) == (SERVER,)


def test_a_guideline_that_flags_all_requires_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="requires no test"):
        required_tests(guideline(tmp_path, level=True, flagged=True))


def test_interop_without_a_guideline_says_where_one_is() -> None:
    with pytest.raises(InputError) as error:
        expression_of("interop", None)
    assert "openinfra/interop" in error.value.fix
    assert "--guideline" in error.value.fix


@pytest.mark.parametrize("text", ["", "[]", '{"components": 1}', '{"components": {"a": {"required": ["b"]}}}'])
def test_what_is_no_guideline_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    file = tmp_path / "guideline.json"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        required_tests(file)
    assert error.value.where.file == file
