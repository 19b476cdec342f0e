"""Whatever git can write as a patch, we read and apply to the very tree that git has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackwright.patches import apply, read_series
from stackwright.store import Store

PATHS = ["a", "d/b", "ü", "with space", 'q"uote\\', "e/f/deep", "tab\tbed"]
# Lines that look like the lines of a patch, and lines that are not text.
LINES = [
    b"a",
    b"b",
    b"",
    b"c",
    b" ",
    b"-- ",
    b"--- a/x",
    b"+++ b/x",
    b"@@ -1 +1 @@",
    b"diff --git a/x b/x",
    b"\xff\xfe",
]
LINES += [b"c\r", b"\\ No newline at end of file", b"GIT binary patch", b"\x0c", b"From: a@b", b"- x", b"+ y"]

texts = st.builds(
    lambda lines, end: b"\n".join(lines) + (b"\n" if end and lines else b""),
    st.lists(st.sampled_from(LINES), max_size=30),
    st.booleans(),
)
contents = texts | st.binary(max_size=60)
files = st.dictionaries(st.sampled_from(PATHS), st.tuples(contents, st.sampled_from([0o644, 0o755])), max_size=5)


@st.composite
def edits(draw: st.DrawFn) -> tuple[dict[str, tuple[bytes, int]], dict[str, tuple[bytes, int]]]:
    """Two states of a tree, the second made of the first by small changes of some files."""
    before = draw(files.filter(bool))
    after = dict(before)
    for path in draw(st.lists(st.sampled_from(sorted(before)), max_size=3)):
        content, mode = before[path]
        lines = content.split(b"\n")
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 3))] = draw(st.lists(st.sampled_from(LINES), max_size=3))
        after[path] = (b"\n".join(lines), mode)
    after |= draw(files)
    for path in draw(st.lists(st.sampled_from(sorted(after)), max_size=2)):
        after.pop(path, None)
    return before, after


def git(work: Path, *arguments: str) -> bytes:
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, cwd=work, env={**os.environ, **identity}, check=True, capture_output=True).stdout


def write(work: Path, state: dict[str, tuple[bytes, int]]) -> None:
    for old in work.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for name, (content, mode) in state.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(content)
        (work / name).chmod(mode)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits())
def test_any_edit(states: tuple[dict[str, tuple[bytes, int]], dict[str, tuple[bytes, int]]]) -> None:
    before, after = states
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        work, directory = root / "work", root / "patches" / "nova" / "2026.2"
        work.mkdir()
        directory.mkdir(parents=True)
        git(work, "init", "-q")
        write(work, before)
        store = Store(root / "store")
        base = store.import_directory(work)
        git(work, "add", "-A")
        git(work, "commit", "-q", "-m", "before")
        assert base == git(work, "rev-parse", "HEAD^{tree}").decode().strip()
        write(work, after)
        git(work, "add", "-A")
        if not git(work, "status", "--porcelain"):
            return
        git(work, "commit", "-q", "-m", "after")
        (directory / "1.patch").write_bytes(git(work, "format-patch", "-1", "--stdout"))
        (directory / "series").write_text("1.patch\n")
        assert apply(store, base, read_series(directory)).tree == git(work, "rev-parse", "HEAD^{tree}").decode().strip()
