"""What trees declare of their style, read from real trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.proof.upstream.style.declared import read_style
from stackwright.proof.upstream.style.files import files_of
from stackwright.proof.upstream.style.model import Chosen, Tool
from stackwright.store import Store, TreeId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOX = """\
[testenv]
deps =
  -c{env:CONSTRAINTS:https://example.org/constraints.txt}
  -r{toxinidir}/test-requirements.txt
[testenv:pep8]
commands =
  flake8 {posargs:w setup.py --max-complexity 9}
  ruff check --fix
  doc8 doc
  bash tools/check.sh
[flake8]
exclude = dist, w/generated
filename = *.py,*.wsgi
[flake8:local-plugins]
extension =
  W301 = checks:one
  W302 = w.plugins.more:other
paths = ./w/hacking/
"""
FILES = {
    "tox.ini": TOX,
    "requirements.txt": "oslo.config>=1 # Apache-2.0\n",
    "test-requirements.txt": "hacking>=8.1.0,<8.2.0 # Apache-2.0\nruff==0.15.19\n",
    "setup.py": "",
    "w/a.py": "",
    "w/app.wsgi": "",
    "w/generated/b.py": "",
    "w/hacking/checks.py": "",
    "w/plugins/more.py": "",
    "doc/conf.py": "",
}
HOOKS = """\
repos:
- repo: https://opendev.org/openstack/hacking
  rev: 8.1.0
  hooks: [{id: hacking}]
- repo: https://github.com/PyCQA/bandit
  rev: 1.8.3
  hooks: [{id: bandit}]
"""


class Trees:
    def __init__(self, scratch: Path) -> None:
        self.scratch, self.store, self.count = scratch, Store(scratch / "store.git"), 0

    def __call__(self, changes: Mapping[str, str] | None = None) -> TreeId:
        """Give the tree with further files, or with other texts of them."""
        self.count += 1
        folder = self.scratch / str(self.count)
        for path, text in {**FILES, **(changes or {})}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return self.store.import_directory(folder)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path)


def test_linters_that_tox_runs_have_the_environment_and_the_files_that_they_have_there(trees: Trees) -> None:
    tree = trees()
    style = read_style(trees.store, tree, "w")
    flake8, ruff = style.linters
    assert flake8.requirements == ("flake8", "hacking>=8.1.0,<8.2.0", "oslo.config>=1", "ruff==0.15.19")
    assert (flake8.tool, flake8.declared, flake8.arguments) == (
        Tool.FLAKE8, "hacking>=8.1.0,<8.2.0", ("--max-complexity", "9")
    )  # fmt: skip
    assert files_of(trees.store, tree, None, flake8.chosen) == (
        "setup.py", "w/a.py", "w/app.wsgi", "w/hacking/checks.py", "w/plugins/more.py"
    )  # fmt: skip
    assert (flake8.before, ruff.before) == ("", "./")  # as it is told the files, or finds them itself
    assert (ruff.tool, ruff.declared, ruff.arguments) == (Tool.RUFF, "ruff==0.15.19", ())
    assert "doc/conf.py" in files_of(trees.store, tree, None, ruff.chosen)
    assert style.not_run == ("doc8", "check.sh")


def test_hooks_run_by_tox_are_those_of_pre_commit(trees: Trees) -> None:
    changes = {"tox.ini": "[testenv:pep8]\ncommands = pre-commit run -a\n  mypy w\n", ".pre-commit-config.yaml": HOOKS}
    style = read_style(trees.store, trees(changes), "w")
    assert [str(linter) for linter in style.linters] == ["flake8 (hacking==8.1.0)"]
    assert style.linters[0].requirements == ("flake8", "hacking==8.1.0")
    assert style.not_run == ("bandit", "mypy")


def test_without_an_environment_of_tox_hooks_are_all_there_is(trees: Trees) -> None:
    style = read_style(trees.store, trees({"tox.ini": "", ".pre-commit-config.yaml": HOOKS}), "w")
    assert [str(linter) for linter in style.linters] == ["flake8 (hacking==8.1.0)"]


def test_a_tree_without_linters_has_none(trees: Trees) -> None:
    assert read_style(trees.store, trees({"tox.ini": "[testenv]\ncommands = stestr run\n"}), "w").linters == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tox.ini", TOX.replace("dist,", "dist, other,")),
        ("setup.cfg", "[flake8]\nselect = H\n"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 99\n"),
        ("pyproject.toml", "[project]\nname = 'w'\nrequires-python = '>=3.12'\n"),
        ("w/ruff.toml", "line-length = 99\n"),
        ("w/hacking/checks.py", "RULE = 1\n"),
        ("w/plugins/more.py", "RULE = 1\n"),
    ],
)
def test_settings_are_others_if_what_says_them_has_changed(trees: Trees, path: str, text: str) -> None:
    before, after = (dict(read_style(trees.store, tree, "w").settings) for tree in (trees(), trees({path: text})))
    (changed,) = {one for one in {**before, **after} if before.get(one) != after.get(one)}
    assert path.startswith(changed)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tox.ini", TOX + "[testenv:docs]\ncommands = sphinx-build\n"),
        ("pyproject.toml", "[project]\nname = 'w'\n"),
        ("w/a.py", "import os\n"),
    ],
)
def test_settings_are_the_same_if_something_else_has_changed(trees: Trees, path: str, text: str) -> None:
    before, after = (read_style(trees.store, tree, "w").settings for tree in (trees(), trees({path: text})))
    assert before == after


def test_a_program_of_python_is_a_script_by_its_first_line(trees: Trees) -> None:
    trees({"bin/one": "#!/usr/bin/env python3\n", "bin/two": "#!/bin/sh\n", "bin/three": "#!/usr/bin/python3\n"})
    folder = trees.scratch / "1"
    for name in ("one", "two"):
        (folder / "bin" / name).chmod(0o755)
    tree = trees.store.import_directory(folder)
    found = files_of(trees.store, tree, None, Chosen(("*.sql",), scripts=True))
    assert found == ("bin/one",)
