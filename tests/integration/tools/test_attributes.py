"""File systems that keep extended attributes, and one that does not."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import attributes

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_of_this_machine_keeps_them_and_nothing_is_left(tmp_path: Path) -> None:
    attributes.require(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_keeps_none_is_told(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("not root: nothing can be mounted")
    subprocess.run(["mount", "-t", "ramfs", "none", str(tmp_path)], check=True)
    try:
        with pytest.raises(EnvironmentLacksError, match="keeps no extended attributes") as caught:
            attributes.require(tmp_path)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert str(tmp_path) in caught.value.what
    assert "--state DIR" in caught.value.fix
