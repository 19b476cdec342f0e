from __future__ import annotations

import pytest

from stackwright.patches import parse
from stackwright.patches.history.history_index import normalised
from stackwright.patches.history.interdiff import alike, difference, differing

ONE = b"""\
--- a/x.py
+++ b/x.py
@@ -1,3 +1,3 @@
 before
-old
+new
 after
"""


@pytest.mark.parametrize(
    ("subject", "same"),
    [
        ("Fix the thing.", "fix  the THING"),
        ("[stable/2026.1] Fix the thing", "Fix the thing"),
        ("[stable-only]: Fix the thing", "Fix the thing"),
        ("[2024.1][Backport] Fix the thing", "Fix the thing"),
        ("Fix the thing (cherry picked from commit 0123)", "Fix the thing"),
        ("Fix the thing (#123).", "Fix the thing"),
        ('Revert "Fix the thing."', 'revert "[stable] fix the thing"'),
        ('Reapply "Fix the thing"', 'Revert "Revert "Fix the thing""'),
    ],
)
def test_subjects_that_say_the_same(subject: str, same: str) -> None:
    assert normalised(subject) == normalised(same)


@pytest.mark.parametrize(
    ("subject", "other"),
    [
        ("[api] Fix the thing", "[docs] Fix the thing"),
        ('Revert "Fix the thing"', "Fix the thing"),
        ("Fix the thing (again)", "Fix the thing"),
        ("", "Fix"),
    ],
)
def test_subjects_that_say_something_else(subject: str, other: str) -> None:
    assert normalised(subject) != normalised(other)


def test_places_and_context_are_no_difference() -> None:
    moved = ONE.replace(b"-1,3 +1,3", b"-71,3 +81,3").replace(b" before", b" else")
    assert difference(parse(ONE).changes, parse(moved).changes) == ""


def test_a_line_that_begins_with_dashes_is_counted() -> None:
    ours, theirs = (parse(ONE.replace(b"+new", word)).changes for word in (b"+-- carried/", b"+++ merged"))
    shown = difference(ours, theirs)
    assert "-+-- carried/\n" in shown
    assert differing(shown) == 2


def test_a_new_file_and_a_binary_one_differ_by_what_they_are() -> None:
    made = b"diff --git a/y b/y\nnew file mode 100755\n--- /dev/null\n+++ b/y\n@@ -0,0 +1 @@\n+x\n"
    plain = made.replace(b"100755", b"100644")
    assert differing(difference(parse(made).changes, parse(plain).changes)) == 2
    assert differing(difference(parse(ONE + made).changes, parse(ONE).changes)) == 2


def test_the_opposite_of_a_patch_has_nothing_in_common_with_it() -> None:
    opposite = ONE.replace(b"-old\n+new", b"-new\n+old")
    assert alike(parse(ONE).changes, parse(ONE).changes) == (2, 0)
    assert alike(parse(ONE).changes, parse(opposite).changes) == (0, 2)
