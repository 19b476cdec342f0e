"""The store with real git and real archives."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from stackwright.errors import EnvironmentLacksError, InputError, RunFailedError
from stackwright.store import Entry, Store, TreeId

Member = tuple[str, bytes] | tarfile.TarInfo


def write_sdist(file: Path, *members: Member) -> Path:
    """Write a tar.gz of regular files and of members made by hand."""
    with tarfile.open(file, "w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                about = tarfile.TarInfo(member[0])
                about.size = len(member[1])
                archive.addfile(about, io.BytesIO(member[1]))
    return file


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type = kind
    about.linkname = target
    return about


def git(directory: Path, *arguments: str, **options: str) -> str:
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    environment = {**os.environ, **identity, **options}
    return subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state" / "store")


def test_an_sdist_becomes_the_tree_that_git_itself_would_make(store: Store, tmp_path: Path) -> None:
    script = tarfile.TarInfo("demo-1.0/bin/run")
    script.mode = 0o755
    sdist = write_sdist(
        tmp_path / "demo-1.0.tar.gz",
        special("demo-1.0", tarfile.DIRTYPE),
        ("demo-1.0/setup.py", b"print()\r\n"),
        ("demo-1.0/.gitattributes", b"* text eol=crlf ident\n"),
        ('demo-1.0/odd "name"\\ of ü\nfile', b"$Id$\n"),
        ("demo-1.0/" + "deep/" * 40 + "x", b"x"),
        script,
        special("demo-1.0/link", tarfile.SYMTYPE, "bin/run"),
        special("demo-1.0/hard", tarfile.LNKTYPE, "demo-1.0/setup.py"),
    )
    tree = store.import_sdist(sdist)

    work = tmp_path / "demo-1.0"
    subprocess.run(["tar", "-xf", str(sdist)], cwd=tmp_path, check=True)
    (work / ".gitattributes").rename(tmp_path / "attributes")
    git(work, "init", "-q")
    git(work, "add", "-A")
    blob = git(work, "hash-object", "-w", "--no-filters", str(tmp_path / "attributes")).strip()
    git(work, "update-index", "--add", "--cacheinfo", f"100644,{blob},.gitattributes")
    assert tree == git(work, "write-tree").strip()
    assert store.read(tree, "link") == b"bin/run"
    assert store.entries(tree)["bin/run"] == Entry("100755", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")


@pytest.mark.parametrize(
    ("members", "named", "why"),
    [
        ([("/etc/passwd", b"")], "/etc/passwd", "absolute"),
        ([("demo/../../x", b"")], "demo/../../x", "leaves the tree"),
        ([("demo/.git/config", b"")], "demo/.git/config", "git's own"),
        ([("demo/a", b""), ("other/b", b"")], "other/b", "several top directories: 'demo' and 'other'"),
        ([("setup.py", b"")], "setup.py", "not in a directory"),
        ([special("demo/l", tarfile.SYMTYPE, "../../etc")], "demo/l", "link that leaves the tree"),
        ([special("demo/l", tarfile.SYMTYPE, "/etc")], "demo/l", "link that leaves the tree"),
        ([special("demo/l", tarfile.SYMTYPE, "d"), ("demo/l/x", b"")], "demo/l/x", "through the link 'l'"),
        ([special("demo/l", tarfile.LNKTYPE, "demo/none")], "demo/l", "hard link"),
        ([special("demo/l", tarfile.LNKTYPE, "/etc/passwd")], "demo/l", "absolute"),
        ([special("demo/sda", tarfile.BLKTYPE)], "demo/sda", "device"),
        ([special("demo/pipe", tarfile.FIFOTYPE)], "demo/pipe", "pipe"),
    ],
)
def test_a_member_that_does_not_belong_in_a_tree_is_named(
    store: Store, tmp_path: Path, members: list[Member], named: str, why: str
) -> None:
    sdist = write_sdist(tmp_path / "bad.tar.gz", ("demo/fine", b"x"), *members)
    if named in ("/etc/passwd", "setup.py"):
        sdist = write_sdist(tmp_path / "bad.tar.gz", *members)
    with pytest.raises(InputError) as caught:
        store.import_sdist(sdist)
    assert repr(named) in str(caught.value)
    assert why in str(caught.value)
    assert str(sdist) in str(caught.value)
    assert git(store.directory, "for-each-ref") == ""
    assert not list(store.directory.glob("fast_import_crash_*"))


def test_an_archive_cut_off_anywhere_is_not_taken_in(store: Store, tmp_path: Path) -> None:
    whole = write_sdist(tmp_path / "whole.tar.gz", ("demo/a", os.urandom(30_000)), ("demo/b", b"b" * 3000)).read_bytes()
    cut = tmp_path / "cut.tar.gz"
    # Also between two members, and behind the last: what is there looks like an archive then.
    for size in (0, 1, 100, 5000, *(len(whole) - missing for missing in range(1, 120, 3))):
        cut.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"not a whole tar\.gz|empty"):
            store.import_sdist(cut)
    cut.write_bytes(b"<html>404</html>" * 100)
    with pytest.raises(InputError, match=r"not a whole tar\.gz"):
        store.import_sdist(cut)


def test_several_take_in_the_same_at_once(tmp_path: Path) -> None:
    members = [(f"nova-1/{number}", f"{number}\n".encode()) for number in range(2000)]
    file = write_sdist(tmp_path / "nova-1.tar.gz", *members)
    for number in range(5):
        store = Store(tmp_path / f"store-{number}.git")
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(store.import_sdist, [file] * 4))) == 1


def test_a_tree_survives_garbage_collection(store: Store, tmp_path: Path) -> None:
    tree = store.import_sdist(write_sdist(tmp_path / "a.tar.gz", ("demo/a", b"x")))
    git(store.directory, "gc", "-q", "--prune=now")
    assert store.has(tree)
    assert store.read(tree, "a") == b"x"


def test_what_is_not_there(store: Store, tmp_path: Path) -> None:
    tree = store.import_sdist(write_sdist(tmp_path / "a.tar.gz", ("demo/d/a", b"x")))
    assert not store.has(tree, TreeId("1" * 40))
    assert not store.has(TreeId(store.entries(tree)["d/a"].blob))
    assert store.read_all(tree, ["d/a", "none", "d", "d/a", "two\nlines"]) == {
        "d/a": b"x",
        "none": None,
        "d": None,
        "two\nlines": None,
    }
    assert store.subtree(tree, "none") is None


def test_a_subtree_is_known_by_what_is_in_it(store: Store, tmp_path: Path) -> None:
    one = store.import_sdist(write_sdist(tmp_path / "1.tar.gz", ("demo/db/m1", b"1"), ("demo/x", b"1")))
    two = store.import_sdist(write_sdist(tmp_path / "2.tar.gz", ("demo/db/m1", b"1"), ("demo/x", b"2")))
    assert one != two
    assert store.subtree(one, "db") == store.subtree(two, "db") is not None
    assert store.subtree(one, "x") != store.subtree(two, "x")
    assert b"-1\n" in store.diff(one, two)
    assert b"+2\n" in store.diff(one, two)


def test_export_writes_the_very_bytes_modes_and_links(store: Store, tmp_path: Path) -> None:
    script = tarfile.TarInfo("demo/run")
    script.mode = 0o755
    members = (("demo/.gitattributes", b"* text eol=crlf ident\n"), ("demo/a", b"$Id$\n"), script)
    tree = store.import_sdist(write_sdist(tmp_path / "a.tar.gz", *members, special("demo/l", tarfile.SYMTYPE, "a")))
    store.export(tree, tmp_path / "out" / "deep")
    out = tmp_path / "out" / "deep"
    assert (out / "a").read_bytes() == b"$Id$\n"
    assert os.access(out / "run", os.X_OK)
    assert (out / "l").readlink() == Path("a")
    assert sorted(path.name for path in out.iterdir()) == [".gitattributes", "a", "l", "run"]
    assert store.import_directory(out) == tree


def test_a_work_tree_is_taken_as_git_sees_it(store: Store, tmp_path: Path) -> None:
    work = tmp_path / "nova"
    (work / "nova").mkdir(parents=True)
    git(work, "init", "-q")
    (work / ".gitignore").write_text("*.pyc\n")
    (work / "nova" / "a.py").write_text("a")
    (work / "nova" / "forced.pyc").write_text("tracked though ignored")
    git(work, "add", "-f", "-A")
    (work / "nova" / "a.pyc").write_text("ignored")
    (work / "nova" / "new.py").write_text("untracked")
    first = store.import_directory(work)
    assert set(store.entries(first)) == {".gitignore", "nova/a.py", "nova/forced.pyc", "nova/new.py"}
    assert set(store.entries(store.import_directory(work / "nova"))) == {"a.py", "forced.pyc", "new.py"}

    (work / "nova" / "a.py").write_text("b")
    (work / "nova" / "new.py").unlink()
    git(work, "rm", "-q", "--cached", "nova/forced.pyc")
    second = store.import_directory(work)
    assert set(store.entries(second)) == {".gitignore", "nova/a.py"}
    assert store.read(second, "nova/a.py") == b"b"
    assert git(work, "status", "--porcelain") == "A  .gitignore\nAM nova/a.py\n"  # its own index is as it was


def test_a_plain_directory_is_taken_whole(store: Store, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (plain / "sub" / ".git").mkdir(parents=True)
    (plain / "sub" / ".git" / "config").write_text("not ours")
    (plain / "sub" / "x").write_text("x")
    (plain / ".gitignore").write_text("PKG-INFO\n")
    (plain / "PKG-INFO").write_text("an sdist has files that its own .gitignore names")
    (plain / "directory-link").symlink_to("sub")
    os.mkfifo(plain / "pipe")
    tree = store.import_directory(plain)
    assert set(store.entries(tree)) == {".gitignore", "PKG-INFO", "sub/x", "directory-link"}


@pytest.mark.parametrize(("name", "message"), [("none", "no such directory"), ("empty", "has no files")])
def test_a_path_with_nothing_in_it(store: Store, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        store.import_directory(tmp_path / name)


def test_the_users_own_git_settings_change_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = (("demo/a", b"a\r\n"), ("demo/.gitattributes", b"* text=auto\n"))
    sdist = write_sdist(tmp_path / "a.tar.gz", *members)
    tree = store.import_sdist(sdist)
    evil = tmp_path / "home"
    (evil / "hooks").mkdir(parents=True)
    hook = evil / "hooks" / "reference-transaction"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (evil / ".gitconfig").write_text(
        f"[core]\nautocrlf=true\nhooksPath={evil}/hooks\n[init]\ntemplateDir=/none\ndefaultObjectFormat=sha256\n"
    )
    monkeypatch.setenv("HOME", str(evil))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    other = Store(tmp_path / "other")
    assert other.import_sdist(sdist) == tree
    other.export(tree, tmp_path / "out")
    assert (tmp_path / "out" / "a").read_bytes() == b"a\r\n"
    monkeypatch.delenv("GIT_DIR")
    assert other.import_directory(tmp_path / "out") == tree


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "mine").write_text("precious")
    with pytest.raises(RunFailedError, match="store cannot be made here"):
        Store(tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert (tmp_path / "store" / "mine").read_text() == "precious"


def _import(directory: Path, sdist: Path) -> TreeId:
    return Store(directory).import_sdist(sdist)


def test_two_processes_make_and_fill_a_store_at_once(tmp_path: Path) -> None:
    files: list[Member] = [(f"demo/{number}", os.urandom(200)) for number in range(500)]
    same = write_sdist(tmp_path / "same.tar.gz", *files)
    other = write_sdist(tmp_path / "other.tar.gz", *files[:250])
    with ProcessPoolExecutor(4) as pool:
        trees = list(pool.map(_import, [tmp_path / "store"] * 4, [same, other, same, other]))
    assert trees[0] == trees[2] != trees[1] == trees[3]
    store = Store(tmp_path / "store")
    assert store.has(*trees)
    assert "missing" not in git(store.directory, "fsck", "--connectivity-only")


def test_killed_while_importing_then_again(tmp_path: Path) -> None:
    sdist = write_sdist(tmp_path / "a.tar.gz", *((f"demo/{number}", os.urandom(3000)) for number in range(1500)))
    expected = Store(tmp_path / "reference").import_sdist(sdist)
    directory = tmp_path / "store"
    program = (
        "import sys; from pathlib import Path; from stackwright.store import Store; print('go', flush=True);"
        "print(Store(Path(sys.argv[1])).import_sdist(Path(sys.argv[2])))"
    )
    for delay in (0.0, 0.02, 0.05, 0.1, 0.15):
        command = [sys.executable, "-c", program, str(directory), str(sdist)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        assert child.stdout is not None
        assert child.stdout.readline() == b"go\n"
        time.sleep(delay)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    store = Store(directory)
    (directory / "refs" / "trees").mkdir(exist_ok=True)
    (directory / "refs" / "trees" / f"{expected}.lock").touch()  # killed in the middle of writing a ref
    (directory / "refs" / "trees" / expected).unlink(missing_ok=True)
    assert store.import_sdist(sdist) == expected
    assert not list(directory.glob("objects/pack/tmp_*"))
    git(directory, "gc", "-q", "--prune=now")
    assert store.has(expected)


def test_a_tree_is_taken_over_from_another_store_with_all_that_is_in_it(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    tree = other.import_sdist(write_sdist(tmp_path / "a.tar.gz", ("demo/a", b"1"), ("demo/d/b", b"2")))
    another = other.import_sdist(write_sdist(tmp_path / "b.tar.gz", ("demo/a", b"1"), ("demo/c", b"3")))
    assert not store.has(tree)
    assert store.take(other, tree) == tree
    git(store.directory, "gc", "-q", "--prune=now")
    shutil.rmtree(other.directory)
    assert store.take(other, tree) == tree  # what is here is not asked for
    assert store.read_all(tree, ["a", "d/b"]) == {"a": b"1", "d/b": b"2"}
    assert not store.has(another)


def test_a_full_disk_is_told_with_its_directory(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    sdist = write_sdist(tmp_path / "a.tar.gz", *((f"demo/{number}", os.urandom(50_000)) for number in range(100)))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        store = Store(disk / "store")
        with pytest.raises(EnvironmentLacksError, match="disk is full") as caught:
            store.import_sdist(sdist)
        assert str(disk) in str(caught.value)
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        assert store.has(store.import_sdist(sdist))
        assert not list(store.directory.glob("objects/pack/tmp_*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
