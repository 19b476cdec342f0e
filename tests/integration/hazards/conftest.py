from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hazard_corpus import Corpus
from tests.releases import Releases

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    directory: Path = tmp_path_factory.mktemp("releases")
    return Releases(directory)


@pytest.fixture(scope="session")
def corpus(releases: Releases, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The releases, to be carried patches on; what is read of a tree is remembered from one test to the next."""
    return Corpus(tmp_path_factory.mktemp("corpus"), releases)
