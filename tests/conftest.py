"""What all tests stand on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.backported import SigningKey

# What opens the secrets that tests make: not that of whoever runs them.
IDENTITY = "STACKWRIGHT_IDENTITY"
HAZARDS_OF_RELEASES = Path(__file__).with_name("integration") / "hazards"
SETTINGS = "[user]\n\tname = Tess Tester\n\temail = tess@example.org\n[init]\n\tdefaultBranch = main\n"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Say which tests stay together where several processes share them.

    The tests of a file share its fixtures; those with a cloud share one cloud, and those that read upstream's releases
    share what was read. A second cloud at the same time would make each one's time a matter of luck.
    """
    group = item.nodeid.partition("::")[0]
    if item.get_closest_marker("cloud"):
        group = "cloud"
    elif HAZARDS_OF_RELEASES in item.path.parents and "releases" in getattr(item, "fixturenames", ()):
        group = "releases"
    item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those with a cloud begin: they are the longest that stay together."""
    items.sort(key=lambda item: item.get_closest_marker("cloud") is None)


@pytest.fixture(scope="session", autouse=True)
def _secrets_are_opened_by_somebody_who_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    kept = os.environ.get(IDENTITY)
    os.environ[IDENTITY] = str(tmp_path_factory.mktemp("identity") / "identity.txt")
    yield
    os.environ.pop(IDENTITY)
    if kept is not None:
        os.environ[IDENTITY] = kept


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


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningKey]:
    """A key that repositories of packages are signed with."""
    from tests.backported import SigningKey

    made = SigningKey(tmp_path_factory.mktemp("key") / "home")
    yield made
    made.close()
