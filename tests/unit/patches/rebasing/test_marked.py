"""Files with conflict markers, taken apart and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from stackwright.patches import parse
from stackwright.patches.rebasing import marked
from stackwright.patches.rebasing.marked import Clash, Token

LINE = some.sampled_from([b"a\n", b"b\n", b"\n", b"c\r\n", b"\xff\n", b"=======\n", b"<<<<<<< x\n", b">>>>>>>> y\n"])
LINES = some.lists(LINE, max_size=6).map(tuple)
CLASH = some.builds(Clash, LINES, LINES, LINES)
TOKENS = some.lists(LINE | CLASH, min_size=1, max_size=12).map(tuple)
RESOLVED = some.lists(LINE, max_size=12).map(tuple)


def size_for(tokens: tuple[Token, ...], lines: tuple[bytes, ...]) -> int:
    sides = (
        line
        for token in tokens
        for line in ((token,) if isinstance(token, bytes) else (*token.upstream, *token.before, *token.patch))
    )
    return marked.marker_size([b"".join(sides), b"".join(lines)])


@given(TOKENS)
def test_what_is_written_is_read_as_it_was(tokens: tuple[Token, ...]) -> None:
    size = size_for(tokens, ())
    text = b"".join(marked.written(tokens, size))
    assert marked.read_marked(text, size) == tokens
    assert (marked.left_over(text, size) is not None) == any(isinstance(token, Clash) for token in tokens)


@given(TOKENS, RESOLVED)
def test_edits_survive_their_file_and_make_of_the_same_file_what_was_made_of_it(
    tokens: tuple[Token, ...], lines: tuple[bytes, ...]
) -> None:
    edits = marked.edits(tokens, lines)
    size = size_for(tokens, lines)
    if edits:
        (change,) = parse(marked.section('a/ö "b', edits, size)).changes
        assert change.new == 'a/ö "b'
        read = tuple(
            marked.read_edit(hunk.old_start, hunk.old, hunk.new, hunk.leading, hunk.trailing, size)
            for hunk in change.hunks
        )
        assert [(edit.old, edit.new) for edit in read] == [(edit.old, edit.new) for edit in edits]
        edits = read
    # An edit of which nobody can tell where it belongs is not made; what is made is right.
    assert marked.edited(tokens, edits) in (lines, None)


@given(some.lists(some.none() | CLASH, min_size=1, max_size=12), RESOLVED, some.sets(some.integers(0, 11)))
def test_edits_among_lines_that_are_all_different_are_always_found(
    places: list[Clash | None], made: tuple[bytes, ...], gone: set[int]
) -> None:
    tokens = tuple(clash or b"%d\n" % at for at, clash in enumerate(places))
    lines: list[bytes] = []
    for at, token in enumerate(tokens):
        if isinstance(token, Clash):
            lines += made
        elif at not in gone:
            lines.append(token)
    assert marked.edited(tokens, marked.edits(tokens, lines)) == tuple(lines)


def test_a_conflict_is_known_by_its_sides_and_not_by_its_place() -> None:
    clash = Clash((b"a\n",), (), (b"b\n",))
    assert marked.key_of([clash]) == marked.key_of([Clash((b"a\n",), (), (b"b\n",))])
    others = [Clash((b"a\n",), (b"b\n",), ()), Clash((b"b\n",), (), (b"a\n",)), Clash((b"a\nb\n",), (), ())]
    assert len({marked.key_of([each]) for each in (clash, *others)}) == 4


@pytest.mark.parametrize(
    "text",
    [b"<<<<<<< a\nx\n", b"<<<<<<< a\n=======\n>>>>>>> b\n", b">>>>>>> b\n", b"<<<<<<< a\n<<<<<<< a\n"],
)
def test_markers_that_do_not_belong_together(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        marked.read_marked(text, 7)


def test_a_second_edit_before_the_first_is_none() -> None:
    clash = Clash((b"a\n",), (), (b"b\n",))
    tokens = (b"1\n", clash, b"2\n", clash, b"3\n")
    edits = marked.edits(tokens, (b"1\n", b"first\n", b"2\n", b"second\n", b"3\n"))
    assert marked.edited((clash, b"2\n", clash), edits) == (b"first\n", b"2\n", b"second\n")
    assert marked.edited((clash, b"2\n"), edits) is None
