"""Series applied by real git, to trees made by real git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError
from stackwright.patches import Offset, PatchConflictError, apply, read_series
from stackwright.patches.matrix.cells import State
from stackwright.patches.matrix.states import status
from stackwright.store import Memo, Store, TreeId

if TYPE_CHECKING:
    from pathlib import Path

TEN = "".join(f"line {number}\n" for number in range(1, 11))


class Upstream:
    """A git repository to commit in and to make patches from, and a series made of them."""

    def __init__(self, root: Path) -> None:
        self.work = root / "upstream"
        self.work.mkdir()
        self.series = root / "patches" / "nova" / "2026.2"
        self.series.mkdir(parents=True)
        self.store = Store(root / "store")
        self.git("init", "-q")

    def git(self, *arguments: str) -> bytes:
        identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-c", "core.autocrlf=false", "-c", "core.quotePath=true", *arguments]
        return subprocess.run(
            command, cwd=self.work, env={**os.environ, **identity}, check=True, capture_output=True
        ).stdout

    def commit(self, message: str = "change") -> TreeId:
        """Commit the work tree as it is, and give its tree as git has it."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return TreeId(self.git("rev-parse", "HEAD^{tree}").decode().strip())

    def base(self, **files: str | bytes) -> TreeId:
        for name, content in files.items():
            self.write(name, content)
        self.commit("base")
        return self.store.import_directory(self.work)

    def write(self, name: str, content: str | bytes) -> None:
        file = self.work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def patch(self, name: str) -> Path:
        """Write the last commit as a patch into the series."""
        return self.add(name, self.git("format-patch", "-1", "--stdout"))

    def add(self, name: str, content: bytes) -> Path:
        (self.series / name).write_bytes(content)
        with (self.series / "series").open("a") as stream:
            stream.write(f"{name}\n")
        return self.series / name


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path)


def test_a_series_gives_the_trees_that_git_commits(upstream: Upstream) -> None:
    base = upstream.base(a=TEN, old="to be renamed\n" * 9, gone="x\n", crlf="a\r\nb\r\nc\r\n", plain="p\n")
    expected = []

    def done(name: str) -> None:
        expected.append(upstream.commit(name))
        upstream.patch(f"{len(expected):04}-{name}.patch")

    upstream.write("a", TEN.replace("line 5\n", "LINE 5\n").removesuffix("\n"))
    done("no-newline-at-end")
    upstream.write("crlf", "a\r\nB\r\nc\r\n")
    upstream.write("latin", b"gr\xfcn\n")
    done("crlf-and-latin1")
    (upstream.work / "old").rename(upstream.work / 'ü new "name"\t')
    (upstream.work / "plain").chmod(0o755)
    (upstream.work / "gone").unlink()
    done("rename-mode-delete")
    upstream.write("deep/er/empty", "")
    upstream.write("image.png", bytes(range(256)) * 9)
    (upstream.work / "link").symlink_to("deep/er")
    done("new-binary-empty-link")
    upstream.write("image.png", bytes(range(256)) * 8 + b"\0changed")
    (upstream.work / "link").unlink()
    (upstream.work / "link").symlink_to("a")
    done("binary-delta-and-link")

    applied = apply(upstream.store, base, read_series(upstream.series))
    assert applied.trees == tuple(expected)
    assert applied.tree == expected[-1]
    assert not any(applied.offsets)
    upstream.store.has(*applied.trees)


def test_an_empty_series_changes_nothing(upstream: Upstream) -> None:
    base = upstream.base(a=TEN)
    assert apply(upstream.store, base, read_series(upstream.series)).tree == base


def test_plain_and_dep3_patches_apply_too(upstream: Upstream) -> None:
    base = upstream.base(**{"nova/a": TEN, "b": "b\n"})
    diff = b"--- a/%s\t2026-01-01 10:00:00\n+++ b/%s\t2026-01-01 10:00:01\n@@ -1 +1 @@\n-%s\n+changed\n"
    upstream.add("1.patch", b"Description: x\n---\n" + diff % (b"nova/a", b"nova/a", b"line 1"))
    upstream.add("2.patch", diff.replace(b"a/", b"").replace(b"b/", b"") % (b"b", b"b", b"b"))
    upstream.add("3.patch", b"--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+n")
    (upstream.series / "series").write_text("1.patch\n2.patch -p0\n3.patch\n")
    with pytest.raises(PatchConflictError) as caught:  # a hunk without context belongs at the end of the file
        apply(upstream.store, base, read_series(upstream.series))
    assert "but it is for the end of the file" in str(caught.value)
    (upstream.series / "series").write_text("2.patch -p0\n3.patch\n")
    tree = apply(upstream.store, base, read_series(upstream.series)).tree
    assert upstream.store.read(tree, "b") == b"changed\n"
    assert upstream.store.read(tree, "new") == b"n\n"


def test_a_hunk_that_has_moved_is_reported(upstream: Upstream) -> None:
    upstream.base(ü=TEN)
    upstream.write("ü", TEN.replace("line 7", "LINE 7"))
    upstream.commit()
    upstream.patch("1.patch")
    upstream.git("reset", "-q", "--hard", "HEAD^")
    base = upstream.base(ü="new\nnew\n" + TEN)
    applied = apply(upstream.store, base, read_series(upstream.series))
    assert applied.offsets == ((Offset("ü", 1, 2),),)
    assert status(upstream.store, base, read_series(upstream.series))[0].state is State.OFFSET


def test_a_result_is_remembered_but_only_trusted_if_it_is_there(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = upstream.base(a=TEN)
    upstream.write("a", TEN.replace("line 5", "LINE 5"))
    tree = upstream.commit()
    upstream.patch("1.patch")
    series = read_series(upstream.series)
    memo = Memo(tmp_path / "cache")
    first = apply(upstream.store, base, series, memo)
    assert first.tree == tree
    other = Store(tmp_path / "other")
    upstream.git("checkout", "-q", "HEAD^")
    assert other.import_directory(upstream.work) == base
    assert apply(other, base, series, memo).tree == tree
    assert other.has(tree)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was applied a second time")

    monkeypatch.setattr("stackwright.tools.git.apply_cached", never)
    assert apply(upstream.store, base, series, memo) == first


def test_a_conflict_tells_every_hunk_with_the_lines_expected_and_found(upstream: Upstream) -> None:
    lines = [f"    value_{number} = {number}\n" for number in range(60)]
    upstream.base(**{"nova/conf.py": "".join(lines), "other": "x\n"})
    for number in (10, 30, 50):
        lines[number] = f"    value_{number} = 'ours'\n"
    upstream.write("nova/conf.py", "".join(lines))
    upstream.commit("Set our values")
    file = upstream.patch("0001-values.patch")
    upstream.git("reset", "-q", "--hard", "HEAD^")
    theirs = [f"    value_{number} = {number}\n" for number in range(60)]
    theirs[9] = "    value_9 = 'upstream'\n"
    theirs[50] = "    value_50 = 'ours'\n"
    base = upstream.base(**{"nova/conf.py": "# new\n" + "".join(theirs)})
    with pytest.raises(PatchConflictError) as caught:
        apply(upstream.store, base, read_series(upstream.series))
    error = caught.value
    assert error.status == 1
    assert [(problem.hunk, problem.there) for problem in error.problems] == [(1, False), (3, True)]
    number = file.read_text().splitlines().index("@@ -8,7 +8,7 @@") + 1
    message = str(error)
    assert message.startswith(f"{upstream.series}/series:1:1: the patch 0001-values.patch does not apply")
    assert (
        f"nova/conf.py, hunk 1 (line {number} of the patch): its lines are not in the file; most alike is line 9"
        in message
    )
    assert (
        "  @@ -8,7 +8,7 @@\n"
        "  expected:\n"
        "         8     value_7 = 7\n"
        "         9     value_8 = 8\n"
        "  !     10     value_9 = 9\n"
        "        11     value_10 = 10\n"
    ) in message
    assert (
        "  found:\n"
        "         9     value_7 = 7\n"
        "        10     value_8 = 8\n"
        "  !     11     value_9 = 'upstream'\n"
        "        12     value_10 = 10\n"
    ) in message
    assert "nova/conf.py, hunk 3" in message
    assert "what it would make is there already, at line 49" in message
    assert f"fix: correct {file}, or take it out of the series ({upstream.series}/series:1)" in message


def test_a_patch_that_upstream_has_is_told_from_a_conflict(upstream: Upstream) -> None:
    upstream.base(a=TEN, b=TEN)
    upstream.write("a", TEN.replace("line 5", "LINE 5"))
    upstream.write("new", "new\n")
    upstream.commit("ours")
    upstream.patch("1.patch")
    base = upstream.base()
    with pytest.raises(PatchConflictError, match=r"the patch 1\.patch is applied already") as caught:
        apply(upstream.store, base, read_series(upstream.series))
    assert caught.value.applied
    assert f"fix: take it out of the series: sed -i 1d {upstream.series}/series" in str(caught.value)
    assert "the file is there already, with the content the patch gives it" in str(caught.value)


def test_lines_that_differ_in_what_cannot_be_seen(upstream: Upstream) -> None:
    upstream.base(a=TEN, b=TEN)
    for name in ("a", "b"):
        upstream.write(name, TEN.replace("line 5", "LINE 5"))
    upstream.commit()
    upstream.patch("1.patch")
    upstream.git("reset", "-q", "--hard", "HEAD^")
    base = upstream.base(a=TEN.replace("\n", "\r\n"), b=TEN.replace("line ", "line  "))
    with pytest.raises(PatchConflictError) as caught:
        apply(upstream.store, base, read_series(upstream.series))
    assert "a, hunk 1 (line" in str(caught.value)
    assert "at line 2 the lines differ in their line ends only" in str(caught.value)
    assert "line 2\\r" in str(caught.value)
    assert "at line 2 the lines differ in their blanks only" in str(caught.value)


def test_files_that_are_gone_there_already_or_other_binaries(upstream: Upstream) -> None:
    upstream.base(image=bytes(range(200)), gone="x\n", **{"nova/virt/driver.py": TEN})
    upstream.write("nova/virt/driver.py", TEN.replace("5", "five"))
    upstream.write("image", bytes(range(100)) * 2)
    upstream.write("new", "ours\n")
    (upstream.work / "gone").unlink()
    upstream.commit()
    upstream.patch("1.patch")
    upstream.git("reset", "-q", "--hard", "HEAD^")
    upstream.git("mv", "nova/virt/driver.py", "nova/driver.py")
    upstream.git("rm", "-q", "gone")
    base = upstream.base(image=b"\0other", new="theirs\n")
    with pytest.raises(PatchConflictError) as caught:
        apply(upstream.store, base, read_series(upstream.series))
    said = {problem.path: problem.what for problem in caught.value.problems}
    assert said == {
        "nova/virt/driver.py": "there is no file nova/virt/driver.py; is it nova/driver.py now?",
        "gone": "there is no file gone",
        "image": "the binary file is not the one the patch was made for",
        "new": "the file is there already",
    }


def test_a_conflict_names_the_patches_before_it_that_touch_the_same_file(upstream: Upstream) -> None:
    base = upstream.base(a=TEN)
    for name in ("1.patch", "2.patch"):
        upstream.write("a", TEN.replace("line 5", f"by {name}"))
        upstream.commit()
        upstream.patch(name)
        upstream.git("reset", "-q", "--hard", "HEAD^")
    with pytest.raises(PatchConflictError, match=r"patches before it change the same files: 1\.patch"):
        apply(upstream.store, base, read_series(upstream.series))


def test_the_status_of_every_patch(upstream: Upstream) -> None:
    upstream.base(a=TEN, b=TEN)
    for name, file, word in (("1.patch", "a", "one"), ("2.patch", "b", "two"), ("3.patch", "b", "three")):
        upstream.git("checkout", "-q", "--", ".")
        upstream.write(file, TEN.replace("line 5", word))
        upstream.commit(name)
        upstream.patch(name)
        upstream.git("reset", "-q", "--hard", "HEAD^")
    (upstream.series / "dead.patch").write_text("whatever")
    base = upstream.base(a=TEN.replace("line 5", "one"))
    found = status(upstream.store, base, read_series(upstream.series))
    assert [(patch.name, patch.state, patch.subject) for patch in found] == [
        ("1.patch", State.UPSTREAM, "1.patch"),
        ("2.patch", State.APPLIES, "2.patch"),
        ("3.patch", State.CONFLICT, "3.patch"),
        ("dead.patch", State.UNLISTED, ""),
    ]
    assert found[2].problems[0].path == "b"
    assert "the patch 3.patch does not apply" in found[2].message


LINK = (
    b"diff --git a/%s b/%s\nnew file mode 120000\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n"
    b"+%s\n\\ No newline at end of file\n"
)
NEW = b"diff --git a/%s b/%s\nnew file mode 100644\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+owned\n"


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (NEW % ((b"../../etc/cron.d/x",) * 3), 1, r"leaves the tree by '..'"),
        (b"--- /dev/null\n+++ /etc/cron.d/x\n@@ -0,0 +1 @@\n+owned\n", 1, "absolute"),
        (NEW % ((b".git/hooks/post-checkout",) * 3), 1, "git's own"),
        (NEW % ((b"sub/.GIT/config",) * 3), 1, "git's own"),
        (NEW % ((b"existing/x",) * 3), 1, "'existing' is a symbolic link"),
        (LINK % (b"l", b"l", b"l", b"here") + NEW % ((b"l/x",) * 3), 8, "'l' is a symbolic link"),
        (LINK % (b"l", b"l", b"l", b"/etc"), 5, "points outside the tree: '/etc'"),
        (LINK % (b"d/l", b"d/l", b"d/l", b"../../x"), 5, "points outside the tree: '../../x'"),
        (
            b"diff --git a/existing b/existing\nindex 1..2 120000\n--- a/existing\n+++ b/existing\n@@ -1 +1 @@\n"
            b"-nova\n\\ No newline at end of file\n+../..\n\\ No newline at end of file\n",
            5,
            "points outside the tree: '../..'",
        ),
        (b"diff --git a/a b/../a\nsimilarity index 100%\nrename from a\nrename to ../a\n", 1, "leaves the tree by"),
        (b"diff --git a/existing b/nova/l\nsimilarity index 100%\nrename from existing\nrename to ../l\n", 1, "leaves"),
    ],
)
def test_a_patch_that_leaves_its_tree_is_refused(upstream: Upstream, content: bytes, line: int, why: str) -> None:
    (upstream.work / "existing").symlink_to("nova")
    base = upstream.base(a=TEN, **{"nova/b": "b\n"})
    file = upstream.add("evil.patch", b"Subject: innocent\n\n" + content)
    with pytest.raises(InputError) as caught:
        apply(upstream.store, base, read_series(upstream.series))
    assert "the patch leaves its tree by" in str(caught.value)
    assert str(caught.value).startswith(f"{file}:{line + 2}: ")
    assert why in str(caught.value)


def test_a_link_may_become_a_directory_in_one_patch(upstream: Upstream) -> None:
    (upstream.work / "there").symlink_to("nova")
    base = upstream.base(**{"nova/b": "b\n"})
    (upstream.work / "there").unlink()
    upstream.write("there/x", "x\n")
    tree = upstream.commit()
    upstream.patch("1.patch")
    assert apply(upstream.store, base, read_series(upstream.series)).tree == tree
