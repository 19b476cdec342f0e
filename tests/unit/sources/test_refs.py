from __future__ import annotations

import pytest

from stackwright.sources.refs import became, places, short, successors


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("master", ("refs/heads/master", "refs/tags/master")),
        ("refs/heads/master", ("refs/heads/master",)),
        ("HEAD", ("HEAD", "refs/other/HEAD")),
        ("refs/pull/1/head", ("refs/pull/1/head", "refs/other/refs/pull/1/head")),
    ],
)
def test_where_a_ref_is_looked_for(ref: str, expected: tuple[str, ...]) -> None:
    assert places(ref) == expected


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("stable/train", ("refs/heads/unmaintained/train", "refs/tags/train-eol", "refs/tags/train-eom")),
        (
            "refs/heads/stable/2024.1",
            ("refs/heads/unmaintained/2024.1", "refs/tags/2024.1-eol", "refs/tags/2024.1-eom"),
        ),
        ("unmaintained/2024.1", ("refs/tags/2024.1-eol", "refs/tags/2024.1-eom")),
        ("refs/tags/stable/2024.1", ()),
        ("stable/2024.1/x", ()),
        ("bugfix/2024.1", ()),
        ("unstable/1", ()),
    ],
)
def test_what_a_series_branch_may_have_become(ref: str, expected: tuple[str, ...]) -> None:
    assert successors(ref) == expected


def test_what_it_became_is_told_in_short() -> None:
    assert became("refs/heads/stable/1", "refs/heads/unmaintained/1") == "stable/1 is unmaintained/1 now"
    assert became("stable/1", "refs/tags/1-eol") == "stable/1 is the tag 1-eol now"
    refs = ("refs/other/HEAD", "refs/other/refs/pull/1/head", "refs/tags/heads/x", "a" * 40)
    assert [short(ref) for ref in refs] == ["HEAD", "refs/pull/1/head", "heads/x", "a" * 40]
