"""What all tests stand on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = "[user]\n\tname = Tess Tester\n\temail = tess@example.org\n[init]\n\tdefaultBranch = main\n"


@pytest.fixture(scope="session", autouse=True)
def _git_knows_who_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let git have the settings of somebody, and not those of whoever runs the tests, who may have told it nothing."""
    settings = tmp_path_factory.mktemp("git") / "config"
    settings.write_text(SETTINGS)
    kept = {name: os.environ.pop(name, None) for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")}
    os.environ |= {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1"}
    yield
    for name, value in kept.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value
