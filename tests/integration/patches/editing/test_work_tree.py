"""A series edited as commits, with the user's own git: amended, reordered, squashed, split, and read back."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import CheckFailedError, InputError
from stackwright.patches.editing import work_tree
from tests.carrying import Carrying, carry
from tests.upstream import numbered

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.editing.work_tree import WorkTree

API, DB = numbered(60), numbered(60, prefix="db")
ONE = API.replace("line 7\n", "seven\n")
A, B, C = "0001-a.patch", "0002-b.patch", "0003-c.patch"
WHO = {
    f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in (("NAME", "Cy"), ("EMAIL", "c@d"))
}


@pytest.fixture(autouse=True)
def own_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**WHO, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def carrying(tmp_path: Path) -> Carrying:
    return carry(
        tmp_path,
        {"api.py": API, "db.py": DB},
        [
            ({"api.py": ONE}, "Change seven\n\n#1 of the list.\n"),
            ({"db.py": DB.replace("db 9\n", "nine\n")}, "Change the database\n"),
            ({"api.py": ONE.replace("line 40\n", "forty\n")}, "Change forty\n"),
        ],
    )


def begin(carrying: Carrying, at: str | None = None) -> WorkTree:
    folder = carrying.root.parent / "work"
    place = work_tree.WorkTree(str(folder), str(carrying.root), "", "nova", "2026.2", base="", digest="", patches={})
    return work_tree.make(carrying.base, carrying.series, place, at=at)


def git(tree: WorkTree, *words: str, status: int | None = 0, **env: str) -> str:
    done = subprocess.run(
        ["git", "-C", tree.directory, *words], capture_output=True, text=True, check=False, env={**os.environ, **env}
    )
    assert status is None or done.returncode == status, done.stdout + done.stderr
    return done.stdout.strip()


def edit(tree: WorkTree, path: str, old: str, new: str) -> None:
    file = tree.path / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def rebase(tree: WorkTree, plan: str, status: int | None = 0) -> None:
    """Rebase interactively; the plan's words are `pick 2` and so on, in numbers of the commits."""
    ids = git(tree, "rev-list", "--reverse", f"{tree.base}..HEAD").split()
    lines = [f"{word} {ids[int(number) - 1]}" for word, number in (line.split() for line in plan.split(", "))]
    file = tree.path / ".git/plan"
    file.write_text("\n".join(lines) + "\n")
    git(tree, "rebase", "-i", tree.base, status=status, GIT_SEQUENCE_EDITOR=f"cp {file}", GIT_EDITOR="true")


def back(carrying: Carrying, tree: WorkTree, *, amend: bool = False, delete: bool = False) -> Draft:
    work_tree.settle(tree, carrying.series, amend=amend)
    draft = work_tree.read_back(tree, carrying.series, carrying.base, delete=delete)
    carrying.write(draft)
    return draft


def test_upstream_and_a_commit_a_patch_on_a_branch_with_its_name(carrying: Carrying) -> None:
    tree = begin(carrying)
    assert git(tree, "log", "--format=%an %s", "--reverse").splitlines() == [
        "Upstream Upstream",
        "Ada Upstream Change seven",
        "Ada Upstream Change the database",
        "Ada Upstream Change forty",
    ]
    assert git(tree, "branch", "--show-current") == "stackwright/nova/2026.2"
    assert git(tree, "status", "--porcelain") == ""
    assert git(tree, "fsck", "--no-dangling") == ""
    assert git(tree, "rev-parse", "HEAD^{tree}") == carrying.tree


def test_amending_one_changes_its_file_and_no_other(carrying: Carrying) -> None:
    before = carrying.files
    tree = begin(carrying, at=A)
    edit(tree, "api.py", "line 1\n", "line 0\nline 1\n")
    git(tree, "commit", "-aq", "--amend", "--no-edit")
    back(carrying, tree)
    now = carrying.files
    assert {name for name in now if now[name] != before[name]} == {A}
    assert now[A].partition(b"\n---\n")[0] == before[A].partition(b"\n---\n")[0]
    assert b"+line 0\n" in now[A]
    assert carrying.tree == git(tree, "rev-parse", "HEAD^{tree}")


def test_what_is_not_committed_is_refused_or_taken_into_heads_patch(carrying: Carrying) -> None:
    tree = begin(carrying, at=B)
    edit(tree, "db.py", "db 20\n", "twenty\n")
    (tree.path / "new.py").write_text("new\n")
    with pytest.raises(InputError, match="not committed") as caught:
        back(carrying, tree)
    assert "new.py" in caught.value.details
    assert "--amend" in caught.value.fix
    assert back(carrying, tree, amend=True).notes == (f"{B}: changed",)
    assert carrying.series.patches[1].paths == {"db.py", "new.py"}
    assert carrying.names == [A, B, C]


def test_reordered_and_every_byte_of_a_patch_stays(carrying: Carrying) -> None:
    before = carrying.files
    tree = begin(carrying)
    rebase(tree, "pick 3, pick 1, pick 2")
    draft = back(carrying, tree)
    assert carrying.listing == f"# ours\n{C}\n{A}\n{B}\n"
    assert {**carrying.files, "series": b""} == {**before, "series": b""}
    assert draft.notes == ("the order is another",)


def test_dropped_and_the_file_stays_unless_it_is_to_go(carrying: Carrying) -> None:
    tree = begin(carrying)
    rebase(tree, "pick 1, pick 3")
    back(carrying, tree)
    assert carrying.names == [A, C]
    assert B in carrying.files
    tree = work_tree.reread(tree, carrying.series)
    rebase(tree, "pick 2")
    back(carrying, tree, delete=True)
    assert (carrying.names, sorted(carrying.files)) == ([C], [B, C, "series"])


def test_squashed_into_the_first_of_them(carrying: Carrying) -> None:
    end = carrying.tree
    tree = begin(carrying)
    rebase(tree, "pick 1, squash 3, pick 2")
    back(carrying, tree)
    assert (carrying.names, carrying.tree) == ([A, B], end)
    assert carrying.series.patches[0].message == "Change seven\n\n#1 of the list.\n\nChange forty"


def test_reworded_split_and_new(carrying: Carrying) -> None:
    tree = begin(carrying)
    git(tree, "commit", "-q", "--amend", "-m", "Say it better", "--author", "Bo <bo@example.org>")
    (tree.path / "new.py").write_text("x\n")
    git(tree, "add", "new.py")
    git(tree, "commit", "-qm", "Add: new (one)")
    back(carrying, tree)
    assert carrying.names == [A, B, C, "0004-Add-new-one.patch"]
    assert [(p.subject, p.author) for p in carrying.series.patches[2:]] == [
        ("Say it better", "Bo <bo@example.org>"), ("Add: new (one)", "Cy <c@d>"),
    ]  # fmt: skip


def test_another_date_is_another_patch(carrying: Carrying) -> None:
    tree = begin(carrying)
    git(tree, "commit", "-q", "--amend", "--no-edit", "--date", "2020-02-03T04:05:06+0200")
    back(carrying, tree)
    assert carrying.series.patches[2].date == "Mon, 3 Feb 2020 04:05:06 +0200"


def test_the_marks_that_went_lost_are_not_needed(carrying: Carrying) -> None:
    before = carrying.files
    tree = begin(carrying)
    ids = git(tree, "rev-list", "--reverse", f"{tree.base}..HEAD").split()
    git(tree, "reset", "-q", "--hard", tree.base)
    git(tree, "cherry-pick", ids[1], ids[0], ids[2])
    back(carrying, tree)
    assert carrying.names == [B, A, C]
    assert {**carrying.files, "series": b""} == {**before, "series": b""}


def test_patches_without_numbers_stay_without(tmp_path: Path) -> None:
    carrying = carry(tmp_path, {"a.py": API}, [({"a.py": ONE}, "Change seven")])
    (carrying.directory / A).rename(carrying.directory / "seven.patch")
    (carrying.directory / "series").write_text("seven.patch\n")
    tree = begin(carrying)
    for _ in range(2):
        (tree.path / "a.py").write_text((tree.path / "a.py").read_text() + "more\n")
        git(tree, "commit", "-qam", "Say more")
    back(carrying, tree)
    assert carrying.listing == "seven.patch\nSay-more.patch\nSay-more-2.patch\n"


def test_a_new_patch_has_the_name_that_was_wished(carrying: Carrying) -> None:
    tree = begin(carrying)
    work_tree.begin_patch(tree, "wished.patch", "What it is for")
    with pytest.raises(InputError, match="changes nothing"):
        back(carrying, tree)
    edit(tree, "db.py", "db 1\n", "one\n")
    back(carrying, tree, amend=True)
    assert carrying.names == [A, B, C, "wished.patch"]
    assert carrying.series.patches[3].subject == "What it is for"


def test_a_patch_that_does_not_apply_on_what_was_amended_is_left_to_the_user(tmp_path: Path) -> None:
    carrying = carry(tmp_path, {"a.py": API}, [({"a.py": ONE}, "A"), ({"a.py": ONE.replace("line 8", "eight")}, "B")])
    before = carrying.files
    tree = begin(carrying, at=A)
    edit(tree, "a.py", "seven\n", "SEVEN\n")
    with pytest.raises(CheckFailedError, match="does not apply on what you have made"):
        back(carrying, tree, amend=True)
    with pytest.raises(InputError, match="middle of a rebase"):
        back(carrying, tree, amend=True)
    assert carrying.files == before
    (tree.path / "a.py").write_text(ONE.replace("seven", "SEVEN").replace("line 8", "eight"))
    git(tree, "add", "a.py")
    git(tree, "rebase", "--continue", GIT_EDITOR="true")
    back(carrying, tree)
    assert b"+SEVEN\n" in carrying.files[A]
    assert b" SEVEN\n" in carrying.files[B]


def test_a_series_that_was_changed_meanwhile_is_not_written_over(carrying: Carrying) -> None:
    tree = begin(carrying)
    (carrying.directory / B).write_bytes(carrying.files[B] + b"\n")
    with pytest.raises(InputError, match="changed since the work tree was made") as caught:
        back(carrying, tree)
    assert "cherry-pick" in caught.value.fix


@pytest.mark.parametrize("words", [("checkout", "-q", "HEAD^"), ("switch", "-qc", "other")])
def test_another_place_than_the_branch_is_not_taken_for_dropped_patches(
    carrying: Carrying, words: tuple[str, ...]
) -> None:
    tree = begin(carrying)
    git(tree, *words)
    with pytest.raises(InputError, match="not on its branch"):
        back(carrying, tree)


@pytest.mark.parametrize("message", ["Say it\n\n---\nand more\n", "Say\n\ndiff --git a/x b/x\n\nMore.\n"])
def test_a_message_that_looks_like_a_patch_is_kept(carrying: Carrying, message: str) -> None:
    tree = begin(carrying)
    git(tree, "commit", "-q", "--amend", "-m", message)
    back(carrying, tree)
    assert carrying.series.patches[2].message == message.rstrip("\n")


@pytest.mark.parametrize("message", ["[PATCH] Say it\n", "Say it\n\nFrom: Di <di@example.org>\n\nMore.\n"])
def test_a_message_that_a_patch_cannot_hold_is_refused(carrying: Carrying, message: str) -> None:
    before = carrying.files
    tree = begin(carrying)
    git(tree, "commit", "-q", "--amend", "-m", message)
    with pytest.raises(InputError, match="would be lost in a patch"):
        back(carrying, tree)
    assert carrying.files == before


def test_a_merge_and_another_base_are_refused(carrying: Carrying) -> None:
    tree = begin(carrying)
    git(tree, "switch", "-qc", "side", "HEAD^")
    (tree.path / "x").write_text("x\n")
    git(tree, "add", "x")
    git(tree, "commit", "-qm", "Aside")
    git(tree, "switch", "-q", tree.branch)
    git(tree, "merge", "-q", "--no-edit", "side")
    with pytest.raises(InputError, match="is a merge"):
        back(carrying, tree)
    git(tree, "checkout", "-q", "--orphan", "fresh")
    git(tree, "commit", "-qm", "All at once")
    git(tree, "branch", "-qM", tree.branch)
    with pytest.raises(InputError, match="another base"):
        back(carrying, tree)


def test_without_an_identity_nothing_is_begun(carrying: Carrying, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WHO:
        monkeypatch.delenv(name)
    for key, value in {"COUNT": "1", "KEY_0": "user.useConfigOnly", "VALUE_0": "true"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{key}", value)
    with pytest.raises(InputError, match="who you are"):
        begin(carrying)
    assert not (carrying.root.parent / "work").exists()


def test_the_identity_of_the_distributions_repository_counts(
    carrying: Carrying, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in WHO:
        monkeypatch.delenv(name)
    for words in (("init", "-q"), ("config", "user.name", "Di"), ("config", "user.email", "di@example.org")):
        subprocess.run(["git", "-C", str(carrying.root), *words], check=True)
    tree = begin(carrying)
    edit(tree, "db.py", "db 1\n", "one\n")
    git(tree, "commit", "-qam", "Mine")
    back(carrying, tree)
    assert carrying.series.patches[-1].author == "Di <di@example.org>"


def test_untouched_is_what_nobody_has_worked_in(carrying: Carrying) -> None:
    tree = begin(carrying, at=A)
    assert work_tree.is_untouched(tree)
    assert work_tree.read(tree.path / "nowhere") == replace(tree)
    edit(tree, "api.py", "line 1\n", "one\n")
    assert not work_tree.is_untouched(tree)
