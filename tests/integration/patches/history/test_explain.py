"""Which upstream commit broke a patch, on histories made by real git."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError
from stackwright.patches import read_series
from stackwright.patches.history import explain as explaining
from stackwright.patches.history import trial
from stackwright.patches.history.explain import Explanation, explain
from stackwright.store import CommitId, Store
from tests.upstream import Upstream, numbered

if TYPE_CHECKING:
    from pathlib import Path

API = "nova/api.py"
BASE = numbered(60)


@dataclass
class Carried:
    """An upstream, a store that sees its history, and a series."""

    upstream: Upstream
    store: Store
    series: Path

    def add(self, name: str, text: str) -> None:
        (self.series / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        with (self.series / "series").open("a") as stream:
            stream.write(f"{name}\n")

    def carry(
        self, name: str, files: dict[str, str | bytes | None], message: str = "Ours", start: str = "HEAD"
    ) -> None:
        """Make a patch of a change to upstream, and go back."""
        branch = self.upstream.git("branch", "--show-current")
        self.upstream.branch("ours", start)
        self.upstream.commit(files, message)
        self.add(name, self.upstream.patch())
        self.upstream.switch(branch)

    def explain(
        self, name: str | None = None, *, tip: str = "HEAD", since: str | None = None
    ) -> tuple[Explanation, ...]:
        here = self.upstream.git("rev-parse", tip)
        until = CommitId(self.upstream.git("rev-parse", since)) if since else None
        return explain(self.store, CommitId(here), read_series(self.series), name=name, since=until)

    def noise(self, count: int, path: str = "README") -> None:
        for number in range(count):
            self.upstream.commit({path: f"{path} {self.upstream.seconds} {number}\n"}, f"Noise {number}")


@pytest.fixture
def carried(tmp_path: Path) -> Carried:
    upstream = Upstream(tmp_path / "upstream")
    upstream.commit({API: BASE, "README": "begin\n"}, "Begin")
    store = Store(tmp_path / "store.git")
    (store.directory / "objects/info").mkdir(exist_ok=True)
    (store.directory / "objects/info/alternates").write_text(f"{upstream.directory}/.git/objects\n")
    series = tmp_path / "patches/nova/2026.2"
    series.mkdir(parents=True)
    return Carried(upstream, store, series)


def changed(text: str, *numbers: int, word: str = "LINE") -> str:
    for number in numbers:
        text = text.replace(f"line {number}\n", f"{word} {number}\n")
    return text


def test_a_series_that_applies_has_nothing_to_explain(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30)})
    carried.upstream.commit({API: changed(BASE, 5)}, "Elsewhere")
    assert carried.explain() == ()


def test_the_commit_is_named_among_many_with_its_part_of_the_conflict(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    carried.noise(5)
    carried.upstream.commit({API: changed(BASE, 5)}, "Touch the file elsewhere")
    good = carried.upstream.git("rev-parse", "HEAD")
    text = changed(BASE, 5, 31, 55)
    message = "Break it\n\nWhy.\n\nChange-Id: Iabc\n"
    broken = carried.upstream.commit({API: text, "other": "x\n"}, message)
    carried.upstream.commit({API: changed(text, 10)}, "Touch it again")
    carried.noise(5)
    (found,) = carried.explain()
    cause = found.cause
    assert cause is not None
    assert (cause.commit.commit, cause.commit.subject, cause.before, cause.merge) == (broken, "Break it", good, None)
    assert [(problem.path, problem.hunk) for problem in cause.problems] == [(API, 1)]
    assert "+LINE 31\n" in cause.diff
    assert "LINE 55" not in cause.diff
    assert "other" not in cause.diff
    assert (cause.not_first, cause.sure, cause.merged) == (False, True, False)
    assert found.in_conflict == (API,)
    assert not found.solved


def test_a_three_way_merge_solves_what_only_moved_the_context(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    carried.upstream.commit({API: changed(BASE, 27)}, "Change the context")
    (found,) = carried.explain()
    assert found.cause is not None
    assert found.cause.commit.subject == "Change the context"
    assert found.in_conflict == ()
    assert found.solved


def test_a_rename_is_named_and_a_three_way_merge_follows_it(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    carried.upstream.commit({API: None, "nova/api/core.py": BASE}, "Move the file")
    (found,) = carried.explain()
    assert found.cause is not None
    assert found.cause.moved == ((API, "nova/api/core.py"),)
    assert "rename to nova/api/core.py" in found.cause.diff
    assert found.solved


def test_a_merge_on_the_main_line_is_named_with_the_commit_inside_it(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    carried.upstream.branch("topic")
    carried.upstream.commit({API: changed(BASE, 5)}, "Harmless")
    culprit = carried.upstream.commit({API: changed(BASE, 5, 30)}, "Break it in a topic")
    carried.upstream.commit({API: changed(BASE, 5, 30, 50)}, "Harmless again")
    carried.upstream.switch("master")
    carried.noise(2)
    carried.upstream.git("merge", "--quiet", "--no-ff", "-m", 'Merge "Break it in a topic"', "topic")
    merge = carried.upstream.git("rev-parse", "HEAD")
    carried.noise(2)
    (found,) = carried.explain()
    assert found.cause is not None
    assert found.cause.merge is not None
    assert (found.cause.merge.commit, found.cause.commit.commit) == (merge, culprit)
    assert "+LINE 30\n" in found.cause.diff
    assert "LINE 50" not in found.cause.diff


def test_a_break_that_was_mended_and_came_again_is_told(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    carried.upstream.commit({API: changed(BASE, 30)}, "Break it")
    carried.upstream.commit({API: BASE}, "Mend it")
    last = carried.upstream.commit({API: changed(BASE, 30, word="again")}, "Break it again")
    for number in range(1, 20):
        carried.upstream.commit({API: changed(BASE, 30, word=f"again {number}")}, "Go on")
    (found,) = carried.explain()
    assert found.cause is not None
    assert (found.cause.commit.commit, found.cause.not_first) == (last, True)


def test_a_patch_made_in_the_middle_of_a_history_is_found_though_its_beginning_does_not_take_it(
    carried: Carried,
) -> None:
    for number in range(12):
        carried.upstream.commit({API: changed(BASE, 30, word=f"old {number}")}, f"Early {number}")
    middle = changed(BASE, 30, word="middle")
    carried.upstream.commit({API: middle}, "Middle")
    carried.carry("ours.patch", {API: middle.replace("middle 30", "ours 30")})
    broken = carried.upstream.commit({API: changed(BASE, 30, word="new")}, "Late")
    for number in range(12):
        carried.upstream.commit({API: changed(BASE, 30, word=f"later {number}")}, f"Later {number}")
    text = (carried.series / "ours.patch").read_text()
    for hint in (True, False):
        (carried.series / "ours.patch").write_text(text if hint else text.replace("\nindex ", "\nindex 1"))
        (found,) = carried.explain()
        assert found.cause is not None
        assert found.cause.commit.commit == broken


def test_a_patch_that_applied_nowhere_says_how_far_was_looked(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(numbered(60, prefix="else"), 3)})
    text = (carried.series / "ours.patch").read_text().replace("\n-line 30", "\n-never there")
    (carried.series / "ours.patch").write_text(text)
    root = carried.upstream.git("rev-parse", "HEAD")
    carried.upstream.commit({API: changed(BASE, 3)}, "Once")
    (found,) = carried.explain()
    assert found.cause is None
    assert found.oldest.commit == root
    assert found.tried == 2


def test_since_bounds_the_search(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    broken = carried.upstream.commit({API: changed(BASE, 30)}, "Break it")
    carried.upstream.commit({API: changed(BASE, 30, 31)}, "Later")
    (found,) = carried.explain(since=broken)
    assert found.cause is None
    assert (found.oldest.commit, found.tried) == (broken, 1)


def test_patches_on_top_of_one_another_are_tried_together(carried: Carried) -> None:
    ours = changed(BASE, 30, word="ours")
    carried.carry("one.patch", {API: ours})
    carried.carry("two.patch", {API: ours.replace("ours 30", "two 30"), "nova/b": "b\n"})
    carried.carry("three.patch", {"README": "ours\n"})
    (carried.series / "two.patch").write_text(
        (carried.series / "two.patch").read_text().replace("-line 30", "-ours 30")
    )
    breaks_one = carried.upstream.commit({API: changed(BASE, 28)}, "Break the first")
    breaks_three = carried.upstream.commit({"README": "theirs\n"}, "Break the third")
    found = {one.patch.name: one.cause.commit.commit for one in carried.explain() if one.cause}
    assert found == {"one.patch": breaks_one, "two.patch": breaks_one, "three.patch": breaks_three}
    assert [one.patch.name for one in carried.explain("three.patch")] == ["three.patch"]


def test_a_file_that_upstream_made_as_well(carried: Carried) -> None:
    carried.carry("ours.patch", {"nova/new.py": "ours\n"})
    broken = carried.upstream.commit({"nova/new.py": "theirs\n"}, "Add the file")
    (found,) = carried.explain()
    assert found.cause is not None
    assert found.cause.commit.commit == broken
    assert "+theirs\n" in found.cause.diff
    assert found.in_conflict == ("nova/new.py",)


def test_the_merge_of_the_patch_itself_is_seen_as_that(carried: Carried) -> None:
    ours = changed(BASE, 30, word="ours")
    carried.carry("ours.patch", {API: ours})
    merged = carried.upstream.commit({API: ours}, "Ours")
    (found,) = carried.explain()
    assert found.cause is not None
    assert (found.cause.commit.commit, found.cause.merged, found.solved) == (merged, True, True)


def test_a_file_that_was_deleted(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30)})
    broken = carried.upstream.commit({API: None}, "Delete the file")
    (found,) = carried.explain()
    assert found.cause is not None
    assert found.cause.commit.commit == broken
    assert "deleted file" in found.cause.diff
    assert found.in_conflict == (API,)


def test_a_name_that_the_series_has_not_is_answered_with_the_nearest(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30)})
    with pytest.raises(InputError, match=r"no patch 'our\.patch'") as caught:
        carried.explain("our.patch")
    assert caught.value.fix == "did you mean 'ours.patch'?"


def test_names_of_files_are_taken_as_they_are(carried: Carried) -> None:
    odd = 'nova/[x]* ü "y".py'
    carried.upstream.commit({odd: BASE, "nova/x.py": BASE}, "Odd names")
    carried.carry("ours.patch", {odd: changed(BASE, 30, word="ours")})
    carried.upstream.commit({"nova/x.py": changed(BASE, 30)}, "Another file that a pattern would match")
    broken = carried.upstream.commit({odd: changed(BASE, 30)}, "Break it")
    (found,) = carried.explain()
    assert found.cause is not None
    assert (found.cause.commit.commit, found.tried) == (broken, 2)
    assert "+LINE 30\n" in found.cause.diff


def test_a_file_that_becomes_a_directory(carried: Carried) -> None:
    carried.carry("ours.patch", {API: changed(BASE, 30)})
    broken = carried.upstream.commit({API: None, f"{API}/core.py": BASE}, "Make it a directory")
    (found,) = carried.explain()
    assert found.cause is not None
    assert found.cause.commit.commit == broken


def test_where_there_is_too_much_to_read_the_search_still_ends_and_says_what_it_has_left_out(
    carried: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "MOST_BYTES", 100)
    monkeypatch.setattr(trial, "AT_ONCE", 1)
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    for number in range(10):
        carried.upstream.commit({API: changed(BASE, 5, word=f"harmless {number}")}, "Harmless")
    text = changed(BASE, 30)
    broken = carried.upstream.commit({API: text}, "Break it")
    for number in range(10):
        carried.upstream.commit({API: changed(text, 5, word=f"later {number}")}, "Later")
    (found,) = carried.explain()
    assert found.cause is not None
    assert (found.cause.commit.commit, found.cause.sure) == (broken, False)


def test_a_break_far_back_is_found(carried: Carried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "DEPTHS", (4, 8))
    carried.carry("ours.patch", {API: changed(BASE, 30, word="ours")})
    broken = carried.upstream.commit({API: changed(BASE, 30)}, "Break it")
    for number in range(11):
        carried.upstream.commit({API: changed(BASE, 30, word=f"later {number}")}, "Later")
    (found,) = carried.explain()
    assert found.cause is not None
    assert found.cause.commit.commit == broken
