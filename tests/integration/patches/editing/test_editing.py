"""Edits of a series on real git: what they give, what they leave alone, what they refuse."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackwright.errors import CheckFailedError, InputError
from stackwright.patches import parse
from stackwright.patches.commits import as_commit, written
from stackwright.patches.editing import editing, making, reshaping, work_tree
from stackwright.store import CommitId, Store, TreeId
from stackwright.tools.git_commits import read_commits
from tests.carrying import Carrying, carry
from tests.upstream import numbered

API, DB = numbered(60), numbered(60, prefix="db")
ONE = API.replace("line 7\n", "seven\n")
TWO = ONE.replace("line 40\n", "forty\nand more\n")
WHO = ("Cy", "cy@example.org", "@1700000000 +0100")


@pytest.fixture
def carrying(tmp_path: Path) -> Carrying:
    return carry(
        tmp_path,
        {"api.py": API, "db.py": DB, "old.py": numbered(30, prefix="old")},
        [
            ({"api.py": ONE}, "Change seven\n\nWhy.\n\nChange-Id: I1\n"),
            ({"db.py": DB.replace("db 9\n", "nine\n"), "new.py": "x\n"}, "Change the database\n\nChange-Id: I2\n"),
            ({"api.py": TWO}, "Change forty\n\nChange-Id: I3\n"),
        ],
    )


A, B, C = "0001-a.patch", "0002-b.patch", "0003-c.patch"


def test_a_patch_moves_and_no_byte_of_any_changes(carrying: Carrying) -> None:
    before, tree = carrying.files, carrying.tree
    carrying.write(editing.move(*carrying.ground, C, before=A))
    assert carrying.listing == f"# ours\n{C}\n{A}\n{B}\n"
    assert {name: data for name, data in carrying.files.items() if name != "series"} == {
        name: data for name, data in before.items() if name != "series"
    }
    assert carrying.tree == tree


@pytest.mark.parametrize(("number", "beside"), [(1, (A, None)), (2, (None, None)), (3, (None, C))])
def test_a_place_in_numbers(carrying: Carrying, number: int, beside: object) -> None:
    assert editing.beside(carrying.series, B, number) == beside


def test_a_place_that_there_is_not(carrying: Carrying) -> None:
    with pytest.raises(InputError, match="no place 4") as caught:
        editing.beside(carrying.series, B, 4)
    assert "from 1 to 3" in str(caught.value)


def test_a_patch_does_not_move_before_what_it_is_made_of(tmp_path: Path) -> None:
    carrying = carry(tmp_path, {"api.py": API}, [({"api.py": ONE}, "A"), ({"api.py": ONE.replace("seven", "7")}, "B")])
    before = carrying.files
    with pytest.raises(CheckFailedError, match=f"moving {B}: {B} does not apply then") as caught:
        editing.move(*carrying.ground, B, before=A)
    assert "patch edit nova" in caught.value.fix
    assert carrying.files == before


def test_a_patch_is_disabled_with_the_reason_and_enabled_again(carrying: Carrying) -> None:
    before = carrying.files
    carrying.write(editing.disable(*carrying.ground, "0002-b", why="not now"))
    assert carrying.names == [A, C]
    assert f"# disabled: {B}  # why: not now\n" in carrying.listing
    with pytest.raises(InputError, match="is disabled"):
        editing.disable(*carrying.ground, B)
    carrying.write(editing.enable(*carrying.ground, B))
    assert carrying.files == before
    with pytest.raises(InputError, match="is not disabled"):
        editing.enable(*carrying.ground, B)


def test_what_others_stand_on_is_not_disabled_or_dropped_by_accident(tmp_path: Path) -> None:
    carrying = carry(tmp_path, {"api.py": API}, [({"api.py": ONE}, "A"), ({"api.py": ONE.replace("seven", "7")}, "B")])
    for edit in (editing.disable, editing.drop):
        with pytest.raises(CheckFailedError, match=f"then {B} does not apply") as caught:
            edit(*carrying.ground, A)
        assert "--force" in caught.value.fix
        assert edit(*carrying.ground, A, force=True).notes == (f"{B} does not apply now",)


def test_dropping_a_patch_that_does_not_apply_mends_the_series(carrying: Carrying) -> None:
    file = carrying.directory / A
    file.write_bytes(file.read_bytes().replace(b"\n line 6\n", b"\n line six\n"))
    carrying.write(editing.drop(*carrying.ground, A))
    assert carrying.names == [B, C]


def test_a_name_nearly_right_is_answered_with_the_right_one(carrying: Carrying) -> None:
    with pytest.raises(InputError) as caught:
        editing.drop(*carrying.ground, "0002-bb.patch")
    assert f"did you mean {B!r}?" in str(caught.value)


def test_folding_keeps_the_tree_and_joins_the_messages(carrying: Carrying) -> None:
    tree = carrying.tree
    carrying.write(reshaping.fold(*carrying.ground, A, C))
    assert (carrying.names, carrying.tree) == ([A, B], tree)
    patch = carrying.series.patches[0]
    assert patch.message == "Change seven\n\nWhy.\n\nChange forty\n\nChange-Id: I1\nChange-Id: I3"
    assert patch.paths == {"api.py"}
    assert patch.author == "Ada Upstream <ada@example.org>"


def test_folding_upwards_puts_the_patch_where_the_one_that_stays_is(carrying: Carrying) -> None:
    tree = carrying.tree
    carrying.write(reshaping.fold(*carrying.ground, C, A))
    assert (carrying.names, carrying.tree) == ([B, C], tree)
    assert carrying.series.patches[1].subject == "Change forty"


def test_folding_over_a_patch_that_is_in_the_way_is_refused(tmp_path: Path) -> None:
    seven = [ONE, ONE.replace("seven", "SEVEN"), ONE.replace("seven", "7")]
    carrying = carry(tmp_path, {"api.py": API}, [({"api.py": text}, f"P{n}") for n, text in enumerate(seven)])
    with pytest.raises(CheckFailedError, match=f"folding {C} into {A}: {C} does not apply then") as caught:
        reshaping.fold(*carrying.ground, A, C)
    assert "SEVEN" in caught.value.details
    carrying.write(reshaping.fold(*carrying.ground, B, C))
    assert "+7\n" in (carrying.directory / B).read_text()


def test_what_takes_each_other_away_cannot_be_folded(tmp_path: Path) -> None:
    carrying = carry(tmp_path, {"api.py": API}, [({"api.py": ONE}, "A"), ({"api.py": API}, "B")])
    with pytest.raises(CheckFailedError, match="change nothing"):
        reshaping.fold(*carrying.ground, A, B)


def test_the_fields_of_a_header_are_not_lost_when_it_is_written_anew(carrying: Carrying) -> None:
    file = carrying.directory / A
    head = b"Description: change seven\nForwarded: no\nBug: https://bugs.example.org/1\nAuthor: Bo <bo@example.org>\n\n"
    file.write_bytes(head + parse(file).diff)
    carrying.write(reshaping.fold(*carrying.ground, A, C))
    patch = carrying.series.patches[0]
    assert (patch.author, patch.subject) == ("Bo <bo@example.org>", "change seven")
    assert {("Forwarded", "no"), ("Bug", "https://bugs.example.org/1")} <= {
        (f.name, f.value) for f in patch.header.fields
    }


def test_splitting_keeps_the_tree_the_author_and_the_message(carrying: Carrying) -> None:
    tree, was = carrying.tree, carrying.series.patches[1]
    carrying.write(reshaping.split(*carrying.ground, B, ["new.py"]))
    first, second = carrying.series.patches[1:3]
    assert carrying.tree == tree
    assert (first.name, second.name) == ("0004-Change-the-database-part-1-of-2.patch", B)
    assert [first.paths, second.paths] == [{"new.py"}, {"db.py"}]
    assert (first.subject, second.subject) == ("Change the database (part 1 of 2)", "Change the database (part 2 of 2)")
    assert {(p.author, p.date) for p in (first, second)} == {(was.author, was.date)}
    assert all("Change-Id: I2" in patch.message for patch in (first, second))


def test_with_a_message_of_its_own_the_old_patch_keeps_its_words(carrying: Carrying) -> None:
    tree, was = carrying.tree, carrying.series.patches[1]
    carrying.write(reshaping.split(*carrying.ground, B, ["new.py"], after=True, message="Add new"))
    first, second = carrying.series.patches[1:3]
    assert [first.name, first.message, first.paths] == [B, was.message, {"db.py"}]
    assert [second.name, second.subject, second.paths] == ["0004-Add-new.patch", "Add new", {"new.py"}]
    assert carrying.tree == tree


def test_a_split_takes_a_rename_whole_and_leaves_something(tmp_path: Path) -> None:
    files = {"d/old.py": numbered(30), "d/b.py": "b\n", "e.py": "e\n"}
    change = {"d/old.py": None, "d/new.py": numbered(30), "d/b.py": "c\n", "e.py": "f\n"}
    carrying = carry(tmp_path, files, [(change, "Move")])
    tree = carrying.tree
    with pytest.raises(InputError, match="does not change") as caught:
        reshaping.split(*carrying.ground, A, ["d/bb.py"])
    assert "did you mean 'd/b.py'?" in str(caught.value)
    with pytest.raises(InputError, match="nothing would be left"):
        reshaping.split(*carrying.ground, A, ["d/", "e.py"])
    carrying.write(reshaping.split(*carrying.ground, A, ["d/new.py"]))
    assert [patch.paths for patch in carrying.series.patches] == [{"d/old.py", "d/new.py"}, {"d/b.py", "e.py"}]
    assert carrying.tree == tree


def test_what_applies_elsewhere_is_drawn_anew_and_nothing_else_is(carrying: Carrying) -> None:
    file = carrying.directory / C
    before = carrying.files
    file.write_bytes(before[C].replace(b"@@ -37,7 +37,8 @@", b"@@ -31,7 +31,8 @@"))
    draft = reshaping.redraw(*carrying.ground)
    assert draft.notes == (f"{C}: applied with offset: api.py hunk 1 by +6",)
    assert list(draft.files) == [file]
    carrying.write(draft)
    assert b"@@ -37,7 +37,8 @@" in file.read_bytes()
    assert file.read_bytes().partition(b"\ndiff --git")[0] == before[C].partition(b"\ndiff --git")[0]
    assert not reshaping.redraw(*carrying.ground).files


def test_fuzz_is_said_and_no_context_at_all_is_refused(carrying: Carrying) -> None:
    file = carrying.directory / C
    before = file.read_bytes()
    file.write_bytes(before.replace(b" line 37\n", b" line x\n"))
    draft = reshaping.redraw(*carrying.ground)
    assert "with fuzz: 1 line of context" in draft.notes[0]
    file.write_bytes(before.replace(b" line 39\n", b" line x\n").replace(b" line 41\n", b" line x\n"))
    with pytest.raises(CheckFailedError, match="does not apply"):
        reshaping.redraw(*carrying.ground)


def test_a_new_patch_of_a_folder_is_what_was_changed_in_it(carrying: Carrying, tmp_path: Path) -> None:
    store, base, series = carrying.ground
    folder = tmp_path / "work"
    store.export(carrying.tree, folder)
    (folder / "db.py").write_text("short\n")
    data = making.of_directory(
        store, series, base=carrying.tree, end=carrying.tree, directory=folder, message="Shorten\n\nWhy.", who=WHO
    )
    carrying.write(editing.append(store, base, series, "short.patch", data))
    patch = carrying.series.patches[-1]
    assert [patch.author, patch.message, patch.paths] == ["Cy <cy@example.org>", "Shorten\n\nWhy.", {"db.py"}]
    assert carrying.base.store.read(carrying.tree, "db.py") == b"short\n"
    with pytest.raises(InputError, match="already"):
        editing.append(*carrying.ground, "short.patch", data)


def test_a_new_patch_of_a_folder_that_was_upstreams_tree(carrying: Carrying, tmp_path: Path) -> None:
    store, base, series = carrying.ground
    folder = tmp_path / "work"
    store.export(base, folder)
    (folder / "old.py").unlink()
    data = making.of_directory(store, series, base=base, end=carrying.tree, directory=folder, message="Remove", who=WHO)
    carrying.write(editing.append(store, base, series, "gone.patch", data))
    assert carrying.series.patches[-1].paths == {"old.py"}


def test_a_diff_that_says_what_it_is_for_is_taken_as_it_is(carrying: Carrying) -> None:
    store, _, series = carrying.ground
    mail = (carrying.directory / A).read_bytes()
    assert making.of_diff(store, series, end=carrying.base.tree, data=mail, message="", who=WHO) == mail
    with pytest.raises(InputError, match="nobody says"):
        making.of_diff(store, series, end=carrying.base.tree, data=parse(mail).diff, message="", who=WHO)
    said = making.of_diff(store, series, end=carrying.base.tree, data=mail, message="Mine", who=WHO)
    assert (parse(said).author, parse(said).message) == ("Cy <cy@example.org>", "Mine")
    assert parse(said).diff.count(b"\n+") == parse(mail).diff.count(b"\n+")


# For any series ---------------------------------------------------------------------------------------------------

LINES = [
    f"{word}\n" for word in ("a", "b", "c", "", "d e", "-- ", "--- a/x", "@@ -1 +1 @@", "From: x", "diff --git", "ü")
]
PATHS = ["a.py", "d/b.py", "ü.txt", "with space"]
texts = st.lists(st.sampled_from(LINES), max_size=40).map(
    # Half of the lines are there once, so that patches have places of their own.
    lambda lines: "".join(f"{at} {line}" if at % 2 else line for at, line in enumerate(lines))
)
trees = st.dictionaries(st.sampled_from(PATHS), texts, min_size=1, max_size=3)
seldom = st.integers(0, 7).map(lambda number: number == 7)
subjects = st.sampled_from(["Change it", "[api] Change: it (again)", "Ünïcode", "x" * 90])
bodies = st.sampled_from(["", "\n\nWhy.\n\nFrom: nobody\n", "\n\nChange-Id: I1\n", "\n\n* one\n\n  two\n"])


@st.composite
def carried(draw: st.DrawFn) -> tuple[dict[str, str], list[tuple[dict[str, str | None], str]]]:
    """An upstream tree, and a few small changes of it, one on top of the other."""
    upstream = draw(trees)
    now: dict[str, str] = dict(upstream)
    patches = []
    for _ in range(draw(st.integers(2, 4))):
        changes: dict[str, str | None] = dict(draw(trees)) if draw(seldom) else {}
        for path in draw(st.lists(st.sampled_from(sorted(now)), min_size=1, max_size=2, unique=True)):
            lines = now[path].splitlines(keepends=True)
            at = draw(st.integers(0, len(lines)))
            lines[at : at + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(LINES), max_size=3))
            changes[path] = "".join(lines)
        if len(now) > 1 and draw(seldom):
            changes[draw(st.sampled_from(sorted(now)))] = None
        now |= {path: text for path, text in changes.items() if text is not None}
        now = {path: text for path, text in now.items() if changes.get(path, text) is not None}
        patches.append((changes, draw(subjects) + draw(bodies)))
    return upstream, patches


any_series = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@any_series
@given(carried())
def test_commits_read_back_without_a_change_leave_every_byte(made: object) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        carrying = carry(Path(scratch), *made)  # type: ignore[misc]
        before = carrying.files
        place = work_tree.WorkTree(
            f"{scratch}/work", str(carrying.root), scratch, "nova", "2026.2", base="", digest="", patches={}
        )
        tree = work_tree.make(carrying.base, carrying.series, place)
        again = work_tree.read_back(tree, carrying.series, carrying.base)
        assert not again.files
        # Nor when every commit is another one, by its committer alone.
        carrying.upstream.git(
            "-C",
            tree.directory,
            "-c",
            "core.commentChar=;",
            "rebase",
            "--quiet",
            "--force-rebase",
            "--keep-empty",
            tree.base,
        )
        again = work_tree.read_back(tree, carrying.series, carrying.base)
        assert not again.files, again.notes
        assert carrying.files == before


@any_series
@given(carried(), st.data())
def test_any_edit_that_is_not_refused_keeps_the_tree(made: object, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        carrying = carry(Path(scratch), *made)  # type: ignore[misc]
        if len(carrying.names) < 2:
            return
        tree, before = carrying.tree, carrying.files
        one, other, *_ = data.draw(st.permutations(carrying.names))
        kind = data.draw(st.sampled_from(["fold", "split", "move"]))
        try:
            if kind == "fold":
                draft = reshaping.fold(*carrying.ground, one, other)
            elif kind == "move":
                draft = editing.move(*carrying.ground, one, before=other)
            else:
                path = data.draw(
                    st.sampled_from(sorted(next(p for p in carrying.series.patches if p.name == one).paths))
                )
                draft = reshaping.split(*carrying.ground, one, [path], after=data.draw(st.booleans()))
        except (CheckFailedError, InputError):
            assert carrying.files == before
            return
        carrying.write(draft)
        assert carrying.tree == tree
        if kind == "move":
            assert {**carrying.files, "series": b""} == {**before, "series": b""}
        assert len(carrying.names) - len(before) + 1 == {"fold": -1, "split": 1, "move": 0}[kind]


@any_series
@given(carried())
def test_a_commit_written_as_a_patch_is_that_commit_again(made: object) -> None:
    """What git-format-patch(1) writes becomes the commit that it was made of, and the same bytes again."""
    with tempfile.TemporaryDirectory() as scratch:
        carrying = carry(Path(scratch), *made)  # type: ignore[misc]
        store = Store(carrying.upstream.directory / ".git")
        for commit in carrying.upstream.git("rev-list", "HEAD").split()[:-1]:
            (was,) = read_commits(store.directory, [commit])
            if carrying.upstream.git("diff", "--name-only", f"{commit}^", commit) == "":
                continue
            data = written(store, CommitId(commit))
            again = as_commit(store, TreeId(was.tree), CommitId(was.parents[0]), parse(data))
            (now,) = read_commits(store.directory, [again])
            assert (now.author, now.date, now.message) == (was.author, was.date, was.message)
            assert written(store, again) == data
