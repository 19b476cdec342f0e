from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackwright.patches.editing.series_file import SeriesFile

TEXT = b"# ours\n\na.patch -p1 # why\n  b.patch\n# disabled: off.patch -p0  # later\n../2026.1/c.patch\t# \xff\n"


def edited(text: bytes) -> SeriesFile:
    return SeriesFile(text)


def test_what_is_named() -> None:
    assert edited(TEXT).names == ("a.patch", "b.patch", "../2026.1/c.patch")


def test_only_the_line_changes() -> None:
    file = edited(TEXT)
    assert file.inserted("n.patch", before="b.patch", strip=0).data == TEXT.replace(b"  b", b"n.patch -p0\n  b")
    assert file.inserted("n.patch", after="b.patch").data == TEXT.replace(b"b.patch\n", b"b.patch\nn.patch\n")
    assert file.inserted("n.patch").data == TEXT + b"n.patch\n"
    assert file.removed("a.patch").data == TEXT.replace(b"a.patch -p1 # why\n", b"")
    assert file.removed("off.patch").data == TEXT.replace(b"# disabled: off.patch -p0  # later\n", b"")
    assert file.renamed("../2026.1/c.patch", "c.patch").data == TEXT.replace(b"../2026.1/c", b"c")
    assert file.renamed("off.patch", "on.patch").data == TEXT.replace(b"off", b"on")


def test_a_line_moves_with_its_options_and_its_comment() -> None:
    moved = edited(TEXT).moved("a.patch", after="../2026.1/c.patch")
    assert moved.data == TEXT.replace(b"a.patch -p1 # why\n", b"") + b"a.patch -p1 # why\n"
    assert moved.moved("a.patch", before="b.patch").data == TEXT


@pytest.mark.parametrize(
    ("before", "why", "after"),
    [
        (b"a.patch\n", "", b"# disabled: a.patch\n"),
        (b"a.patch\n", "breaks\n  it", b"# disabled: a.patch  # why: breaks it\n"),
        (b"a.patch -p0 # x\r\n", "no", b"# disabled: a.patch -p0 # x # why: no\r\n"),
        (b" a.patch", "no", b"# disabled:  a.patch  # why: no"),
    ],
)
def test_a_line_is_disabled_and_enabled_again(before: bytes, why: str, after: bytes) -> None:
    disabled = edited(before).disabled("a.patch", why)
    assert (disabled.data, disabled.names) == (after, ())
    assert disabled.enabled("a.patch").data == before


def test_what_a_person_wrote_as_disabled_is_enabled() -> None:
    assert edited(b"#disabled:  a.patch # mine\n").enabled("a.patch").data == b" a.patch # mine\n"


def test_line_ends_of_windows_and_a_last_line_without_an_end() -> None:
    assert edited(b"a.patch\r\nb.patch").inserted("c.patch").data == b"a.patch\r\nb.patch\r\nc.patch\r\n"
    assert edited(b"a.patch\nb.patch").moved("b.patch", before="a.patch").data == b"b.patch\na.patch\n"
    assert edited(b"a.patch\nb.patch").removed("a.patch").data == b"b.patch"
    assert edited(b"").inserted("a.patch").data == b"a.patch\n"


def test_as_few_lines_as_can_be_move() -> None:
    file = edited(b"# 1\na\n# 2\nb\n# 3\nc\n# 4\nd\n")
    assert file.arranged(["a", "c", "d", "b"]).data == b"# 1\na\n# 2\n# 3\nc\n# 4\nd\nb\n"
    assert file.arranged(["n", "a", "m", "d"]).data == b"# 1\nn\na\nm\n# 2\n# 3\n# 4\nd\n"
    assert file.arranged([]).data == b"# 1\n# 2\n# 3\n# 4\n"


NAMES = [f"{letter}.patch" for letter in "abcdefg"]
lines = st.permutations(NAMES[:5]).map(lambda names: [f"{name}\n" for name in names])
others = st.lists(st.sampled_from(["# c\n", "\n", "#disabled: off.patch\n", "  \t\n", "# a.patch\n"]), max_size=5)


@given(lines, others, st.data())
def test_any_order_is_reached_and_nothing_else_is_lost(own: list[str], rest: list[str], data: st.DataObject) -> None:
    text = data.draw(st.permutations([*own, *rest]))
    wanted = data.draw(st.lists(st.sampled_from(NAMES), unique=True))
    file = edited("".join(text).encode()).arranged(wanted)
    assert list(file.names) == wanted
    assert [line for line in file.lines if line in rest] == [line for line in text if line in rest]
    same = edited("".join(text).encode())
    assert same.arranged(same.names).data == same.data
