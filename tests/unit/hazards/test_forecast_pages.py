"""The pages of a forecast: everything is on them, nothing gets out of its place, and other people's files stay."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackwright.distribution.texts import is_name
from stackwright.errors import InputError
from stackwright.hazards.forecast.model import (
    ComponentPage,
    Fate,
    Finding,
    Forecast,
    Hop,
    MigrationPath,
    Move,
    PatchFate,
    Subject,
    Verdict,
    Weight,
)
from stackwright.hazards.forecast.pages import write
from stackwright.hazards.forecast.pages.render import render
from stackwright.hazards.forecast.pages.view import INDEX, file_of, parts

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "link", "br"}
FIRST, SECOND = Hop("2024.1", "2024.2"), Hop("2024.2", "2025.1")
EVIL = '<script>alert(1)</script> & "x"'
STOP = Finding(
    Subject.DATABASE, "2903cd72dc14", Weight.STOP, "alembic skips a constraint", "give ours another id", "a/b.py:20"
)
STEP = Finding(
    Subject.PATCH, EVIL, Weight.STEP, f"nothing carries {EVIL}", "run `stackwright patch rebase nova`", "x:1"
)
NOTE = Finding(Subject.OPTION, "DEFAULT/debug", Weight.NOTE, "its default is True in 2025.1; it was False")
FATES = (
    PatchFate(EVIL, Fate.DROPPED, "patches/nova/2024.1/<a>.patch", "", "it would apply there as it is"),
    PatchFate("Kept", Fate.KEPT, "patches/nova/2024.1/k.patch", "patches/nova/2024.2/k.patch", "the same"),
)
WAY = MigrationPath(
    "main",
    ("13863f4e1612",),
    ("d60bddf7a903",),
    (
        Move("2903cd72dc14", ("adds the column boot to the table instances",), "nova/db/2903cd72dc14_a.py", ours=True),
        Move("d60bddf7a903", (), "nova/db/d60bddf7a903_b.py"),
    ),
)
RULELESS = (Subject.SOURCE, Subject.PATCH)
NOVA = ComponentPage("nova", FIRST, "nova 29 + 2 patches", "nova 30", (STOP, STEP), FATES, (WAY,))
PAGES = (
    NOVA,
    ComponentPage("horizon", FIRST, "horizon 24", "horizon 25", looked=RULELESS),
    ComponentPage("nova", SECOND, "nova 30", "nova 31", (NOTE,)),
    ComponentPage("index", SECOND, "", "index 1"),
)
ONE = Forecast(
    "ourcloud", "2024.1", "2025.1", False, "local", (FIRST, SECOND), PAGES,
    (Finding(Subject.SOURCE, "2024.2", Weight.STEP, "the way is long", "take provisions"),), ("a note of its own",),
    "2026-11-25T02:15:00Z",
)  # fmt: skip


class Read(HTMLParser):
    """A page that has been read: each element that is opened is closed again, in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.links.append(str(found["href"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def read(one: Forecast) -> dict[str, Read]:
    return {name: Read(text) for name, text in render(one).items()}


def only(*findings: Finding) -> Forecast:
    return replace(ONE, hops=(FIRST,), pages=(replace(NOVA, findings=findings),), findings=(), notes=())


def test_there_is_a_summary_and_a_page_a_component_with_all_its_hops() -> None:
    pages = read(ONE)
    assert set(pages) == {"index.html", "nova.html", "horizon.html", "index=.html"}
    assert "2024.1 to 2024.2" in pages["nova.html"].text
    assert "2024.2 to 2025.1" in pages["nova.html"].text


def test_everything_of_a_finding_is_on_its_page_and_what_is_to_be_done_in_the_summary() -> None:
    pages = read(ONE)
    for one in (STOP, STEP, NOTE):
        for text in (one.name, one.what[1:], one.step[1:].replace("`", ""), one.where):
            assert text in pages["nova.html"].text, text
    for one in (STOP, STEP, ONE.findings[0]):
        assert one.step[1:].replace("`", "") in pages[INDEX].text
        assert one.name in pages[INDEX].text
    assert NOTE.what not in pages[INDEX].text
    assert ONE.notes[0][1:] in pages[INDEX].text


def test_fates_and_the_way_of_databases_are_on_the_page() -> None:
    text = read(ONE)["nova.html"].text
    for fate in FATES:
        assert f"{fate.fate} {fate.subject}" in text
        assert fate.why in text
        assert fate.earlier in text
    assert "From 13863f4e1612 to d60bddf7a903" in text
    assert "2 revisions, 1 of them ours" in text
    ours, theirs = text.index("2903cd72dc14 ours nova/db/2903cd72dc14_a.py"), text.index("nova/db/d60bddf7a903_b.py")
    assert ours < theirs
    assert "adds the column boot" in text
    assert "nothing that its file tells" in text


def test_a_branch_that_stays_where_it_is_says_so() -> None:
    still = MigrationPath("api", ("cdeec0c85668",), ("cdeec0c85668",), ())
    text = read(replace(ONE, pages=(replace(NOVA, migrations=(still,)),)))["nova.html"].text
    assert "The branch api has nothing to go through: it stays at cdeec0c85668" in text


def test_pages_are_well_formed_and_no_two_elements_share_an_id() -> None:
    for name, page in read(ONE).items():
        assert len(page.ids) == len(set(page.ids)), name


def test_every_link_leads_to_a_page_and_a_place_that_are_there() -> None:
    pages = read(ONE)
    for name, page in pages.items():
        assert page.links
        for link in page.links:
            file, _, place = link.partition("#")
            target = pages[unquote(file) or name]
            assert not place or place in target.ids, (name, link)
        for tag, attributes in page.tags:
            if tag == "use":
                assert str(attributes["href"]).removeprefix("#") in page.ids
            assert set(str(attributes.get("aria-labelledby", "")).split()) <= {*page.ids, ""}


@pytest.mark.parametrize("text", [EVIL, "</style><img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "caf\u00e9 \U0001f600"])
def test_no_text_gets_out_of_its_place(text: str) -> None:
    finding = Finding(Subject.HAZARD, text, Weight.STOP, text, text, text)
    page = replace(
        NOVA, before=text, after=text, findings=(finding,), fates=(PatchFate(text, Fate.KEPT, text, text, text),),
        migrations=(MigrationPath(text, (text,), (text,), (Move(text, (text,), text),)),),
    )  # fmt: skip
    evil = replace(ONE, distribution=text, site=text, pages=(page,), findings=(finding,), notes=(text,))
    plain = replace(ONE, pages=(replace(page, before="x", after="x"),), findings=(finding,))
    for name, made in render(evil).items():
        assert made.isascii()
        assert "<script" not in made
        found = Read(made)
        assert found.text.count(text) > 3
        assert {tag for tag, _ in found.tags} <= {tag for tag, _ in Read(render(plain)[name]).tags} | {"b"}


def test_what_a_screen_would_not_show_is_spelled() -> None:
    text = "a\u202eb\x1b[31m\udcff"
    found = read(only(replace(STOP, name=text, what=text)))
    for page in found.values():
        assert page.text.count(r"a\u202eb\x1b[31m\udcff") == 2
        assert "\x1b" not in page.text


def test_commands_are_told_from_what_stands_around_them() -> None:
    what = "do `this and that` and ``GET /servers``; it said 'half of ``a litera...' and not 'one`s'"
    made = render(only(replace(STOP, what=what)))["nova.html"]
    assert re.findall(r"<code>(.*?)</code>", made.partition("<p>Do ")[2].partition("</p>")[0]) == [
        "this and that", "GET /servers",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("its default is another", "Its default is another."),
        ("stackwright patch drop nova x.patch", "stackwright patch drop nova x.patch."),
        ("d60bddf7a903 comes before", "d60bddf7a903 comes before."),
        ("compute goes to 6.4", "compute goes to 6.4."),
    ],
)
def test_a_sentence_begins_with_a_capital_letter_unless_that_would_change_a_name(what: str, shown: str) -> None:
    assert shown in read(only(replace(STOP, name="compute", what=what)))["nova.html"].text


def test_pages_load_nothing_run_nothing_and_name_their_styles() -> None:
    for text in render(ONE).values():
        policy = text.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
        assert "script-src" not in policy
        attributes = {name for _, found in Read(text).tags for name in found}
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "style")}


@pytest.mark.parametrize(
    ("findings", "verdict", "sentence"),
    [
        ((NOTE,), Verdict.GO, "Go Nothing that was found stops it, and nothing has to be done."),
        ((STEP,), Verdict.STEPS, "Go with these steps Nothing that was found stops it, and 1 step has to be"),
        ((STOP,), Verdict.NO_GO, "No-go 1 finding stops it."),
        ((STOP, STEP), Verdict.NO_GO, "No-go 1 finding stops it; besides, 1 step has to be gone through."),
    ],
)
def test_the_verdict_stands_first_with_its_reason(
    findings: tuple[Finding, ...], verdict: Verdict, sentence: str
) -> None:
    one = only(*findings)
    assert one.verdict is verdict
    for page in read(one).values():
        assert sentence in page.text
        assert page.text.startswith(verdict.capitalize())  # the title


def test_what_asks_for_the_same_is_to_be_done_once_and_all_is_counted_through() -> None:
    again = replace(STEP, name="another", where="y:2")
    one = replace(ONE, pages=(replace(NOVA, findings=(STEP, again, STOP)), *PAGES[1:]))
    found = parts(one)
    assert [(part.weight, part.hop, part.first) for part in found] == [
        (Weight.STOP, None, 1), (Weight.STEP, None, 2), (Weight.STEP, FIRST, 3),
    ]  # fmt: skip
    (same,) = found[2].todo
    assert [told.finding.name for told in same.reasons] == [EVIL, "another"]
    assert '<ol class="todo" start="3">' in render(one)[INDEX]


def test_steps_of_a_later_hop_come_later_whatever_the_order_of_pages() -> None:
    pages = (replace(PAGES[2], findings=(STEP,)), replace(NOVA, findings=(STEP,)))
    assert [part.hop for part in parts(replace(ONE, pages=pages, findings=()))] == [FIRST, SECOND]


def test_the_worst_component_is_the_first() -> None:
    text = read(ONE)[INDEX].text
    rows = text.partition("Components Component")[2]
    assert rows.index("nova") < rows.index("horizon") < rows.index("index")


def test_what_was_not_looked_at_is_told() -> None:
    pages = read(ONE)
    assert "hazards, databases, options, policies, microversions, RPC versions, versioned objects of horizon" in (
        pages[INDEX].text
    )
    assert "Not all could be looked at." in pages[INDEX].text
    assert "Not looked at: hazards," in pages["horizon.html"].text
    assert "Not looked at" not in pages["nova.html"].text
    assert "There is nothing to compare it with." in pages["index=.html"].text


def test_many_notes_are_folded_away_and_few_are_not() -> None:
    notes = [replace(NOTE, name=f"DEFAULT/{number}") for number in range(5)]
    assert "<details>" not in render(only(*notes[:4]))["nova.html"]
    made = render(only(*notes))["nova.html"]
    assert all(one.name in made.partition("<details>")[2].partition("</details>")[0] for one in notes)


def test_a_way_without_a_hop_has_a_summary() -> None:
    text = read(replace(ONE, hops=(), pages=(), findings=(STOP,), made=""))
    assert set(text) == {INDEX}
    assert "There is no hop that could be looked at." in text[INDEX].text


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*", fullmatch=True) | st.just("index")


@given(NAMES, NAMES)
def test_a_components_file_is_in_the_folder_and_its_own(name: str, other: str) -> None:
    assert is_name(name)
    file = file_of(name)
    assert "/" not in file
    assert not file.startswith(".")
    assert file != INDEX
    assert (file == file_of(other)) == (name == other)


def test_pages_are_written_to_a_folder_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert write(ONE, folder) == folder / INDEX
    assert {file.name: file.read_text() for file in folder.iterdir()} == render(ONE)


def test_pages_of_earlier_forecasts_go_and_other_files_stay(tmp_path: Path) -> None:
    write(ONE, tmp_path)
    others = {"notes.html": f"<p>{EVIL}</p>", "nova.json": "{}", "series": "stackwright upgrade forecast\n"}
    for name, text in others.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "elsewhere.html").symlink_to(tmp_path / "nova.html")
    (tmp_path / "folder.html").mkdir()
    write(only(STOP), tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        INDEX, "nova.html", "elsewhere.html", "folder.html", *others,
    }  # fmt: skip
    assert {name: (tmp_path / name).read_text() for name in others} == others
    assert "No-go" in (tmp_path / INDEX).read_text()


@pytest.mark.parametrize("name", [INDEX, "nova.html"])
def test_somebody_elses_file_under_the_name_of_a_page_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("<h1>Our team</h1>")
    with pytest.raises(InputError) as caught:
        write(ONE, tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / name}: this is where a page goes, and no forecast wrote it")
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "<h1>Our team</h1>"


def test_a_link_under_the_name_of_a_page_is_not_followed(tmp_path: Path) -> None:
    write(ONE, tmp_path / "first")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "nova.html").symlink_to(tmp_path / "first" / "nova.html")
    with pytest.raises(InputError, match="no forecast wrote it"):
        write(ONE, tmp_path / "second")


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_path_that_is_a_file_is_refused(tmp_path: Path, below: str) -> None:
    file = tmp_path / "page.html"
    file.write_text("mine")
    with pytest.raises(InputError) as caught:
        write(ONE, file / below)
    assert str(caught.value).startswith(f"{file / below}: it cannot be a folder for pages\n  why: ")
    assert "  fix: " in str(caught.value)
    assert file.read_text() == "mine"
