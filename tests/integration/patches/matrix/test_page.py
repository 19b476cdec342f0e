"""What the page of `patch status` shows, in a real browser: its head, the matrix, a patch down to its hunks, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.keys import Keys

from stackwright.patches.conflict import Problem
from stackwright.patches.matrix.cells import Matrix, State
from tests.matrices import every_state, large, of_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser import Browser

CONFLICT = "nova/2026.1/0001-quota.patch"
UPSTREAM = "nova/2025.2/0001-quota.patch"


def label(it: Browser, cell: str) -> str:
    return it.one(f'[data-cell="{cell}"].cell').get_attribute("aria-label") or ""


class TestHead:
    def test_it_says_in_words_what_needs_a_hand(self, show: Callable[..., Browser]) -> None:
        it = show()
        assert it.driver.title == "Patches of ourcloud"
        assert it.text("#made") == "as of 20 November 2026, 09:30 UTC"
        assert it.texts("#sentence > span") == [
            "4 of 7 patches need a hand: cinder 2026.1 (no source), nova 2025.2 (1 already upstream), "
            "nova 2026.1 (1 conflict, 1 applies with fuzz, 1 in no series).",
            "Against master, 1 of 2 patches needs a hand: nova 2026.1 (1 conflict).",
        ]

    def test_a_place_that_it_names_is_opened_by_a_click(self, show: Callable[..., Browser]) -> None:
        it = show()
        it.all("#sentence a")[1].click()
        assert it.fragment == "nova/2025.2"

    def test_all_is_well(self, show: Callable[..., Browser]) -> None:
        it = show(of_one("text"))
        assert it.text("#sentence") == "None of 1 patch needs a hand."
        assert it.text("#panel") == "Needs a hand 0 Nothing does."

    def test_there_is_nothing(self, show: Callable[..., Browser]) -> None:
        it = show(Matrix("ourcloud", "yesterday", (), {}))
        assert it.text("#made") == "as of yesterday"
        assert it.text("#sentence") == "No component has patches."
        it.press(Keys.ARROW_DOWN, "n", Keys.ESCAPE)


class TestMatrix:
    def test_each_state_is_shown_by_its_own_sign_and_counted(self, show: Callable[..., Browser]) -> None:
        it = show()
        assert it.texts("#states button") == [
            "1 no source", "2 conflict", "1 already upstream", "1 applies with fuzz", "1 in no series",
            "1 applies with offset", "2 applies", "1 disabled",
        ]  # fmt: skip
        signs = it.run("return [...document.querySelectorAll('#states use')].map((use) => use.getAttribute('href'))")
        assert len(set(signs)) == 8
        assert it.run("return arguments[0].every((sign) => document.querySelector(sign))", signs)

    def test_a_cell_shows_its_worst_state_and_says_all_of_them(self, show: Callable[..., Browser]) -> None:
        it = show()
        assert it.text('[data-cell="nova/2026.1"].cell') == "3/5"
        assert it.one('[data-cell="nova/2026.1"].cell use').get_attribute("href") == "#i-conflict"
        assert label(it, "nova/2026.1") == (
            "nova 2026.1: 5 patches; 1 conflict, 1 applies with fuzz, 1 in no series, 1 applies with offset, 1 disabled"
        )
        assert it.text('[data-cell="keystone/2026.1"].cell') == "1"
        assert label(it, "keystone/2026.1@master") == "keystone 2026.1 against master: 1 patch; 1 applies"
        assert label(it, "cinder/2026.1").endswith("no source: there is no ref stable/2026.1 in its repository")

    def test_a_source_that_was_followed_has_a_mark(self, show: Callable[..., Browser]) -> None:
        it = show()
        (marked,) = it.all("#matrix td:has(.note) .cell")
        assert marked.get_attribute("aria-label") == (
            "nova 2025.2: 1 patch; 1 already upstream; stable/2025.2 is unmaintained/2025.2 now"
        )

    def test_it_is_a_table_to_a_screen_reader(self, show: Callable[..., Browser]) -> None:
        it = show()
        assert it.texts("#matrix th[scope=row]") == ["cinder", "keystone", "nova"]
        assert it.texts("#matrix th[scope=colgroup]") == ["own source", "against master"]
        assert it.texts("#matrix th[scope=col]") == ["Component", "2025.2", "2026.1", "2026.1"]
        assert [each.aria_role for each in it.all("#matrix table, #matrix td:has(.cell)")] == ["grid"] + 6 * [
            "gridcell"
        ]
        assert all(each.accessible_name for each in it.all("button, input, a") if each.is_displayed())

    def test_a_component_without_a_ref_of_that_name_needs_no_hand(self, show: Callable[..., Browser]) -> None:
        matrix = every_state()
        keystone = matrix.cells[4]
        gone = type(keystone)("keystone", "2026.1", "master", "", missing="there is no ref master")
        it = show(Matrix("ourcloud", matrix.made, (matrix.cells[2], gone), matrix.diffs))
        assert it.texts("#sentence > span")[1] == "Against master, none of 0 patches needs a hand."
        assert "good" in (it.one('[data-cell="keystone/2026.1@master"].cell').get_attribute("class") or "").split()

    def test_head_and_first_column_stay_in_sight(self, show: Callable[..., Browser]) -> None:
        it = show(large())
        it.run("document.querySelector('.scroll').scrollTo(400, 400)")
        box = "return document.querySelector(arguments[0]).getBoundingClientRect()"
        pane, row, head = (
            it.run(box, each) for each in (".scroll", "tbody tr:nth-child(15) th", "thead th:nth-child(9)")
        )
        assert row["left"] == pane["left"]
        assert head["top"] == pane["top"]


class TestDrillDown:
    def test_from_a_cell_to_a_patch_to_the_hunk_that_is_in_the_way(self, show: Callable[..., Browser]) -> None:
        it = show()
        it.click('[data-cell="nova/2026.1"].cell')
        assert it.text("#panel h2") == "nova 2026.1"
        assert it.texts("#panel .name") == [
            "0001-quota.patch", "0002-moved.patch", "0003-fuzzy.patch", "0004-off.patch", "left-over.patch",
        ]  # fmt: skip
        assert it.texts("#panel a.patch")[0] == (
            "0001-quota.patch conflict Take the quota of the group Submitted, set quota "
            "nova/quota.py, hunk 1: its lines are not in the file; most alike is line 1"
        )
        assert "2 hunks moved, by up to 14 lines" in it.texts("#panel a.patch")[1]
        assert "2 lines of context left out" in it.texts("#panel a.patch")[2]
        it.all("#panel a.patch")[0].click()
        assert it.text("#panel h2") == "0001-quota.patch"
        assert it.text(".problem h4") == "nova/quota.py hunk 1 line 17 of the patch"
        assert it.texts(".besides td.differs.code") == [
            "quota = find_quota(context, project)", "quota = find_quota(context, project, user=None)",
        ]  # fmt: skip
        assert it.texts(".besides td.differs.number") == ["! 2", "! 2"]
        assert it.texts(".besides td.expected.code:not(.differs)") == it.texts(".besides td.found.code:not(.differs)")
        assert it.text(".besides mark") == ", user=None"

    def test_the_diff_has_its_signs_and_the_line_that_is_spoken_of(self, show: Callable[..., Browser]) -> None:
        it = show(fragment=CONFLICT)
        assert it.text(".file .add.line").startswith("+ quota = find_quota(context, project, group=")
        assert it.text(".file .del.line").startswith("- quota = find_quota(context, project)")
        assert it.text("summary:has(.path)") == "nova/quota.py in the way +1 \u22121"
        assert it.one(".line.mark").get_attribute("data-line") == "17"
        it.click(".problem h4 button")
        assert it.text(".line.aim").startswith("@@ -1,5 +1,5 @@")
        assert "Owner: Quota people" in it.text("pre.message")

    def test_what_upstream_has_and_how_it_differs(self, show: Callable[..., Browser]) -> None:
        it = show(fragment=UPSTREAM)
        assert it.texts("#panel section:has(.difference) dd") == [
            "Change-Id", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "Take the quota of the groups",
            "Grace Hopper <grace@example.org>", "2026-11-02",
        ]  # fmt: skip
        assert it.texts(".difference .add.line") == ["++ quota = find_quota(context, project, groups=[context.group])"]
        assert it.texts(".difference .del.line") == ["-+ quota = find_quota(context, project, group=context.group)"]
        assert it.text(".source .note") == "stable/2025.2 is unmaintained/2025.2 now"
        assert it.text(".source p:first-child") == "On nova of unmaintained/2025.2, commit 0123456789ab"

    def test_offsets_and_where_else_the_same_content_is(self, show: Callable[..., Browser]) -> None:
        it = show(fragment="nova/2026.1/0002-moved.patch")
        assert it.texts(".moved li") == [
            "nova/api.py hunk 1: 14 lines further down",
            "nova/api.py hunk 2: 3 lines further up",
        ]
        it = show(fragment=CONFLICT)
        assert it.texts(".same .badge") == ["nova 2025.2", "nova 2026.1 against master"]
        it.all(".same a")[0].click()
        assert it.fragment == UPSTREAM

    def test_a_series_without_a_source_says_why(self, show: Callable[..., Browser]) -> None:
        it = show()
        it.click('[data-cell="cinder/2026.1"].cell')
        assert it.text(".source .missing") == "no source: there is no ref stable/2026.1 in its repository"

    def test_lines_are_paired_where_one_side_is_cut_and_the_other_is_longer(self, show: Callable[..., Browser]) -> None:
        expected = ("         1 one", "  !      2 two", "         3 three", "    ... 4 more lines")
        found = ("  !      7 new", "         8 one", "  !      9 2", "  !     10 2.5", "        11 three")
        problem = Problem("a.py", "differs", 4, 1, "@@ -1,7 +1,7 @@", expected, found)
        it = show(of_one("text", state=State.CONFLICT, problems=(problem,)), "nova/2026.1/0001.patch")
        rows = "[...document.querySelectorAll('.besides tbody tr')]"
        assert it.run(f"return {rows}.map((row) => [...row.cells].map((cell) => cell.textContent))") == [
            ["", "", "!7", "new"], ["1", "one", "8", "one"], ["!2", "two", "!9", "2"], ["", "", "!10", "2.5"],
            ["3", "three", "11", "three"], ["", "... 4 more lines", "", ""],
        ]  # fmt: skip

    def test_a_diff_is_taken_apart_by_the_counts_of_its_hunks(self, show: Callable[..., Browser]) -> None:
        text = (
            "Why.\n\n--- a/one.sql\n+++ b/one.sql\n@@ -1,2 +1 @@\n--- a comment\n-x\n+y\n"
            "diff --git a/two b/two\nnew file mode 100644\n--- /dev/null\n+++ b/two\n@@ -0,0 +1 @@\n+z\r\n"
            "\\ No newline at end of file\n-- \n2.39.5\n"
        )
        it = show(of_one(text), "nova/2026.1/0001.patch")
        assert it.texts("summary:has(.path)") == ["one.sql +1 \u22122", "two +1 \u22120"]
        assert it.texts(".line.del") == ["--- a comment", "-x"]
        assert it.texts(".line.add") == ["+y", "+z\\r"]
        assert it.text("pre.message") == "Why."


class TestFragment:
    def test_a_link_opens_what_it_names_and_back_goes_back(self, show: Callable[..., Browser]) -> None:
        it = show(fragment="nova/2026.1")
        it.all("#panel a.patch")[0].click()
        assert it.fragment == CONFLICT
        it.press(Keys.ESCAPE, Keys.ESCAPE)
        assert it.fragment == ""
        for wanted in ("nova/2026.1", CONFLICT, "nova/2026.1"):
            it.driver.back()
            it.until(lambda wanted=wanted: it.fragment == wanted)  # type: ignore[misc]
            it.until(lambda wanted=wanted: it.text("#panel h2") in wanted.replace("/", " "))  # type: ignore[misc]
        it.driver.forward()
        it.until(lambda: it.text("#panel h2") == "0001-quota.patch")
        it.driver.refresh()
        it.until(lambda: it.text("#panel h2") == "0001-quota.patch")

    def test_names_with_any_sign_are_found_again(self, show: Callable[..., Browser]) -> None:
        name = "../shared/50% of @all?#1 \u00fc.patch"
        it = show(of_one("text", name=name))
        it.click(".cell")
        it.click("#panel a.patch")
        assert it.text("#panel h2") == name
        it.driver.refresh()
        it.until(lambda: it.text("#panel h2") == name)

    @pytest.mark.parametrize("fragment", ["nova/2031.1", "nova/2026.1/gone.patch", "%E0%A4%A", "a/b/c/d"])
    def test_what_is_not_there_is_said(self, show: Callable[..., Browser], fragment: str) -> None:
        it = show(fragment=fragment)
        assert it.text("#panel").startswith(f"Not on this page There is no {fragment} in this matrix.")
        it.press(Keys.ESCAPE)
        assert it.text("#panel h2").startswith("Needs a hand")
