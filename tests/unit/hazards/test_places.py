"""Where a claim is written in a patch, also where git has moved a hunk; and the order of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.check import in_order
from stackwright.hazards.model import Claim, Kind
from stackwright.hazards.places import in_patch
from stackwright.patches.model import Offset
from stackwright.patches.parse import parse

if TYPE_CHECKING:
    from pathlib import Path

PATCH = """\
Add two lines

---
 a.txt | 2 ++

diff --git a/a.txt b/a.txt
--- a/a.txt
+++ b/a.txt
@@ -1,3 +1,3 @@
 1
-2
+two
 3
@@ -10,3 +10,4 @@
 10
 11
+more
 12
"""


@pytest.mark.parametrize(
    ("path", "line", "moved", "expected"),
    [
        ("a.txt", 2, 0, "p.patch:12"),
        ("a.txt", 12, 0, "p.patch:17"),
        ("a.txt", 17, 5, "p.patch:17"),
        ("a.txt", 40, 0, "p.patch:9"),  # not of the patch: its first change of the file
        ("b.txt", 1, 0, "p.patch"),
    ],
)
def test_the_line_of_the_patch(tmp_path: Path, path: str, line: int, moved: int, expected: str) -> None:
    file = tmp_path / "p.patch"
    file.write_text(PATCH)
    offsets = [Offset("a.txt", 2, moved)] if moved else []
    place = in_patch(parse(file, name="p.patch"), tmp_path, offsets)
    assert place(Claim(Kind.OPTION, "x", (), path, line)) == expected


def test_releases_are_in_the_order_of_time() -> None:
    names = ["master", "2024.1", "2023.2", "zed", "2024.10", "2024.2", "yoga"]
    assert in_order(names) == ["yoga", "zed", "2023.2", "2024.1", "2024.2", "2024.10", "master"]
