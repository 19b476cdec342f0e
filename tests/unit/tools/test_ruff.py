from __future__ import annotations

from stackwright.tools.findings import Finding
from stackwright.tools.ruff import read_differences

DIFF = """\
--- w/a.py
+++ w/a.py
@@ -1,5 +1,4 @@
 import os
-x = {"a":1}
 y = 0
+x = {"a": 1}
--- a comment in SQL
 y = 1
@@ -20 +19,2 @@
-z=1
\\ No newline at end of file
+z = 1
+
--- w/b.py
+++ w/b.py
@@ -3,0 +4 @@
+
"""


def test_each_hunk_of_a_diff_is_a_finding_at_its_first_change() -> None:
    told = "would be formatted otherwise"
    assert list(read_differences(DIFF)) == [
        Finding("w/a.py", 2, 1, "format", told, '-x = {"a":1}\n+x = {"a": 1}\n--- a comment in SQL'),
        Finding("w/a.py", 20, 1, "format", told, "-z=1\n+z = 1\n+"),
        Finding("w/b.py", 3, 1, "format", told, "+"),
    ]


def test_no_difference_is_no_finding() -> None:
    assert list(read_differences("")) == []
