"""The pages on the architecture and on the dependencies name what is there."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.documented import FENCE, PROJECT

SOURCE = PROJECT / "src/stackwright"
PAGE = (PROJECT / "docs/architecture.md").read_text()
LAYERS = PAGE.partition("## The layers")[2].partition("\n## ")[0]
DEPENDENCIES = (PROJECT / "docs/dependencies.md").read_text()
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())


def test_every_package_has_its_line_in_the_order_that_is_enforced() -> None:
    (contract,) = PYPROJECT["tool"]["importlinter"]["contracts"]
    enforced = [layer.removeprefix("stackwright.") for layer in contract["layers"] if not layer.startswith("(")]
    there = {file.stem for file in SOURCE.iterdir() if file.suffix == ".py" or (file / "__init__.py").exists()}
    assert re.findall(r"^\| `(\w+)` \|", LAYERS, re.MULTILINE) == enforced
    assert set(enforced) == {name for name in there if not name.startswith("__")}


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`([\w/]+\.py)`", FENCE.sub("", PAGE)))))
def test_a_module_that_is_named_is_there(module: str) -> None:
    assert (SOURCE / module).is_file()


def test_each_layer_names_modules_of_its_own() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", LAYERS, re.MULTILINE)
    for package, modules in rows:
        for module in re.findall(r"`([^`]+)`", modules):
            assert module.removesuffix(".py").split("/")[0] == package


def test_every_dependency_has_its_reason_and_each_reason_a_dependency() -> None:
    declared = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    declared += PYPROJECT["build-system"]["requires"]
    reasons = re.findall(r"^\| `([\w.-]+)` \| .+ \|$", DEPENDENCIES, re.MULTILINE)
    assert sorted(reasons) == sorted(Requirement(text).name for text in declared)
