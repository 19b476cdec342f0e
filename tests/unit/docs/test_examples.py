"""The files that the documentation shows are ones that are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from stackwright.build.backports.model import BackportsFile
from stackwright.catalogue.model import Service
from stackwright.distribution.model import DistributionFile, ReleaseFile, SiteFile
from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.values import ValueSchema, ValuesFile
from stackwright.hazards.ledger import LedgerFile
from stackwright.hazards.rulebook import Rules
from stackwright.proof.channels import ChannelFile
from stackwright.site.policy.expectations import ExpectationsFile
from stackwright.site.policy.personas import PersonasFile
from tests.documented import Block, blocks, pages

MODELS: dict[str, type[BaseModel]] = {
    "distribution": DistributionFile,
    "release": ReleaseFile,
    "site": SiteFile,
    "service": Service,
    "backports": BackportsFile,
    "claims": LedgerFile,
    "channel": ChannelFile,
    "rules": Rules,
    "values": ValuesFile,
    "value-schema": ValueSchema,
    "personas": PersonasFile,
    "policy-tests": ExpectationsFile,
}
EXAMPLES = [block for page in pages() for block in blocks(page) if block.language == "yaml"]


def test_there_is_an_example_of_each_kind() -> None:
    assert {block.words for block in EXAMPLES} == {(kind,) for kind in MODELS}


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_an_example_is_read(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(block.text)
    parse(MODELS[block.words[0]], read_yaml(file))


@pytest.mark.parametrize("kind", ["distribution", "release", "site"])
def test_the_examples_show_every_key(kind: str) -> None:
    text = "".join(block.text for block in EXAMPLES if block.words == (kind,))
    missing = [
        field.alias or name
        for name, field in MODELS[kind].model_fields.items()
        if f"{field.alias or name}:" not in text
    ]
    assert not missing
