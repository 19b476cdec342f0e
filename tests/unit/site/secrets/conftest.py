from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def identity_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the place of the identity of whoever runs the test; it is not there yet."""
    file = tmp_path / "user/identity.txt"
    monkeypatch.setenv("STACKWRIGHT_IDENTITY", str(file))
    return file
