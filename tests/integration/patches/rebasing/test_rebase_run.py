"""A rebase over conflicts, kills and an abort: nothing is lost, and the distribution changes at its end or never."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import CheckFailedError, InputError, RunFailedError
from stackwright.patches import read_series
from stackwright.patches.rebasing import rebase_run
from stackwright.patches.rebasing.rebase_state import STATE, Request, State, load
from stackwright.patches.rebasing.resolutions import FOLDER
from stackwright.store import Memo
from stackwright.tools import process
from tests.integration.patches.rebasing.bench import Bench, changed
from tests.upstream import numbered

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackwright.patches.rebasing.rebase_run import Result

REQUEST = Request("nova", "2026.1", "2026.2")


class Run:
    """One distribution and one rebase in it."""

    def __init__(self, bench: Bench, state: State, directory: Path) -> None:
        shutil.copytree(bench.directory / "patches", directory / "patches")
        self.store = bench.store
        self.distribution = directory
        self.state = replace(state, distribution=directory)
        self.home = rebase_run.home_of(directory / "rebases", "nova", state.request.target)

    def __call__(self) -> Result:
        with rebase_run.held(self.home):
            state, memo = load(self.home), Memo(self.distribution / "cache")
            if state is None:
                rebase_run.begin(self.store, self.home, self.state, memo)
            return rebase_run.go_on(self.store, self.home, state or self.state, memo)

    def copy(self, directory: Path) -> Run:
        """Give the same in the same state, in another distribution."""
        other = Run.__new__(Run)
        other.__dict__.update(self.__dict__, distribution=directory, state=replace(self.state, distribution=directory))
        shutil.copytree(self.distribution, directory, symlinks=True)
        other.home = directory / self.home.relative_to(self.distribution)
        for file in other.home.glob("*.json"):
            file.write_text(file.read_text().replace(str(self.distribution), str(directory)))
        return other

    def abort(self) -> None:
        with rebase_run.held(self.home):
            rebase_run.abort(self.home)

    def killed(self, effects: int, action: Callable[[], object], *, programs: bool = False) -> bool:
        """Do it in a process that is killed when it has changed so many files (or run programs); tells if it was."""
        child = os.fork()
        if child == 0:
            left = itertools.count(effects, -1)

            def counted(real: Callable[..., object]) -> Callable[..., object]:
                def effect(*arguments: object, **named: object) -> object:
                    if next(left) <= 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return real(*arguments, **named)

                return effect

            if programs:
                process.run = counted(process.run)  # type: ignore[assignment]
            for name in ("open", "replace", "rename", "unlink", "mkdir", "rmdir"):
                setattr(Path, name, counted(getattr(Path, name)))
            try:
                action()
            finally:
                os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    @property
    def tree(self) -> Path:
        return self.home / "tree"

    @property
    def files(self) -> dict[str, bytes]:
        """Every file of the distribution."""
        patches = self.distribution / "patches"
        return {str(file.relative_to(patches)): file.read_bytes() for file in patches.rglob("*") if file.is_file()}

    def git(self, *words: str) -> str:
        """Do in the work tree what a user does."""
        return subprocess.run(["git", *words], cwd=self.tree, check=True, capture_output=True, text=True).stdout

    def resolve(self, path: str, content: str) -> None:
        (self.tree / path).write_text(content)
        self.git("add", path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "bench", {"a.py": numbered(40), "b.py": numbered(40), "c.py": "c\n"})
    bench.patch({"c.py": "ours\n"}, "First\n")
    bench.patch({"a.py": changed(numbered(40), _7="ours")}, "Change seven\n\nBecause.\n")
    bench.patch({"b.py": changed(numbered(40), _7="ours")}, "Change seven of b\n")
    return bench


@pytest.fixture
def state(bench: Bench) -> State:
    onto = bench.moves_on({"a.py": changed(numbered(40), _7="theirs"), "b.py": changed(numbered(40), _9="nine")})
    return State(REQUEST, Path(), bench.base, onto)


@pytest.fixture
def run(bench: Bench, state: State, tmp_path: Path) -> Run:
    return Run(bench, state, tmp_path / "distribution")


SOLVED = changed(numbered(40), _7="both")


def test_a_conflict_is_laid_out_as_git_itself_does(run: Run) -> None:
    before = run.files
    result = run()
    assert [row[:2] for row in result.rows] == [("0.patch", "kept"), ("1.patch", "conflict")]
    assert run.files == before
    assert "both modified:   a.py" in run.git("status")
    assert "cherry-picking" in run.git("status")
    assert (
        "<<<<<<< upstream\ntheirs\n||||||| before\nline 7\n=======\nours\n>>>>>>> patch\n"
        in (run.tree / "a.py").read_text()
    )
    assert run.git("log", "--format=%s").splitlines() == ["First", "Upstream"]
    assert [line.split()[2] for line in run.git("ls-files", "-u").splitlines()] == ["1", "2", "3"]
    run.git("checkout", "--ours", "a.py")
    assert (run.tree / "a.py").read_text() == changed(numbered(40), _7="theirs")
    run.git("checkout", "--merge", "a.py")
    assert "||||||| base" in (run.tree / "a.py").read_text()
    # The user's own tool, with all three sides at hand.
    seen = "$(sed -n 7p $LOCAL),$(sed -n 7p $BASE),$(sed -n 7p $REMOTE)"
    tool = f'test "{seen}" = "theirs,line 7,ours" && sed s/ours/both/ $REMOTE > $MERGED'
    own = ("-c", f"mergetool.own.cmd={tool}", "-c", "mergetool.own.trustExitCode=true")
    run.git(*own, "mergetool", "--tool=own", "-y")
    result = run()
    assert [row[1] for row in result.rows] == ["kept", "by hand", "three-way"]
    assert read_series(run.state.target_directory).patches[1].message == "Change seven\n\nBecause."
    assert b"+both" in run.files["nova/2026.2/1.patch"]


def test_what_is_not_resolved_is_named_with_its_lines(run: Run) -> None:
    run()
    with pytest.raises(CheckFailedError) as caught:
        run()
    assert f"{run.tree}/a.py:7: a conflict" in str(caught.value)
    run.git("add", "a.py")
    with pytest.raises(CheckFailedError) as caught:
        run()
    assert "markers of the conflict left" in str(caught.value)
    assert f"{run.tree}/a.py:7: a marker" in str(caught.value)
    (run.tree / "a.py").write_text(SOLVED)
    with pytest.raises(CheckFailedError) as caught:
        run()
    assert f"{run.tree}/a.py: not added" in str(caught.value)
    run.git("add", "a.py")
    (run.tree / "new.py").write_text("forgotten\n")
    with pytest.raises(CheckFailedError) as caught:
        run()
    assert f"{run.tree}/new.py: not added" in str(caught.value)
    assert "nova/2026.2/series" not in run.files


def test_a_commit_of_the_user_gives_the_message_and_not_the_author(run: Run) -> None:
    run()
    run.resolve("a.py", SOLVED)
    run.git("-c", "user.name=Eve", "-c", "user.email=eve@example.org", "commit", "-m", "Another reason\n\nLong.")
    run()
    patch = read_series(run.state.target_directory).patches[1]
    assert (patch.message, patch.author) == ("Another reason\n\nLong.", "Ada Upstream <ada@example.org>")


def test_a_patch_that_is_given_up_in_its_work_tree_is_not_dropped_for_it(run: Run) -> None:
    run()
    run.git("cherry-pick", "--abort")
    with pytest.raises(CheckFailedError, match="was given up in its work tree"):
        run()
    shutil.rmtree(run.tree)
    assert run().conflict
    run.git("checkout", "HEAD", "--", ".")
    rows = run().rows
    assert rows[1] == ("1.patch", "upstream", "nothing is left of it, as it is resolved")
    text = (run.state.target_directory / "series").read_text()
    assert text == "0.patch\n# left out: 1.patch (nothing is left of it, as it is resolved)\n2.patch\n"


def test_killed_anywhere_on_the_way_to_a_conflict_the_same_command_gets_there(
    bench: Bench, state: State, tmp_path: Path
) -> None:
    for effects in itertools.count(step=3):
        run = Run(bench, state, tmp_path / str(effects))
        before = run.files
        if not run.killed(effects, run, programs=True):
            break
        assert run.files == before
        if (run.home / STATE).exists() and (load(run.home) or run.state).waiting:
            continue  # killed behind the last thing that matters
        assert run().conflict
        run.resolve("a.py", SOLVED)
        assert not run().conflict
        assert b"+both" in run.files["nova/2026.2/1.patch"]
    assert effects > 20


def test_killed_anywhere_behind_the_last_conflict_it_goes_on_or_back(run: Run, tmp_path: Path) -> None:
    before = run.files
    run()
    run.resolve("a.py", SOLVED)
    reference = run.copy(tmp_path / "reference")
    reference()
    want = reference.files
    assert {"nova/2026.2/series", "nova/2026.2/1.patch"} < want.keys() - before.keys()
    for effects in itertools.count(step=2):
        killed = run.copy(tmp_path / f"{effects}")
        if not killed.killed(effects, killed):
            break
        if not killed.home.exists():  # it was at its end
            assert killed.files == want
            continue
        back = killed.copy(tmp_path / f"{effects}-back")
        back.abort()
        assert back.files == before
        killed()
        assert killed.files == want
        assert (killed.distribution / "rebases/done/nova-2026.2").is_dir()
    assert effects > 20


def test_killed_anywhere_in_an_abort_it_can_be_done_again(run: Run, tmp_path: Path) -> None:
    before = run.files
    run()
    for effects in itertools.count():
        killed = run.copy(tmp_path / str(effects))
        if not killed.killed(effects, killed.abort):
            break
        if killed.home.exists():
            killed.abort()
        assert killed.files == before
        assert not killed.home.exists()
    assert effects > 3


def test_a_second_clone_has_the_resolution(run: Run, bench: Bench, state: State, tmp_path: Path) -> None:
    run()
    run.resolve("a.py", SOLVED)
    run()
    shutil.copytree(run.distribution / "patches/nova" / FOLDER, bench.directory / "patches/nova" / FOLDER)
    rows = Run(bench, state, tmp_path / "clone")().rows
    assert [row[1] for row in rows] == ["kept", "resolution", "three-way"]
    assert "as resolved for 2026.2" in rows[1][2]


def test_a_damaged_resolution_stops_it_and_nothing_is_lost(run: Run) -> None:
    run()
    run.resolve("a.py", SOLVED)
    file = run.distribution / "patches/nova" / FOLDER / "0123456789abcdef.diff"
    file.parent.mkdir()
    file.write_text("How a conflict was resolved.\n")
    with pytest.raises(InputError) as caught:
        run()
    assert str(file) in str(caught.value)
    file.unlink()
    assert not run().conflict


def test_a_damaged_state_is_said_and_can_be_ended(run: Run) -> None:
    before = run.files
    run()
    (run.home / STATE).write_text('{"request": ')
    with pytest.raises(RunFailedError, match="damaged"):
        run()
    run.abort()
    assert run.files == before
    assert run().conflict


def test_a_series_that_changes_meanwhile_does_not_get_the_resolution_of_another_patch(run: Run) -> None:
    run()
    patch = run.state.source_directory / "1.patch"
    patch.write_bytes(patch.read_bytes().replace(b"+ours", b"+something else"))
    run.resolve("a.py", SOLVED)
    with pytest.raises(CheckFailedError, match=r"has changed since the conflict of 1\.patch was laid out"):
        run()
    assert (run.tree / "a.py").read_text() == SOLVED


def test_in_another_directory_which_is_empty_before_and_gone_afterwards(
    bench: Bench, state: State, tmp_path: Path
) -> None:
    state = replace(state, request=replace(REQUEST, directory=str(tmp_path / "mine")))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    run = Run(bench, state, tmp_path / "distribution")
    with pytest.raises(InputError, match="there is something already"):
        run()
    (tmp_path / "mine/file").unlink()
    assert run().tree == tmp_path / "mine"
    (tmp_path / "mine/a.py").write_text(SOLVED)
    subprocess.run(["git", "add", "a.py"], cwd=tmp_path / "mine", check=True)
    assert not run().conflict
    assert not (tmp_path / "mine").exists()


class TestFiles:
    """What is written where."""

    @pytest.fixture
    def onto(self, bench: Bench) -> State:
        """Let the first patch apply, the second be merged, the third be upstream."""
        onto = bench.moves_on({"a.py": changed(numbered(40), _9="nine"), "b.py": changed(numbered(40), _7="ours")})
        return State(REQUEST, Path(), bench.base, onto)

    def test_comments_options_and_disabled_lines_stay(self, bench: Bench, onto: State, tmp_path: Path) -> None:
        shutil.copy(bench.series / "0.patch", bench.series / "off.patch")
        (bench.series / "series").write_text(
            "# ours\n0.patch -p1  # first\n\n1.patch\n# disabled: off.patch # why: later\n2.patch\n"
        )
        run = Run(bench, onto, tmp_path / "distribution")
        rows = run().rows
        assert rows[-1] == ("off.patch", "disabled", "")
        assert run.files["nova/2026.2/series"].decode() == (
            "# ours\n0.patch -p1  # first\n\n1.patch\n# disabled: off.patch # why: later\n"
            "# left out: 2.patch (upstream has all of its changes)\n"
        )
        for name in ("0.patch", "off.patch"):
            assert run.files[f"nova/2026.2/{name}"] == run.files[f"nova/2026.1/{name}"]

    def test_shared_is_what_serves_both(self, bench: Bench, onto: State, tmp_path: Path) -> None:
        state = replace(onto, request=replace(REQUEST, share=True))
        run = Run(bench, state, tmp_path / "distribution")
        before = read_series(run.state.source_directory)
        run()
        assert sorted(run.files) == [
            "nova/2026.1/1.patch", "nova/2026.1/2.patch", "nova/2026.1/series",
            "nova/2026.2/1.patch", "nova/2026.2/series", "nova/shared/0.patch",
        ]  # fmt: skip
        after = read_series(run.state.source_directory)
        assert [patch.diff for patch in after.patches] == [patch.diff for patch in before.patches]
        assert [patch.name for patch in read_series(run.state.target_directory).patches] == ["0.patch", "1.patch"]

    def test_what_another_series_names_is_not_moved(self, bench: Bench, onto: State, tmp_path: Path) -> None:
        other = bench.series.parent / "2025.2"
        other.mkdir()
        (other / "series").write_text("../2026.1/0.patch\n")
        run = Run(bench, replace(onto, request=replace(REQUEST, share=True)), tmp_path / "distribution")
        run()
        assert run.files["nova/2026.2/0.patch"] == run.files["nova/2026.1/0.patch"]
        assert "nova/shared/0.patch" not in run.files

    def test_a_shared_patch_is_named_and_gets_an_own_form_where_it_changes(
        self, bench: Bench, onto: State, tmp_path: Path
    ) -> None:
        shared = bench.series.parent / "shared"
        shared.mkdir()
        for name in ("0.patch", "1.patch"):
            (bench.series / name).rename(shared / name)
        run = Run(bench, onto, tmp_path / "distribution")
        before = run.files
        run()
        assert run.files["nova/2026.2/series"].startswith(b"0.patch\n1.patch\n")
        assert "nova/2026.2/0.patch" not in run.files
        assert b"nine" in run.files["nova/2026.2/1.patch"]
        assert {name: run.files[name] for name in before} == before

    def test_in_place_what_is_upstream_is_disabled_and_what_others_name_gets_another_name(
        self, bench: Bench, onto: State, tmp_path: Path
    ) -> None:
        other = bench.series.parent / "2025.2"
        other.mkdir()
        (other / "series").write_text("../2026.1/1.patch\n")
        run = Run(
            bench, replace(onto, request=replace(REQUEST, target="2026.1", onto="2.0")), tmp_path / "distribution"
        )
        before = run.files
        result = run()
        assert run.files["nova/2026.1/series"].decode() == (
            "0.patch\n1-1.patch\n# disabled: 2.patch  # why: upstream has all of its changes\n"
        )
        assert {name: run.files[name] for name in before if name != "nova/2026.1/series"} == {
            name: content for name, content in before.items() if name != "nova/2026.1/series"
        }
        assert result.before
        assert (result.before / "patches/nova/2026.1/series").read_bytes() == before["nova/2026.1/series"]

    def test_a_series_that_is_there_stays_unless_it_is_to_go(self, bench: Bench, onto: State, tmp_path: Path) -> None:
        target = bench.series.parent / "2026.2"
        target.mkdir()
        (target / "series").write_text("0.patch\nold.patch\n")
        (target / "mine.txt").write_text("a note\n")
        for name in ("0.patch", "old.patch", "1.patch"):  # the last is in no series, and a person's
            (target / name).write_bytes((bench.series / "2.patch").read_bytes())
        run = Run(bench, onto, tmp_path / "distribution")
        with pytest.raises(InputError, match=r"2026\.2 has a series already"):
            run()
        run.state = replace(run.state, request=replace(REQUEST, replace=True))
        before = run.files
        run()
        assert run.files["nova/2026.2/series"].startswith(b"0.patch\n1-1.patch\n")
        assert "nova/2026.2/old.patch" not in run.files
        for name in ("mine.txt", "1.patch"):
            assert run.files[f"nova/2026.2/{name}"] == before[f"nova/2026.2/{name}"]

    def test_nothing_to_bring(self, bench: Bench, onto: State, tmp_path: Path) -> None:
        (bench.series / "series").write_text("# none yet\n")
        with pytest.raises(InputError, match=r"release 2026\.1 has no patches of nova"):
            Run(bench, onto, tmp_path / "distribution")()
