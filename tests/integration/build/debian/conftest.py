"""An orchard for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.debian import difference
from tests.orchard import DEBIANS, OURS, OWN, Orchard, mail

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def orchard(tmp_path: Path) -> Orchard:
    """One whose pear comes from Debian, with a patch of Debian's own and one of ours."""
    made = Orchard(tmp_path)
    made.own(made.packager.build(patches={"three.patch": OWN}))
    made.series("pear", {"ours.patch": mail("A line of ours", difference("pear.py", DEBIANS, OURS))})
    return made
