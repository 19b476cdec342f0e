"""What is different: files, and the options of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.events import conceal
from stackwright.site.config.definitions import TypeForm
from stackwright.site.config.diff import file_diff, release_diff
from stackwright.site.config.known import Known
from stackwright.site.files import RenderedFile
from tests.configured import BOOLEAN, INTEGER, LIST, STRING, definitions, file, option

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.site.config.definitions import Definition

conceal(["S3cretS3cret", "0therS3cret"])


def changes(here: Definition | None, there: Definition | None, value: str = "1") -> list[tuple[str, str, str]]:
    known = [Known(definitions(*([one] if one else []))) for one in (here, there)]
    name = (here or there or option("a", "x")).name
    return [(one.what, one.here, one.there) for one in release_diff("nova", [file({"a": {name: value}})], *known)]


def test_what_is_the_same_is_not_told() -> None:
    assert changes(option("a", "x", help="one"), option("a", "x", help="other")) == []
    assert changes(None, None) == []


@pytest.mark.parametrize(
    ("here", "there", "told"),
    [
        (option("a", "x"), None, ("removed", "[a] x", "")),
        (None, option("a", "x"), ("new", "", "[a] x")),
        (option("a", "x"), option("b", "y", former=[("a", "x")]), ("renamed", "[a] x", "[b] y")),
        (option("a", "x", INTEGER, default=1), option("a", "x", INTEGER, default=2), ("default", "1", "2")),
        (
            option("a", "x"),
            option("a", "x", removal=True, since="2027.1"),
            ("deprecated", "", "for removal since 2027.1"),
        ),
        (option("a", "x"), option("a", "x", INTEGER), ("narrowed", "string value", "integer value")),
        (
            option("a", "x", TypeForm(kind="Integer", shown="integer value")),
            option("a", "x", TypeForm(kind="Integer", shown="integer value", max=4)),
            ("narrowed", "integer value", "integer value, up to 4"),
        ),
        (
            option("a", "x", TypeForm(kind="String", shown="text", choices=(("1", ""), ("2", "")))),
            option("a", "x", TypeForm(kind="String", shown="text", choices=(("1", ""),))),
            ("narrowed", "text: 1 | 2", "text: 1"),
        ),
    ],
)
def test_what_another_release_makes_of_an_option_is_told(
    here: Definition | None, there: Definition | None, told: tuple[str, str, str]
) -> None:
    assert changes(here, there) == [told]


def test_a_type_that_takes_more_is_not_told() -> None:
    assert changes(option("a", "x", INTEGER), option("a", "x", STRING)) == []
    assert changes(option("a", "x", TypeForm(kind="Integer", max=4)), option("a", "x", INTEGER)) == []
    assert changes(option("a", "x", LIST), option("a", "x", LIST)) == []


def test_a_value_that_is_refused_there_is_told_as_such() -> None:
    assert changes(option("a", "x"), option("a", "x", BOOLEAN), "maybe") == [
        ("refused", "string value", "boolean value")
    ]


def test_the_default_of_a_secret_is_not_told() -> None:
    assert changes(option("a", "x", secret=True, default="one"), option("a", "x", secret=True, default="two")) == []


def test_a_file_is_compared_with_the_one_that_is_there_without_its_secrets(tmp_path: Path) -> None:
    place = tmp_path / "nova.conf"
    place.write_text("[DEFAULT]\nworkers = 1\nurl = a://b:S3cretS3cret@c\npassword = mine\n")
    new = "[DEFAULT]\nworkers = 2\nurl = a://b:0therS3cret@c\npassword = yours\n"
    told = file_diff(RenderedFile(place, new, "root", 0o600), "nova/nova.conf")
    assert told.splitlines()[2:] == [
        "@@ -1,4 +1,4 @@", " [DEFAULT]",
        "-workers = 1", "-url = a://b:***@c", "-password = ***",
        "+workers = 2", "+url = a://b:***@c", "+password = ***",
    ]  # fmt: skip


def test_a_file_as_it_is_to_be_has_no_difference_and_one_that_is_not_there_is_new(tmp_path: Path) -> None:
    place = tmp_path / "nova.conf"
    assert "+[DEFAULT]" in file_diff(RenderedFile(place, "[DEFAULT]\n", "root", 0o600), "nova.conf")
    place.write_text("[DEFAULT]\n")
    assert file_diff(RenderedFile(place, "[DEFAULT]\n", "root", 0o600), "nova.conf") == ""
