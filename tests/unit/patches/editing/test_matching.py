from __future__ import annotations

import pytest

from stackwright.patches.editing.matching import match
from stackwright.tools.git_commits import Commit

ADA, BO = "Ada <ada@example.org>", "Bo <bo@example.org>"


def commit(name: str, author: str = ADA, date: str = "100 +0000", message: str = "Do it\n") -> Commit:
    return Commit(name, "tree", ("parent",), author, date, message)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (commit("1"), commit("1", BO, "7 +0000", "Other\n")),
        (commit("1", message="Do it\n\n\n\nWhy.  \n"), commit("2", message="Do it\n\nWhy.\n")),
        (commit("1", message="Do it\n\nChange-Id: I1\n"), commit("2", BO, "7 +0000", "Other\n\nChange-Id: I1\n")),
        (commit("1"), commit("2", message="Another subject\n")),
        (commit("1"), commit("2", BO, "7 +0000", "Do it\n\nBut otherwise.\n")),
    ],
    ids=["itself", "all that it says", "Change-Id", "author and time", "subject"],
)
def test_by_what_a_commit_is_known(was: Commit, now: Commit) -> None:
    patches = {"x.patch": commit("8", BO, "8 +0000", "Far\n"), "a.patch": was}
    other = commit("9", BO, "9 +0000", "New\n")
    assert match([other, now], {}, patches, lambda _: None) == {now.commit: "a.patch"}


def test_by_its_patch_id() -> None:
    was, now = commit("1"), commit("2", BO, "7 +0000", "Other\n")
    assert match([now], {}, {"a.patch": was}, lambda _: "same") == {"2": "a.patch"}


def test_the_mark_counts_more_than_what_it_says() -> None:
    patches = {"a.patch": commit("1", message="A\n"), "b.patch": commit("2", message="B\n")}
    now = [commit("3", message="B\n"), commit("4", message="A\n")]
    marks = {"3": ["a.patch"], "4": ["b.patch"]}
    assert match(now, marks, patches, lambda _: None) == {"3": "a.patch", "4": "b.patch"}


def test_what_was_made_of_several_is_the_first_of_them() -> None:
    patches = {"a.patch": commit("1", message="A\n"), "b.patch": commit("2", message="B\n")}
    assert match([commit("3")], {"3": ["a.patch", "b.patch"]}, patches, lambda _: None) == {"3": "a.patch"}


def test_what_several_have_tells_nothing() -> None:
    patches = {"a.patch": commit("1", message="A\n"), "b.patch": commit("2", message="B\n")}
    assert match([commit("3", message="C\n")], {}, patches, lambda _: None) == {}


def test_a_mark_that_no_patch_has_is_of_a_new_one() -> None:
    assert match([commit("3")], {"3": ["wished.patch"]}, {"a.patch": commit("1")}, lambda _: None) == {}
