"""What the documentation tells to type works where a cloud is up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.documented import PROJECT, Block, run_documented, shell_blocks

if TYPE_CHECKING:
    from .conftest import Stackwright

pytestmark = pytest.mark.cloud

NEEDS_A_CLOUD = [block for block in shell_blocks() if "cloud" in block.words]


@dataclass(frozen=True)
class Proved:
    """The cloud with the server `demo` in it, and the checks of the proof that made it."""

    cloud: Stackwright
    checks: frozenset[str]


@pytest.fixture(scope="session")
def proved(minicloud: Stackwright) -> Proved:
    return Proved(minicloud, frozenset(row["Check"] for row in minicloud.json("smoke", "--keep")))


def test_the_checks_of_the_proof_are_those_of_the_page(proved: Proved) -> None:
    rows = re.findall(r"^\| (`.*`) \|", (PROJECT / "docs/proof.md").read_text(), re.MULTILINE)
    assert {check for row in rows for check in re.findall(r"`([\w-]+)`", row)} == proved.checks


@pytest.mark.parametrize("block", NEEDS_A_CLOUD, ids=str)
def test_the_commands_of_a_block(block: Block, proved: Proved) -> None:
    cloud = proved.cloud
    exports = cloud("env").stdout.replace("export ", "").split()
    environment = {**cloud.env, **dict(line.split("=", 1) for line in exports)}
    environment["STACKWRIGHT_STATE"] = str(cloud.state)
    for command in block.commands:
        done = run_documented(command.text, directory=cloud.distribution, environment=environment)
        assert done.returncode == command.status, f"{block}: {command.text}\n{done.stdout}"
        assert "Traceback" not in done.stdout, done.stdout
