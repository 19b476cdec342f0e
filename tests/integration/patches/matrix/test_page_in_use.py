"""The page of `patch status` in use, in a real browser: filter, keys, colours, bad texts, size, paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.keys import Keys

from stackwright.patches.conflict import Problem
from stackwright.patches.matrix.cells import Matrix, State
from tests.matrices import large, of_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser import Browser

CONFLICT = "nova/2026.1/0001-quota.patch"
UPSTREAM = "nova/2025.2/0001-quota.patch"


class TestFilter:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("keystone", ["0001-tokens.patch", "0001-tokens.patch"]),
            ("nova 2025.2", ["0001-quota.patch"]),
            ("MASTER quota", ["0001-quota.patch"]),
            ("fuzzy", ["0003-fuzzy.patch"]),
            ("left over", ["left-over.patch"]),
            ("quota@example.org 2026.1", ["0001-quota.patch", "0001-quota.patch"]),
            ("stable/2026.1", ["the whole series"]),
            ("no such word", []),
        ],
    )
    def test_by_text(self, show: Callable[..., Browser], text: str, names: list[str]) -> None:
        it = show()
        it.press("/", text)
        assert it.texts("#panel .name") == names
        assert len(it.all(".cell")) == len({*it.texts("#panel .where")})
        it.until(lambda: "q=" in it.fragment)
        it.driver.refresh()
        it.until(lambda: it.texts("#panel .name") == names)

    def test_by_state_and_by_need(self, show: Callable[..., Browser]) -> None:
        it = show()
        it.click("[data-state=fuzz]")
        it.click("[data-state=disabled]")
        assert it.texts("#panel .name") == ["0003-fuzzy.patch", "0004-off.patch"]
        assert it.text("#found") == "2 patches shown"
        assert it.one("[data-state=fuzz]").get_attribute("aria-pressed") == "true"
        it.click("#hand")
        assert it.texts("#panel .name") == ["0003-fuzzy.patch"]
        assert it.text(".cell") == "1/1"
        it.until(lambda: it.fragment == "?state=fuzz,disabled&hand")
        it.click("#clear")
        assert len(it.all(".cell")) == 6
        it.until(lambda: it.fragment == "")

    def test_an_open_cell_says_what_the_filter_hides(self, show: Callable[..., Browser]) -> None:
        it = show(fragment="nova/2026.1?q=fuzzy")
        assert it.texts("#panel .name") == ["0003-fuzzy.patch"]
        assert it.text("#panel > .nothing") == "4 patches hidden by the filter. Show all"
        it.click("#panel > .nothing button")
        assert len(it.all("#panel .name")) == 5


class TestKeys:
    def test_arrows_move_enter_opens_and_escape_goes_back(self, show: Callable[..., Browser]) -> None:
        it = show()

        def here() -> str | None:
            return it.focused.get_attribute("data-cell")

        it.press(Keys.ARROW_RIGHT)
        assert here() == "cinder/2026.1"
        it.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
        assert here() == "keystone/2026.1@master"
        it.press(Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_DOWN)
        assert here() == "nova/2026.1"
        it.press(Keys.HOME)
        assert here() == "nova/2025.2"
        it.press(Keys.ARROW_UP)  # there is nothing above
        assert here() == "nova/2025.2"
        it.press(Keys.END, Keys.ARROW_LEFT, Keys.ENTER)
        assert it.fragment == "nova/2026.1"
        assert it.focused.get_attribute("data-name") == "0001-quota.patch"
        it.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
        assert it.text("#panel h2") == "0003-fuzzy.patch"
        it.press(Keys.ESCAPE)
        assert it.focused.get_attribute("data-name") == "0003-fuzzy.patch"
        it.press(Keys.ESCAPE)
        assert (it.fragment, here()) == ("", "nova/2026.1")

    def test_the_focus_is_seen(self, show: Callable[..., Browser]) -> None:
        it = show()
        it.press(Keys.ARROW_RIGHT)
        assert it.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"

    def test_n_and_p_go_round_what_needs_a_hand(self, show: Callable[..., Browser]) -> None:
        it = show()
        bad = ["cinder/2026.1", UPSTREAM, CONFLICT, "nova/2026.1/0003-fuzzy.patch", "nova/2026.1/left-over.patch",
               "nova/2026.1@master/0001-quota.patch"]  # fmt: skip
        for wanted in [*bad, bad[0]]:
            it.press("n")
            assert it.fragment == wanted
        for wanted in [*reversed(bad), bad[-1]]:
            it.press("p")
            assert it.fragment == wanted

    def test_n_goes_on_from_the_cell_that_is_open(self, show: Callable[..., Browser]) -> None:
        it = show(fragment="nova/2026.1")
        it.press("n")
        assert it.fragment == CONFLICT
        it = show(fragment="keystone/2026.1")
        it.press("n")
        assert it.fragment == UPSTREAM

    def test_typing_in_the_filter_is_typing(self, show: Callable[..., Browser]) -> None:
        it = show()
        it.press("/", "n", "p", "?")
        assert it.one("#text").get_property("value") == "np?"
        assert not it.one("#keys").is_displayed()
        it.press(Keys.ESCAPE)
        assert it.one("#text").get_property("value") == ""
        it.press(Keys.ESCAPE, "?")
        assert it.one("#keys").is_displayed()
        it.press(Keys.ESCAPE)
        assert not it.one("#keys").is_displayed()

    def test_tab_comes_to_one_cell_only(self, show: Callable[..., Browser]) -> None:
        it = show(large())
        assert len(it.all('.cell[tabindex="0"]')) == 1


class TestColours:
    def test_they_follow_the_system_until_chosen_and_the_choice_is_kept(self, show: Callable[..., Browser]) -> None:
        it = show()
        ground = "return getComputedStyle(document.body).backgroundColor"
        light = it.run(ground)
        it.prefer("dark")
        dark = it.run(ground)
        assert light != dark
        it.click("#theme")
        assert it.text("#theme") == "Light"
        assert it.run(ground) == light
        it.click("#theme")
        it.prefer("light")
        it.driver.refresh()
        it.until(lambda: it.text("#theme") == "Dark")
        assert it.run(ground) == dark
        it.click("#theme")
        assert (it.text("#theme"), it.run(ground)) == ("System", light)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("fragment", ["", "nova/2026.1", CONFLICT, UPSTREAM, "?hand&state=conflict"])
    def test_text_can_be_read(self, show: Callable[..., Browser], scheme: str, fragment: str) -> None:
        it = show(fragment=fragment)
        it.prefer(scheme)
        assert it.run(CONTRAST) == []


# WCAG 2.2, 1.4.3: texts whose colour is less than 4.5 times as light, or as dark, as what is behind them.
CONTRAST = """
const sheet = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const seen = (...colours) => {
  sheet.clearRect(0, 0, 1, 1);
  for (const colour of colours) { sheet.fillStyle = colour; sheet.fillRect(0, 0, 1, 1); }
  return [...sheet.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const light = (rgb) => rgb.map((part) => part / 255)
  .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const grounds = (element) => element
  ? [...grounds(element.parentElement), getComputedStyle(element).backgroundColor] : [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const poor = [];
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
  if (element.closest(".unseen, .hole, script, noscript")) continue;
  const behind = seen(...grounds(element));
  const front = seen(...grounds(element), getComputedStyle(element).color);
  const [one, other] = [light(front), light(behind)].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (other + 0.05);
  if (ratio < 4.5) poor.push([walker.currentNode.data.trim(), element.className, ratio.toFixed(2)]);
}
return poor;
"""


class TestSafety:
    def test_text_that_would_be_markup_is_text(self, show: Callable[..., Browser]) -> None:
        evil = "</script><img src=x onerror=document.title='owned'><script>document.title='owned'</script><!--"
        problem = Problem("a.py", evil, 1, 1, evil, (f"  !      1 {evil}",), (f"  !      1 {evil}",))
        matrix = of_one(f"From: {evil}\n\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-{evil}\n+x\n", name=evil, subject=evil,
                        about=evil, message=evil, state=State.CONFLICT, problems=(problem,))  # fmt: skip
        it = show(Matrix(evil, evil, matrix.cells, matrix.diffs))
        it.press("n")
        assert it.text("#panel h2") == evil
        assert it.text(".line.del") == f"-{evil}"
        assert it.all("#panel img, #panel script") == []
        assert it.driver.title == f"Patches of {evil}"

    def test_the_browser_would_not_run_what_got_into_the_page(self, show: Callable[..., Browser]) -> None:
        it = show()
        it.run("document.body.insertAdjacentHTML('beforeend', `<img src='data:,' onerror='document.title=1'>`)")
        it.until(lambda: it.run("return document.querySelector('img').complete"))
        assert it.driver.title == "Patches of ourcloud"
        (refused,) = it.complaints()
        assert "Content Security Policy" in refused

    def test_signs_that_nobody_sees_are_spelled_out(self, show: Callable[..., Browser]) -> None:
        it = show(
            of_one("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-\udce9\x1b\n+\u202eevil\U0001f600\n"), "nova/2026.1/0001.patch"
        )
        assert it.texts(".line.del, .line.add") == ["-\\xe9\\x1b", "+\\u202eevil\U0001f600"]


class TestSize:
    def test_1000_patches_in_216_cells(self, show: Callable[..., Browser]) -> None:
        it = show(large(components=18, releases=12, patches=1000))
        assert len(it.all(".cell")) == 216
        assert it.text("#sentence strong") == "50 of 1000 patches need a hand"
        it.press("/", "change")
        assert it.text("#panel h2") == "Patches that match 1000"
        assert len(it.all("#panel a.patch")) < 200
        it.run("const all = document.querySelectorAll('#panel a.patch'); all[all.length - 1].scrollIntoView()")
        it.until(lambda: len(it.all("#panel a.patch")) > 100)
        it.press("x", Keys.BACKSPACE)
        took = it.run(
            "const start = performance.now();"
            "document.getElementById('text').value = 'component-07 conflict';"
            "document.getElementById('text').dispatchEvent(new Event('input'));"
            "document.body.getBoundingClientRect();"
            "return performance.now() - start"
        )
        assert took < 5000  # sanity only: it is some milliseconds
        assert set(it.texts("#matrix th[scope=row]")) <= {"component-07"}

    def test_a_long_diff_is_drawn_as_it_is_read(self, show: Callable[..., Browser]) -> None:
        lines = "".join(f"+line {number}\n" for number in range(20_000))
        it = show(of_one(f"--- /dev/null\n+++ b/a\n@@ -0,0 +1,20000 @@\n{lines}"), "nova/2026.1/0001.patch")
        assert it.all(".line") == []
        it.click(".file summary")
        it.until(lambda: 400 <= len(it.all(".line")) < 3000)

    @pytest.mark.parametrize("fragment", ["", "nova/2026.1", CONFLICT])
    def test_a_phone(self, show: Callable[..., Browser], fragment: str) -> None:
        it = show()
        it.resize(390, 800)
        it = show(fragment=fragment)
        assert it.run("return document.documentElement.scrollWidth") == 390
        if fragment:
            assert it.run("return document.getElementById('panel').getBoundingClientRect().width") == 390
            it.click("#close")
        assert it.all(".cell")[0].is_displayed()
        assert not it.all("#close")

    def test_on_paper_all_of_a_list_is_there(self, show: Callable[..., Browser]) -> None:
        it = show(large(), "?q=change")
        it.driver.execute_cdp_cmd("Page.printToPDF", {})  # the driver's own command gives up after ten seconds
        assert len(it.all("#panel a.patch")) == 1000
