"""The JSON Schemas: what an editor is told is what the reader does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from stackwright.cli.distribution import FILES
from stackwright.distribution import schema
from stackwright.distribution.schemas import MODELS
from stackwright.hazards.ledger import Reserved


def parts(of: Any) -> Iterator[dict[str, Any]]:
    """Give every map in a schema."""
    if isinstance(of, dict):
        yield of
        for inner in of.values():
            yield from parts(inner)
    elif isinstance(of, list):
        for inner in of:
            yield from parts(inner)


def objects(of: Any) -> list[dict[str, Any]]:
    return [part for part in parts(of) if part.get("type") == "object" and "properties" in part]


@pytest.fixture(params=FILES)
def made(request: pytest.FixtureRequest) -> dict[str, Any]:
    return schema(FILES[request.param])


def test_it_says_what_it_is(made: dict[str, Any]) -> None:
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["title"].startswith("Stackwright ")
    assert made["description"]


OPEN = {"Values", "Stackwright values file", "ServiceValues", "Conf"}  # services, their values and their files are keys


def test_unknown_keys_are_marked(made: dict[str, Any]) -> None:
    assert objects(made)
    for part in objects(made):
        assert (part["additionalProperties"] is False) == (part["title"] not in OPEN)


def test_every_key_is_explained(made: dict[str, Any]) -> None:
    for part in objects(made):
        for key, value in part["properties"].items():
            assert value.get("description"), key


def test_a_key_without_a_value_is_marked(made: dict[str, Any]) -> None:
    for part in parts(made):
        assert part.get("type") != "null"
        assert part.get("default", "") is not None


def test_references_lead_somewhere(made: dict[str, Any]) -> None:
    for part in parts(made):
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in made["$defs"]


def test_patterns_are_of_the_whole_text(made: dict[str, Any]) -> None:
    patterns = [part["pattern"] for part in parts(made) if isinstance(part.get("pattern"), str)]
    patterns += [pattern for part in parts(made) for pattern in part.get("patternProperties", {})]
    assert patterns
    for pattern in patterns:
        assert re.compile(pattern).search("a b") is None
        assert pattern.startswith("^")
        assert pattern.endswith("$")


def test_keys_are_those_that_users_write() -> None:
    assert list(schema(FILES["distribution"])["properties"]) == [
        *("name", "description", "maintainer", "default-site", "patches", "proof")
    ]
    release = schema(FILES["release"])
    assert list(release["properties"]) == ["name", "python", "pins", "components"]
    assert release["required"] == ["python", "pins", "components"]
    assert list(release["$defs"]["PypiSource"]["properties"]) == ["pypi", "version", "sha256"]
    assert list(release["$defs"]["GitSource"]["properties"]) == ["git", "ref", "version"]
    assert list(release["$defs"]["PathSource"]["properties"]) == ["path", "version"]
    assert list(release["$defs"]["ComponentFile"]["properties"]) == ["source", "distribution-name", "packaging"]
    assert release["$defs"]["Pins"]["anyOf"] == [{"required": ["exclude-newer"]}, {"required": ["constraints"]}]
    site = schema(FILES["site"])
    assert list(site["properties"]) == [
        *("release", "target", "platform", "region", "services", "without", "ports", "values", "groups", "hosts")
    ]
    assert site["required"] == ["release", "target", "region", "services"]


def test_what_is_read_further_up_has_one_beside_the_files_that_every_distribution_has() -> None:
    assert list(FILES) == [*MODELS, "backports", "claims", "channel", "package", "personas", "policy-tests"]
    claims = schema(FILES["claims"])
    assert list(claims["properties"]) == ["strict", "claims"]
    reserved = claims["$defs"]["ReservedClaim"]
    assert list(reserved["properties"]) == ["component", "kind", "name", "for", "since"]
    assert reserved["required"] == ["component", "kind", "name"]
    assert claims["$defs"]["Reserved"]["enum"] == [kind.value for kind in Reserved]
