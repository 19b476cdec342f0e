from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.patches import parse
from stackwright.patches.commits import as_commit, base_commit, redrawn, rewritten, written
from stackwright.store import CommitId, Store, TreeId
from stackwright.tools import git_commits
from tests.upstream import Upstream, numbered

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = """[API] Say why, ünïcode and all

A body with a line that begins like a mail's:

From here on it is different.

Change-Id: I0123456789
Signed-off-by: Ada <ada@example.org>
"""


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    upstream = Upstream(tmp_path / "upstream")
    upstream.commit({"nova/api.py": numbered(40), "nova/old.py": numbered(30, prefix="old")}, "Begin")
    return upstream


@pytest.fixture
def store(tmp_path: Path, upstream: Upstream) -> Store:
    store = Store(tmp_path / "store.git")
    (store.directory / "objects/info").mkdir(exist_ok=True)
    (store.directory / "objects/info/alternates").write_text(f"{upstream.directory}/.git/objects\n")
    return store


def tree(upstream: Upstream, commit: str = "HEAD") -> TreeId:
    return TreeId(upstream.git("rev-parse", f"{commit}^{{tree}}"))


def test_a_patch_and_the_commit_that_it_is_say_the_same_to_the_byte(store: Store, upstream: Upstream) -> None:
    files = {"nova/api.py": numbered(40).replace("line 7\n", "seven\n"), "nova/new.json": "{}\n", "nova/old.py": None}
    there = upstream.commit(files, MESSAGE)
    file = written(store, CommitId(there))
    commit = as_commit(store, tree(upstream), CommitId(upstream.git("rev-parse", "HEAD^")), parse(file))
    (original, again) = git_commits.read_commits(store.directory, [there, commit])
    assert (again.message, again.author, again.date) == (original.message, original.author, original.date)
    assert written(store, commit) == file


def test_a_file_keeps_its_form_when_only_its_change_is_another(store: Store, upstream: Upstream) -> None:
    base = base_commit(store, tree(upstream))
    upstream.commit({"nova/api.py": numbered(40).replace("line 7\n", "seven\n")}, "Change seven\n\nWhy.\n")
    shown = upstream.git("show", "--format=medium", "--stat", "--patch").encode() + b"\n"
    patch = parse(shown)
    upstream.commit({"nova/api.py": numbered(40).replace("line 9\n", "nine\nten\n")}, "Change nine instead")
    commit = as_commit(store, tree(upstream), base, patch)
    again = rewritten(store, patch, commit)
    assert again.startswith(patch.head.partition(b" nova/api.py |")[0])
    assert b"+nine\n+ten\n" in again
    assert b"1 file changed, 2 insertions(+), 1 deletion(-)" in again
    assert parse(again).message == patch.message


def test_redrawn_with_the_change_that_it_has_a_file_is_as_it_was(store: Store, upstream: Upstream) -> None:
    before = tree(upstream)
    upstream.commit({"nova/api.py": numbered(40).replace("line 7\n", "seven\n"), "a.png": bytes(range(256))}, MESSAGE)
    file = written(store, CommitId(upstream.git("rev-parse", "HEAD"))) + b"-- \n2.39.5\n\n"
    assert redrawn(store, parse(file), before, tree(upstream)) == file


def test_quilts_own_lines_before_a_diff_do_not_stay_behind(store: Store, upstream: Upstream) -> None:
    before = tree(upstream)
    upstream.commit({"nova/api.py": numbered(40).replace("line 7\n", "seven\n")})
    quilt = parse(
        b"Description: change seven\nForwarded: no\n\nIndex: x/nova/api.py\n=======\n"
        b"--- x.orig/nova/api.py\n+++ x/nova/api.py\n@@ -6,3 +6,3 @@\n line 6\n-line 7\n+8\n line 8\n"
    )
    again = redrawn(store, quilt, before, tree(upstream))
    assert again.startswith(b"Description: change seven\nForwarded: no\n\ndiff --git a/nova/api.py")


def test_the_paths_lose_as_many_parts_as_before(store: Store, upstream: Upstream) -> None:
    before = tree(upstream)
    upstream.commit({"nova/api.py": numbered(40).replace("line 7\n", "seven\n")})
    plain = parse(b"--- nova/api.py\n+++ nova/api.py\n@@ -7 +7 @@\n-line 7\n+8\n", strip=0)
    assert b"\n--- nova/api.py\n" in redrawn(store, plain, before, tree(upstream))
    assert parse(redrawn(store, plain, before, tree(upstream)), strip=0).paths == {"nova/api.py"}


@pytest.mark.parametrize(
    ("head", "author", "date"),
    [
        (b"From: Bo <bo@example.org>\nDate: Fri, 20 Nov 2026 15:22:22 +0100\nSubject: [PATCH] x\n\n---\n",
         "Bo <bo@example.org>", "1795184542 +0100"),
        (b"Description: x\nAuthor: Bo <bo@example.org>\nLast-Update: 2026-11-20\n\n",
         "Bo <bo@example.org>", "1795132800 +0000"),
        (b"", "Unknown <unknown@localhost>", "0 +0000"),
    ],
)  # fmt: skip
def test_who_and_when_in_every_form(store: Store, upstream: Upstream, head: bytes, author: str, date: str) -> None:
    patch = parse(head + b"--- a/nova/api.py\n+++ b/nova/api.py\n@@ -7 +7 @@\n-line 7\n+8\n", name="x.patch")
    (made,) = git_commits.read_commits(store.directory, [as_commit(store, tree(upstream), None, patch)])
    assert (made.author, made.date) == (author, date)
    assert made.subject in ("x", "x.patch")
