"""What becomes of each patch of a series on the way to a later release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.forecast.fates import fates, of_fates, of_series
from stackwright.hazards.forecast.model import Fate, Hop, PatchFate, Subject, Weight
from stackwright.patches.matrix.cells import Cell, Evidence, PatchStatus, State, Trust
from stackwright.patches.series import read_series

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.patches.model import Series


def patch(subject: str, new: str, *, change_id: str = "", file: str = "nova/x.py") -> str:
    trailer = f"\nChange-Id: {change_id}\n" if change_id else ""
    return (
        f"From: A <a@example.org>\nSubject: {subject}\n{trailer}\n---\n"
        f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-old = 1\n+{new}\n"
    )


class Desk:
    """Two series of nova, for 2024.1 and 2025.1."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def series(self, release: str, patches: Mapping[str, str]) -> Series:
        """Write a series; a name that begins with ``../`` is a line alone, of another release's file."""
        folder = self.root / "patches/nova" / release
        folder.mkdir(parents=True)
        for name, text in patches.items():
            if text:
                (folder / name).write_text(text)
        (folder / "series").write_text("".join(f"{name}\n" for name in patches))
        return read_series(folder)

    def fates(
        self, earlier: Mapping[str, str], later: Mapping[str, str], on_later: Mapping[str, PatchStatus] | None = None
    ) -> tuple[PatchFate, ...]:
        cell = Cell("nova", "2024.1", "2025.1", "nova 31.0.0", patches=tuple((on_later or {}).values()))
        both = self.series("2024.1", earlier), self.series("2025.1", later)
        return fates(*both, cell if earlier else None, self.root)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def status(name: str, state: State, evidence: Evidence | None = None) -> PatchStatus:
    return PatchStatus(name, f"patches/nova/2024.1/{name}", 1, state, evidence=evidence)


ID, OTHER = "I" + "1" * 40, "I" + "2" * 40


def test_the_same_file_in_both_series_is_kept(desk: Desk) -> None:
    (one,) = desk.fates({"a.patch": patch("A", "x = 1")}, {"../2024.1/a.patch": ""})
    assert (one.subject, one.fate, one.why) == ("A", Fate.KEPT, "its change is the same")
    assert one.earlier == one.later == "patches/nova/2024.1/a.patch"


@pytest.mark.parametrize(
    "later",
    [
        patch("Another subject", "x = 2", change_id=ID),  # the same Change-Id
        patch("A", "x = 2"),  # the same subject
    ],
)
def test_another_form_of_a_patch_is_rebased(desk: Desk, later: str) -> None:
    (one,) = desk.fates({"a.patch": patch("A", "x = 1", change_id=ID)}, {"b.patch": later})
    assert (one.fate, one.later) == (Fate.REBASED, "patches/nova/2025.1/b.patch")
    assert one.why.startswith("its change differs by ")


def test_the_same_change_by_another_name_is_kept(desk: Desk) -> None:
    (one,) = desk.fates({"a.patch": patch("A", "x = 1")}, {"b.patch": patch("B", "x = 1")})
    assert one.fate is Fate.KEPT


def test_a_change_id_counts_more_than_a_subject(desk: Desk) -> None:
    later = {"x.patch": patch("A", "x = 1", change_id=OTHER), "y.patch": patch("B", "x = 1", change_id=ID)}
    one, new = desk.fates({"a.patch": patch("A", "x = 1", change_id=ID)}, later)
    assert (one.fate, one.later) == (Fate.KEPT, "patches/nova/2025.1/y.patch")
    assert (new.fate, new.earlier, new.later) == (Fate.NEW, "", "patches/nova/2025.1/x.patch")


def test_what_upstream_has_is_told_with_the_commit(desk: Desk) -> None:
    by = Evidence(Trust.CHANGE_ID, "abcdef0123456789", date="2025-02-01")
    rows = {"a.patch": status("a.patch", State.UPSTREAM, by)}
    (one,) = desk.fates({"a.patch": patch("A", "x = 1")}, {}, rows)
    assert (one.fate, one.later) == (Fate.UPSTREAM, "")
    assert one.why == "nova 31.0.0 has it (commit abcdef012345 of 2025-02-01, by its Change-Id)"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.OFFSET, "it would apply there as it is"),
        (State.CONFLICT, "it does not apply there as it is (conflict)"),
    ],
)
def test_what_nothing_carries_on_is_dropped_and_a_step(desk: Desk, state: State, why: str) -> None:
    (one,) = some = desk.fates({"a.patch": patch("A", "x = 1")}, {}, {"a.patch": status("a.patch", state)})
    assert (one.fate, one.why) == (Fate.DROPPED, why)
    (found,) = of_fates(some, "nova", Hop("2024.1", "2025.1"))
    assert (found.subject, found.weight, found.name) == (Subject.PATCH, Weight.STEP, "A")
    assert "`stackwright patch rebase nova 2024.1 2025.1`" in found.step
    assert found.where == "patches/nova/2024.1/a.patch"


def test_what_is_carried_on_or_upstream_needs_no_step(desk: Desk) -> None:
    earlier = {"a.patch": patch("A", "x = 1"), "b.patch": patch("B", "y = 1")}
    rows = {name: status(name, State.UPSTREAM) for name in earlier}
    some = desk.fates(earlier, {"../2024.1/a.patch": ""}, rows)
    assert [one.fate for one in some] == [Fate.KEPT, Fate.UPSTREAM]
    assert list(of_fates(some, "nova", Hop("2024.1", "2025.1"))) == []


def test_a_later_series_that_does_not_fit_its_tree_stops_it() -> None:
    rows = (
        status("good.patch", State.FUZZ),
        status("taken.patch", State.UPSTREAM),
        status("off.patch", State.DISABLED),
        status("stray.patch", State.UNLISTED),
    )
    fuzzy, taken = of_series(Cell("nova", "2025.1", "", "nova 31.0.0", patches=rows))
    assert {fuzzy.weight, taken.weight} == {Weight.STOP}
    assert fuzzy.step == "stackwright patch rebase nova 2025.1"
    assert taken.step == "stackwright patch drop nova 2025.1 taken.patch"


def test_a_source_without_a_tree_stops_it() -> None:
    (found,) = of_series(Cell("nova", "2025.1", "", "", missing="no such tag: 31.0.0\nmore"))
    assert (found.subject, found.weight) == (Subject.SOURCE, Weight.STOP)
    assert found.what == "the source of 2025.1 gives no tree: no such tag: 31.0.0"
