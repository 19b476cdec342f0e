from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.errors import InputError
from stackwright.patches import PatchConflictError, apply, read_series
from stackwright.patches.matrix.cells import State
from stackwright.patches.matrix.matrix_json import dump_patches, load_patches
from stackwright.patches.matrix.states import status
from stackwright.patches.model import Offset
from stackwright.store import Memo, Store, TreeId
from tests.upstream import Upstream, numbered


class Workshop:
    """An upstream repository whose objects a store sees, and the series of a component for a release."""

    def __init__(self, directory: Path) -> None:
        self.upstream = Upstream(directory / "upstream")
        self.store = Store(directory / "store.git")
        (self.store.directory / "objects/info").mkdir(exist_ok=True)
        (self.store.directory / "objects/info/alternates").write_text(f"{self.upstream.directory}/.git/objects\n")
        self.series = directory / "patches/nova/2026.2"
        self.series.mkdir(parents=True)

    def patch(self, name: str, files: dict[str, str | bytes | None], start: str = "master") -> None:
        """Add the patch of a change to the series."""
        self.upstream.branch("ours", start)
        self.upstream.commit(files, f"Change by {name}")
        (self.series / name).write_text(self.upstream.patch())
        with (self.series / "series").open("a") as stream:
            stream.write(f"{name}\n")
        self.upstream.switch("master")

    def tree(self) -> TreeId:
        return TreeId(self.upstream.git("rev-parse", "master^{tree}"))

    def states(self, memo: Memo | None = None) -> dict[str, State]:
        rows = status(self.store, self.tree(), read_series(self.series), memo)
        return {row.name: row.state for row in rows}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    workshop = Workshop(tmp_path)
    workshop.upstream.commit({"nova/api.py": numbered(60), "nova/db.py": numbered(60), "README": "x\n"}, "Begin")
    return workshop


def changed(number: int, word: str, count: int = 60) -> str:
    return numbered(count).replace(f"line {number}\n", f"{word}\n")


def test_each_state_has_its_name(workshop: Workshop) -> None:
    workshop.patch("applies.patch", {"nova/db.py": changed(40, "forty")})
    workshop.patch("moved.patch", {"nova/api.py": changed(40, "forty")})
    workshop.patch("fuzzy.patch", {"nova/api.py": changed(10, "ten")})
    workshop.patch("conflict.patch", {"nova/api.py": changed(20, "twenty")})
    workshop.patch("upstream.patch", {"README": "y\n"})
    workshop.patch("off.patch", {"nova/db.py": changed(1, "one")})
    (workshop.series / "dead.patch").write_text("whatever")
    lines = (workshop.series / "series").read_text().replace("off.patch", "# disabled: off.patch # until then")
    (workshop.series / "series").write_text(lines)
    now = "new\nnew\n" + changed(20, "zwanzig").replace("line 7\n", "seven\n")
    workshop.upstream.commit({"nova/api.py": now, "README": "y\n"}, "Go on")
    rows = {row.name: row for row in status(workshop.store, workshop.tree(), read_series(workshop.series))}
    assert {name: row.state for name, row in rows.items()} == {
        "applies.patch": State.APPLIES,
        "moved.patch": State.OFFSET,
        "fuzzy.patch": State.FUZZ,
        "conflict.patch": State.CONFLICT,
        "upstream.patch": State.UPSTREAM,
        "off.patch": State.DISABLED,
        "dead.patch": State.UNLISTED,
    }
    assert rows["moved.patch"].offsets == (Offset("nova/api.py", 1, 2),)
    assert rows["fuzzy.patch"].fuzz == 1
    assert [problem.hunk for problem in rows["conflict.patch"].problems] == [1]
    assert "zwanzig" in rows["conflict.patch"].message
    assert rows["off.patch"].subject == "until then"
    assert load_patches(dump_patches(tuple(rows.values()))) == tuple(rows.values())


def test_what_is_remembered_is_of_the_files_that_the_patches_touch(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.patch("1.patch", {"nova/api.py": changed(40, "forty")})
    memo = Memo(tmp_path / "cache")
    first = workshop.states(memo)
    workshop.upstream.commit({"README": "another\n", "nova/new.py": "x\n"}, "Touch other files")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was applied a second time")

    with monkeypatch.context() as patched:
        patched.setattr("stackwright.tools.git.apply_cached", never)
        assert workshop.states(memo) == first
    workshop.upstream.commit({"nova/api.py": changed(40, "vierzig")}, "Touch this one")
    assert workshop.states(memo) == {"1.patch": State.CONFLICT}


def test_what_applies_by_status_applies_in_earnest(workshop: Workshop) -> None:
    workshop.patch("1.patch", {"nova/api.py": changed(40, "forty"), "nova/more/new.py": "n\n"})
    series = read_series(workshop.series)
    for files in (
        {"nova/more": "a file where the patch wants a folder\n"},
        {"nova/more": None, "nova/more/new.py/x": "a folder where the patch wants a file\n"},
        {"nova/more/new.py/x": None, "nova/more/other.py": "x\n"},
    ):
        workshop.upstream.commit({path: text for path, text in files.items() if text is None}, "Clear")
        workshop.upstream.commit({path: text for path, text in files.items() if text}, "Be in the way")
        try:
            apply(workshop.store, workshop.tree(), series)
        except PatchConflictError:
            assert workshop.states() == {"1.patch": State.CONFLICT}
        else:
            assert workshop.states() == {"1.patch": State.APPLIES}


@pytest.mark.parametrize("path", ["../outside.py", "/etc/outside", "nova/.git/config"])
def test_a_patch_that_leaves_its_tree_is_refused_before_git_sees_its_names(workshop: Workshop, path: str) -> None:
    (workshop.series / "evil.patch").write_text(f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n")
    (workshop.series / "series").write_text("evil.patch\n")
    with pytest.raises(InputError, match="the patch leaves its tree by"):
        workshop.states()


def test_patches_on_one_another_are_told_apart_though_they_are_applied_at_once(workshop: Workshop) -> None:
    workshop.patch("1.patch", {"nova/api.py": "first\n" + numbered(60)})
    workshop.patch("2.patch", {"nova/api.py": "first\n" + changed(50, "fifty")}, start="ours")
    workshop.patch("3.patch", {"nova/db.py": changed(50, "fifty")})
    workshop.upstream.commit({"nova/db.py": "a\nb\nc\n" + numbered(60)}, "Move")
    assert workshop.states() == {"1.patch": State.APPLIES, "2.patch": State.APPLIES, "3.patch": State.OFFSET}
