"""Promise: a series is commits and commits are a series; `new`, `edit`, `refresh`, `fold`, `split`, `move`, `drop`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.upstream import Upstream, numbered

from .conftest import COMMAND, Stackwright

if TYPE_CHECKING:
    from pathlib import Path

API, DB = numbered(60), numbered(60, prefix="db")
ONE = API.replace("line 7\n", "seven\n")
A, B, C = "0001-Change-seven.patch", "0002-Change-the-database.patch", "0003-Change-forty.patch"
RELEASE = """\
python: "3.11"
pins: {{exclude-newer: 2026-10-15}}
components:
  nova: {{source: {{git: "{url}", ref: "{ref}"}}}}
"""


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """Upstream, in which 2.0 comes after 1.0 and has one of our changes."""
    upstream = Upstream(tmp_path / "upstream")
    upstream.commit({"nova/api.py": API, "nova/db.py": DB}, "Begin")
    upstream.git("tag", "1.0")
    upstream.commit({"nova/other.py": "other\n"}, "Go on")
    upstream.git("tag", "1.1")
    upstream.commit({"nova/api.py": ONE, "nova/doc.txt": "seven\n"}, "Change seven, as merged\n\nChange-Id: I7\n")
    upstream.git("tag", "2.0")
    return upstream


@pytest.fixture
def carried(tmp_path: Path, upstream: Upstream) -> Stackwright:
    """A distribution in git, with a series of three on 1.0."""
    root = tmp_path / "cloud"
    series = root / "patches/nova/2026.2"
    for folder in (series, root / "releases", root / "sites"):
        folder.mkdir(parents=True)
    (root / "distribution.yaml").write_text("name: ours\n")
    (root / "sites/local.yaml").write_text('release: "2026.2"\ntarget: local\nregion: RegionOne\nservices: [core]\n')
    (root / "releases/2026.2.yaml").write_text(RELEASE.format(url=upstream.url, ref="1.0"))
    upstream.branch("ours", "1.0")
    for name, files, message in (
        (A, {"nova/api.py": ONE}, "Change seven\n\nWhy.\n\nChange-Id: I7\n"),
        (B, {"nova/db.py": DB.replace("db 9\n", "nine\n"), "nova/new.py": "x\n"}, "Change the database\n"),
        (C, {"nova/api.py": ONE.replace("line 40\n", "forty\n")}, "Change forty\n"),
    ):
        upstream.commit(files, message)
        (series / name).write_text(upstream.patch())
    (series / "series").write_text(f"# ours\n{A}\n{B}  # kept\n{C}\n")
    cloud = Stackwright(root, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache"), **IDENTITY})
    git(root, "init", "--quiet")
    commit_all(root)
    return cloud


IDENTITY = {
    **{f"GIT_{role}_NAME": "Cy" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "cy@example.org" for role in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(place: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(place), *words], capture_output=True, text=True, check=False, env={**os.environ, **IDENTITY}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.rstrip("\n")


def commit_all(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "As it is")


def folder(cloud: Stackwright, release: str = "2026.2") -> Path:
    return cloud.distribution / "patches/nova" / release


def listing(cloud: Stackwright, release: str = "2026.2") -> str:
    return (folder(cloud, release) / "series").read_text()


def files(cloud: Stackwright) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in sorted((cloud.distribution / "patches").rglob("*")) if path.is_file()
    }


def work_tree(cloud: Stackwright) -> Path:
    return cloud.state / "edit/ours/nova/2026.2"


def end(cloud: Stackwright) -> str:
    """The tree that a series gives, as the work tree has it."""
    cloud("patch", "edit", "nova")
    return git(work_tree(cloud), "rev-parse", "HEAD^{tree}")


def two_releases(cloud: Stackwright, upstream: Upstream, ref: str = "1.1") -> None:
    """Let another release have the same series, by patches that are shared."""
    (cloud.distribution / "releases/2027.1.yaml").write_text(RELEASE.format(url=upstream.url, ref=ref))
    shared = cloud.distribution / "patches/nova/shared"
    shared.mkdir()
    for name in (A, B, C):
        (folder(cloud) / name).rename(shared / name)
    folder(cloud, "2027.1").mkdir()
    (folder(cloud, "2027.1") / "series").write_text(listing(cloud))
    commit_all(cloud.distribution)


def test_the_way_there_and_back_changes_no_byte(carried: Stackwright) -> None:
    before = files(carried)
    carried("patch", "edit", "nova")
    assert "nothing has changed" in carried("patch", "refresh", "nova").stdout
    assert files(carried) == before
    assert git(carried.distribution, "status", "--porcelain") == ""


def test_what_is_amended_in_the_work_tree_is_read_back_from_inside_it(carried: Stackwright, tmp_path: Path) -> None:
    place = tmp_path / "mine"
    carried("patch", "edit", "nova", A, "--directory", str(place))
    (place / "nova/api.py").write_text(ONE.replace("line 20\n", "twenty\n"))
    command = [str(COMMAND), "patch", "refresh"]
    refused = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, env=carried.env)
    assert refused.returncode == 2
    assert "nova/api.py" in refused.stderr
    assert "--amend" in refused.stderr
    done = subprocess.run([*command, "--amend"], cwd=place / "nova", capture_output=True, text=True, env=carried.env)
    assert done.returncode == 0, done.stderr
    assert git(carried.distribution, "status", "--porcelain") == f" M patches/nova/2026.2/{A}"
    assert "+twenty" in (folder(carried) / A).read_text()
    carried("patch", "status", "nova")


def test_a_work_tree_with_work_in_it_is_not_thrown_away(carried: Stackwright) -> None:
    carried("patch", "edit", "nova")
    (work_tree(carried) / "nova/db.py").write_text("mine\n")
    message = carried("patch", "edit", "nova", status=2).stderr
    assert "there is a work tree of nova 2026.2 already" in message
    assert (work_tree(carried) / "nova/db.py").read_text() == "mine\n"


def test_new_of_a_diff_of_a_folder_and_by_hand(carried: Stackwright, tmp_path: Path) -> None:
    diff = "--- a/nova/db.py\n+++ b/nova/db.py\n@@ -19,3 +19,3 @@\n db 19\n-db 20\n+twenty\n db 21\n"
    words = ["patch", "new", "nova", "twenty", "--from", "-"]
    refused = subprocess.run([*carried.argv, *words], input=diff, capture_output=True, text=True, env=carried.env)
    assert (refused.returncode, "nobody says what the patch is for" in refused.stderr) == (2, True)
    words += ["-m", "Say twenty"]
    done = subprocess.run([*carried.argv, *words], input=diff, capture_output=True, text=True, env=carried.env)
    assert done.returncode == 0, done.stderr
    assert "From: Cy <cy@example.org>" in (folder(carried) / "twenty.patch").read_text()
    carried("patch", "edit", "nova", "--directory", str(tmp_path / "copy"))
    (tmp_path / "copy/nova/more.py").write_text("more\n")
    carried("patch", "new", "nova", "more.patch", "--from", str(tmp_path / "copy"), "-m", "Say more")
    subprocess.run(["rm", "-r", str(tmp_path / "copy")], check=True)
    carried("patch", "new", "nova", "by-hand", "--edit", "-m", "Made by hand")
    (work_tree(carried) / "nova/hand.py").write_text("hand\n")
    carried("patch", "refresh", "nova", "--amend")
    assert listing(carried).splitlines()[-3:] == ["twenty.patch", "more.patch", "by-hand.patch"]
    assert {row["State"] for row in carried.json("patch", "status", "nova")} == {"applies"}


def test_fold_split_and_move_keep_the_tree(carried: Stackwright) -> None:
    tree = end(carried)
    carried("patch", "move", "nova", C, "--to", "1")
    assert listing(carried) == f"# ours\n{C}\n{A}\n{B}  # kept\n"
    assert end(carried) == tree
    carried("patch", "split", "nova", B, "nova/new.py", "-m", "Add new")
    assert listing(carried) == f"# ours\n{C}\n{A}\n0004-Add-new.patch\n{B}  # kept\n"
    assert end(carried) == tree
    said = carried("patch", "fold", "nova", A, C).stdout
    assert listing(carried) == f"# ours\n{A}\n0004-Add-new.patch\n{B}  # kept\n"
    assert end(carried) == tree
    kept = next(line for line in said.splitlines() if line.startswith("as it was: ")).removeprefix("as it was: ")
    subprocess.run(["cp", "-r", f"{kept}/.", str(carried.distribution)], check=True)
    assert C in listing(carried)
    assert end(carried) == tree


def test_what_would_not_apply_is_refused_with_the_conflict_and_nothing_is_written(carried: Stackwright) -> None:
    (folder(carried) / "seven.patch").write_text(
        "--- a/nova/api.py\n+++ b/nova/api.py\n@@ -6,3 +6,3 @@\n line 6\n-seven\n+SEVEN\n line 8\n"
    )
    (folder(carried) / "series").write_text(listing(carried) + "seven.patch\n")
    before = files(carried)
    for words in (["move", "seven", "--before", A], ["disable", A], ["drop", A]):
        message = carried("patch", words[0], "nova", *words[1:], status=1).stderr
        assert "nova/api.py, hunk 1" in message
        assert "fix:" in message
    assert files(carried) == before
    said = carried("patch", "disable", "nova", A, "--why", "not on 1.0", "--force").stdout
    assert "seven.patch does not apply now" in said
    assert f"# disabled: {A}  # why: not on 1.0\n" in listing(carried)
    carried("patch", "enable", "nova", A)
    assert files(carried) == before


def test_a_drop_is_one_commit_with_the_evidence_that_can_be_reverted(carried: Stackwright, upstream: Upstream) -> None:
    root = carried.distribution
    release = root / "releases/2026.2.yaml"
    release.write_text(RELEASE.format(url=upstream.url, ref="2.0"))
    (root / "untracked").write_text("mine\n")
    git(root, "add", "releases")
    before = files(carried)
    head = git(root, "rev-parse", "HEAD")
    (folder(carried) / "series").write_text(listing(carried) + "\n")
    assert "not committed" in carried("patch", "drop", "nova", A, status=2).stderr
    (folder(carried) / "series").write_text(listing(carried)[:-1])
    carried("patch", "drop", "nova", A, "--delete", "--why", "We run 2.0 now.")
    assert git(root, "rev-parse", "HEAD^") == head
    assert git(root, "show", "--format=", "--name-status").splitlines() == [
        f"D\tpatches/nova/2026.2/{A}", "M\tpatches/nova/2026.2/series",
    ]  # fmt: skip
    message = git(root, "show", "--no-patch", "--format=%an%n%B")
    assert message.startswith(f"Cy\nDrop {A} from nova 2026.2\n\nWe run 2.0 now.\n")
    assert upstream.git("rev-parse", "2.0") in message
    assert "known by its Change-Id" in message
    assert "nova/doc.txt" in message
    assert "git revert" in message
    assert git(root, "status", "--porcelain") == "M  releases/2026.2.yaml\n?? untracked"
    git(root, "stash", "--quiet")
    git(root, "revert", "--no-edit", "HEAD")
    assert files(carried) == before


def test_a_commit_that_a_hook_refuses_leaves_everything_as_it_was(carried: Stackwright) -> None:
    hook = carried.distribution / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no drops on Fridays\nexit 1\n")
    hook.chmod(0o755)
    before = files(carried)
    assert "no drops on Fridays" in carried("patch", "drop", "nova", C, "--delete", status=4).stderr
    assert files(carried) == before
    assert git(carried.distribution, "status", "--porcelain") == ""


def test_a_drop_without_git_says_that_there_is_nothing_to_revert(carried: Stackwright) -> None:
    subprocess.run(["rm", "-r", str(carried.distribution / ".git")], check=True)
    said = carried("patch", "drop", "nova", C, "--delete").stdout
    assert "no commit to revert" in said
    assert listing(carried) == f"# ours\n{A}\n{B}  # kept\n"
    assert (folder(carried) / C).exists()


def test_all_releases_in_one_commit_and_the_file_goes_with_the_last(carried: Stackwright, upstream: Upstream) -> None:
    two_releases(carried, upstream)
    shared = carried.distribution / "patches/nova/shared"
    carried("patch", "drop", "nova", B, "--delete", "--release", "2027.1")
    assert (shared / B).exists()
    carried("patch", "drop", "nova", C, "--delete", "--all-releases")
    assert not (shared / C).exists()
    assert listing(carried) == f"# ours\n{A}\n{B}  # kept\n"
    assert listing(carried, "2027.1") == f"# ours\n{A}\n"
    assert git(carried.distribution, "log", "--format=%s", "-2").splitlines() == [
        f"Drop {C} from nova 2026.2, 2027.1", f"Drop {B} from nova 2027.1",
    ]  # fmt: skip


def test_a_shared_patch_is_changed_for_all_or_gets_a_form_of_its_own(carried: Stackwright, upstream: Upstream) -> None:
    two_releases(carried, upstream)
    before = files(carried)
    message = carried("patch", "fold", "nova", A, C, status=1).stderr
    assert "nova 2027.1 has this patch too" in message
    assert "--only" in message
    assert files(carried) == before
    carried("patch", "fold", "nova", A, C, "--only", "2026.2")
    assert "forty" in (folder(carried) / A).read_text()
    shared = carried.distribution / "patches/nova/shared"
    assert "forty" not in (shared / A).read_text()
    assert (shared / C).exists()
    assert {row["State"] for row in carried.json("patch", "status", "nova")} == {"applies"}
    carried("patch", "edit", "nova", B)
    (work_tree(carried) / "nova/new.py").write_text("y\n")
    assert "nova 2027.1 has this patch too, and applies" in carried("patch", "refresh", "nova", "--amend").stdout
    assert "+y" in (shared / B).read_text()


def test_a_patch_in_this_release_that_others_name_gets_a_form_of_another_name(
    carried: Stackwright, upstream: Upstream
) -> None:
    (carried.distribution / "releases/2027.1.yaml").write_text(RELEASE.format(url=upstream.url, ref="1.1"))
    folder(carried, "2027.1").mkdir()
    (folder(carried, "2027.1") / "series").write_text(f"../2026.2/{B}\n")
    commit_all(carried.distribution)
    carried("patch", "split", "nova", B, "nova/new.py", "-m", "Add new", "--only", "2026.2")
    carried("patch", "split", "nova", A, "nova/api.py", "--only", "2026.2", status=2)
    own = f"{B.removesuffix('.patch')}-2026.2.patch"
    assert listing(carried) == f"# ours\n{A}\n0004-Add-new.patch\n{own}  # kept\n{C}\n"
    assert git(carried.distribution, "status", "--porcelain", f"patches/nova/2026.2/{B}") == ""
    carried("patch", "edit", "nova")
    git(work_tree(carried), "reset", "--quiet", "--hard", "HEAD^")
    carried("patch", "refresh", "nova", "--delete")
    assert not (folder(carried) / C).exists()
    carried("patch", "fold", "nova", A, own, "--only", "2026.2")
    assert (folder(carried) / B).exists()
    assert listing(carried) == f"# ours\n{A}\n0004-Add-new.patch\n"
    assert A in git(carried.distribution, "status", "--porcelain")


def test_what_applies_with_offset_is_drawn_anew_without_a_work_tree(carried: Stackwright, upstream: Upstream) -> None:
    upstream.branch("more", "1.0")
    upstream.commit({"nova/api.py": "first\n" + API}, "Put a line before")
    (carried.distribution / "releases/2026.2.yaml").write_text(RELEASE.format(url=upstream.url, ref="more"))
    before = files(carried)
    said = carried("patch", "refresh", "nova", C).stdout
    assert f"{C}: applied with offset: nova/api.py hunk 1 by +1" in said
    assert {name.rpartition("/")[2] for name, data in files(carried).items() if before[name] != data} == {C}
    carried("patch", "refresh", "nova")
    assert {row["State"] for row in carried.json("patch", "status", "nova")} == {"applies"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fold", "nova", A, "0003-Change-fourty"], f"did you mean '{C}'?"),
        (["move", "novva", A, "--to", "1"], "did you mean 'nova'?"),
        (["move", "nova", A, "--to", "9"], "one from 1 to 3"),
        (["split", "nova", B, "nova/nwe.py"], "did you mean 'nova/new.py'?"),
        (["edit", "nova", "--release", "2026.3"], "did you mean '2026.2'?"),
        (["enable", "nova", A], f"stackwright patch disable nova {A}"),
        (["drop", "nova", "0001-Change-sevn.patch", "--all-releases"], f"did you mean '{A}'?"),
        (["new", "nova", "a b", "--edit"], "letters, digits and dashes"),
        (["new", "nova", A, "--edit"], "take another name"),
        (["refresh"], "one of: nova"),
        (["refresh", "nova", "--amend"], "patch edit nova"),
    ],
)
def test_bad_input_is_answered_with_what_to_type(carried: Stackwright, words: list[str], said: str) -> None:
    before = files(carried)
    message = carried("patch", *words, status=2).stderr
    assert said in message
    assert files(carried) == before
