"""What git says is told apart: damage of a repository, and all else that may be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.tools import git

A, PACK = "a" * 40, "/s/store.git/objects/pack/pack-1"


@pytest.mark.parametrize(
    "line",
    [
        f"fatal: loose object {A} (stored in /s/store.git/objects/aa/{A[2:]}) is corrupt",
        f"fatal: packed object {A} (stored in {PACK}.pack) is corrupt",
        f"error: object file /s/store.git/objects/aa/{A[2:]} is empty",
        f"error: packfile {PACK}.pack does not match index",
        f"error: file {PACK}.pack is far too short to be a packfile",
        f"error: index file {PACK}.idx is too small",
        f"fatal: missing object {A} for refs/heads/master",
        "fatal: unexpected line in /s/store.git/packed-refs: garbage",
        "fatal: not a git repository: '/s/store.git'",
        "fatal: bad config line 1 in file /s/store.git/config",
        "fatal: not a tree object",
        f"fatal: unable to read tree {A}",
        f"fatal: failed to unpack tree object {A}",
    ],
)
def test_damage(line: str) -> None:
    assert git.DAMAGE.search(f"warning: before\n{line}\nafter\n".encode())


@pytest.mark.parametrize(
    "line",
    [
        f"fatal: unable to read {A}",  # a blob of a mirror that has not been needed yet
        f"fatal: bad object {A}",  # what a person has mistyped
        "fatal: ambiguous argument 'x': unknown revision or path not in the working tree.",
        "error: corrupt patch at line 5",
        "error: patch failed: object file x is empty:1",
        "error: object file x is empty: does not exist in index",
        "Checking patch fatal: not a tree object...",
        "error: inflate: data stream error (incorrect header check)",  # a binary patch
        "remote: fatal: not a tree object",
        "warning: filtering not recognized by server, ignoring",
    ],
)
def test_no_damage(line: str) -> None:
    assert not git.DAMAGE.search(f"{line}\n".encode())


def test_the_repository_that_lends_an_object_is_the_damaged_one(tmp_path: Path) -> None:
    lender = tmp_path / "store.git"
    lender.mkdir()
    line = f"fatal: packed object {A} (stored in {lender}/objects/pack/pack-1.pack) is corrupt"
    error = git.damaged(tmp_path / "work/.git", line.encode())
    assert (error.repository, error.inode) == (lender, lender.stat().st_ino)
    assert git.damaged(Path("/x/.git"), b"fatal: not a tree object").repository == Path("/x/.git")
