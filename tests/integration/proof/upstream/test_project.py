"""Where a tree's tests are, as its files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.proof.upstream.model import Level
from stackwright.proof.upstream.project import read_project
from stackwright.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.proof.upstream.model import Project

CONF = "[DEFAULT]\ntest_path=./w/tests/unit\n"


def project(folder: Path, tox: str, tests: Level = Level.FUNCTIONAL) -> Project:
    tree = folder / "tree"
    (tree / "w").mkdir(parents=True)
    (tree / "w/__init__.py").write_text("")
    (tree / ".stestr.conf").write_text(CONF)
    (tree / "tox.ini").write_text(tox)
    store = Store(folder / "store.git")
    return read_project(store, store.import_directory(tree), "w", "w", "1.0", "3.11", tests)[0]


@pytest.mark.parametrize("option", ["--test-path=./w/tests/functional", "--test-path ./w/tests/functional"])
def test_the_folder_that_a_command_gives_to_stestr_goes_before_the_file(tmp_path: Path, option: str) -> None:
    tox = f"[testenv:functional]\ncommands =\n  stestr {option} run {{posargs}}\n  stestr slowest\n"
    assert project(tmp_path, tox).test_path == "w/tests/functional"


def test_unit_tests_stay_where_the_file_says(tmp_path: Path) -> None:
    tox = "[testenv]\ncommands = stestr run\n[testenv:functional]\ncommands = stestr -t ./w/tests/functional run\n"
    assert project(tmp_path, tox, Level.UNIT).test_path == "w/tests/unit"
