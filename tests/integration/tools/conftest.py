from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = Path("/var/lib/stackwright-test")


@pytest.fixture
def root_only() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: it changes users, networks or the owners of files")


@pytest.fixture
def passable(root_only: None) -> Iterator[Path]:  # noqa: ARG001
    """Give a folder that every user can pass, unlike pytest's own below /tmp."""
    STATE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=STATE))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
    with suppress(OSError):  # another test's is still there
        STATE.rmdir()
