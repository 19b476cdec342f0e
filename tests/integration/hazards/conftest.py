from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.releases import Releases

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    directory: Path = tmp_path_factory.mktemp("releases")
    return Releases(directory)
