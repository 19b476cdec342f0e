from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.build.debian.deb822 import Alternative, paragraphs, relations, written
from stackwright.errors import InputError

FILE = Path("/d/control")
TEXT = """\
# words
Source: pear
Build-Depends: debhelper-compat (= 13),
 python3-all

Package: pear
Description: a fruit
 It is green.
 .
   - with its blanks
"""


def test_paragraphs_are_read_with_the_lines_they_begin_in() -> None:
    first, second = paragraphs(TEXT, FILE)
    assert (first.line, second.line) == (2, 6)
    assert first["source"] == first["Source"] == "pear"
    assert "SOURCE" in first
    assert list(first) == ["Source", "Build-Depends"]
    assert second["Description"] == "a fruit\nIt is green.\n.\n  - with its blanks"


def test_what_is_written_is_read_the_same() -> None:
    entries = [dict(one) for one in paragraphs(TEXT, FILE)]
    assert [dict(one) for one in paragraphs(written(entries), FILE)] == entries
    assert written([{"A": "", "B": "1\n\n2"}]) == "A:\nB: 1\n .\n 2\n"


@pytest.mark.parametrize(("text", "line"), [("A: 1\nnothing\n", 2), ("A: 1\n\n lone\n", 3), ("A: 1\na: 2\n", 2)])
def test_a_line_that_is_none_is_told_with_its_place(text: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        list(paragraphs(text, FILE))
    assert (caught.value.where.file, caught.value.where.line) == (FILE, line)


def test_relations_are_read() -> None:
    read = relations("a (>= 2:1.0~), b:any | c [!amd64 !arm64] <!nocheck> <cross nodoc>,\n d (<< 3) [linux-any],")
    assert read == (
        (Alternative("a", ">=", "2:1.0~"),),
        (Alternative("b"), Alternative("c", "", "", ("!amd64", "!arm64"), (("!nocheck",), ("cross", "nodoc")))),
        (Alternative("d", "<<", "3", ("linux-any",)),),
    )


def test_what_is_no_relation_is_refused() -> None:
    with pytest.raises(ValueError, match="'a b' is not a relation"):
        relations("a b")


@pytest.mark.parametrize(
    ("sign", "taken"),
    [("<<", {"1"}), ("<=", {"1", "2"}), ("=", {"2"}), (">=", {"2", "3"}), (">>", {"3"}), ("", {"1", "2", "3"})],
)
def test_a_version_is_taken_as_the_sign_says(sign: str, taken: set[str]) -> None:
    assert {version for version in ("1", "2", "3") if Alternative("a", sign, "2").takes(version)} == taken


def test_architectures_and_profiles_say_where_a_relation_counts() -> None:
    assert not Alternative("a", architectures=("!amd64",)).counts("amd64")
    assert Alternative("a", architectures=("!amd64",)).counts("arm64")
    assert Alternative("a", architectures=("linux-any",)).counts("amd64")
    assert not Alternative("a", architectures=("i386",)).counts("amd64")
    assert Alternative("a", profiles=(("!nocheck",),)).counts("amd64")
    assert not Alternative("a", profiles=(("!nocheck",),)).counts("amd64", ["nocheck"])
    assert Alternative("a", profiles=(("!nocheck",), ("nodoc",))).counts("amd64", ["nocheck", "nodoc"])
