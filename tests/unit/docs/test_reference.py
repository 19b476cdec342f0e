"""The reference is what the code says."""

from __future__ import annotations

import re
from pathlib import Path
from runpy import run_path

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.cli.main import COMMANDS
from stackwright.cli.reference import pages, write
from stackwright.cli.services import files
from stackwright.site.paths import SitePaths
from stackwright.site.render import Renderer, Values
from stackwright.site.state import SiteState
from stackwright.site.values.values import default_values
from tests.documented import PROJECT

REFERENCE = PROJECT / "docs/reference"


@pytest.mark.parametrize("name", pages())
def test_a_committed_page_is_the_generated_one(name: str) -> None:
    assert (REFERENCE / name).read_text() == pages()[name], "python -m stackwright.cli.reference docs/reference"


def test_no_page_is_left_of_what_is_no_longer_made() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(pages())


@pytest.mark.parametrize("name", files())
def test_the_page_of_services_is_what_the_catalogue_says(name: str) -> None:
    assert (PROJECT / "docs" / name).read_text() == files()[name], "python -m stackwright.cli.services docs"


def test_every_service_says_what_of_it_was_proved() -> None:
    assert [name for name, service in own_catalogue().services.items() if not service.proved.here] == []


def test_every_command_has_its_part() -> None:
    for name in COMMANDS:
        assert f"\n## {name}\n" in pages()["commands.md"]


def test_the_pages_are_written_where_one_says(tmp_path: Path) -> None:
    write(tmp_path / "reference")
    assert {path.name: path.read_text() for path in (tmp_path / "reference").iterdir()} == pages()


def test_the_names_a_template_may_use_are_documented() -> None:
    selection = own_catalogue().select(["keystone"])
    values = Values(
        selection=selection,
        said=default_values(own_catalogue(), selection),
        state=SiteState("0a1b2c", {}, 4, {}),
        paths=SitePaths(Path("/site")),
        region="RegionOne",
        host="host",
        environments={"keystone": Path("/environment")},
        cache=Path("/cache"),
        processors=2,
    )
    page = (PROJECT / "docs/catalogue.md").read_text()
    table = page.partition("## The names a template may use")[2].partition("\n## ")[0]
    documented = {
        word for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for word in re.findall(r"`(\w+)", row)
    }
    assert documented == set(Renderer(values, "keystone")._context)


def test_the_picture_is_that_of_the_text() -> None:
    picture = run_path(str(PROJECT / "docs/picture.py"))
    text = (PROJECT / "docs/demo.txt").read_text()
    assert (PROJECT / "docs/demo.svg").read_text() == picture["drawn"](text), "python docs/picture.py"


def test_a_recording_leaves_what_the_screen_shows_in_the_end() -> None:
    cleaned = run_path(str(PROJECT / "docs/picture.py"))["cleaned"]
    steps = "".join(f"\x1b[32m✓   0.{number} s  step/{number}\x1b[0m\r\n" for number in range(20))
    under_way = "\x1b[36m⠹\x1b[0m 1.0 s step\r\n2 steps done, 1 under way, 3 s\r\n"
    recording = f"before\r\n==> its cloud\r\n{under_way}{steps}local is up\r\n==> where the time went: ...\r\nafter"
    lines = cleaned(recording).splitlines()
    assert lines[:2] == ["$ ./run demo", "==> its cloud"]
    assert lines[2:6] == [f"✓   0.{number} s  step/{number}" for number in range(4)]
    assert lines[6] == "..."
    assert lines[-2:] == ["✓   0.19 s  step/19", "local is up"]
