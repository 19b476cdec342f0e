from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.build.backports.model import BackportList, Wanted
from stackwright.build.backports.status import Standing, State, judge
from stackwright.build.backports.suites import IndexedSource


def stands(
    candidate: str | None,
    ours: str | None,
    others: dict[str, str] | None = None,
    *,
    suite: str = "sid",
    revision: int = 1,
    beside: tuple[str, ...] = ("bookworm",),
) -> Standing:
    backports = BackportList("bookworm", Path("bookworm"), "bookworm", 12, beside, {}, ())
    indexed = IndexedSource("nova", candidate, ("nova-api",), "") if candidate else None
    return judge(Wanted("nova", suite, revision=revision), indexed, ours, others or {}, backports)


def test_what_we_do_not_have_is_stale() -> None:
    found = stands("1.2-3", None)
    assert (found.state, found.version, found.why) == (State.STALE, "1.2-3~bpo12+1", "we have none")


def test_what_is_of_an_older_version_is_stale() -> None:
    found = stands("1.10-1", "1.9-1~bpo12+1")
    assert (found.state, found.version) == (State.STALE, "1.10-1~bpo12+1")
    assert found.why == "sid has 1.10-1, ours is of 1.9-1"


@pytest.mark.parametrize("ours", ["1.2-3~bpo12+1", "1.2-3~bpo12+2", "1.2-3~bpo12+11"])
def test_whichever_backport_of_the_candidate_ours_is_it_is_current(ours: str) -> None:
    """Debian's script cut `~bpo8+1` off: a `~bpo8+2` was built for ever."""
    assert stands("1.2-3", ours).state is State.CURRENT


def test_a_second_backport_does_not_keep_a_newer_version_from_being_built() -> None:
    """... or never again."""
    assert stands("1.2-4", "1.2-3~bpo12+2").state is State.STALE


def test_a_higher_revision_is_built_once() -> None:
    found = stands("1.2-3", "1.2-3~bpo12+1", revision=2)
    assert (found.state, found.version) == (State.STALE, "1.2-3~bpo12+2")
    assert found.why == "ours is ~bpo12+1, ~bpo12+2 is wanted"
    assert stands("1.2-3", "1.2-3~bpo12+2", revision=2).state is State.CURRENT


def test_one_for_an_older_release_is_stale() -> None:
    assert stands("1.2-3", "1.2-3~bpo11+4").state is State.STALE


def test_epochs_and_tildes_sort_as_dpkg_has_them() -> None:
    assert stands("1:1.0-1", "9.0-1~bpo12+1").state is State.STALE
    assert stands("2.0-1", "2.0~rc1-1~bpo12+1").state is State.STALE
    assert stands("2.0~rc1-1", "2.0-1~bpo12+1").state is State.NEWER


def test_ours_that_is_newer_is_left() -> None:
    found = stands("1.2-3", "1.3-1~bpo12+1")
    assert found.state is State.NEWER
    assert found.why == "ours is of 1.3-1, which is newer than what sid has"


def test_what_the_suite_does_not_have() -> None:
    found = stands(None, "1.2-3~bpo12+1")
    assert (found.state, found.why) == (State.MISSING, "sid has no such source package")


def test_what_the_release_itself_has_is_not_built() -> None:
    found = stands("1.2-3", None, {"bookworm": "1.2-3"})
    assert (found.state, found.why) == (State.BESIDE, "bookworm has 1.2-3 already")
    assert stands("1.2-3", None, {"bookworm": "1.2-2"}).state is State.STALE


def test_the_distributions_own_backports_are_told_and_count_where_machines_have_them() -> None:
    others = {"bookworm-backports": "1.2-3~bpo12+1"}
    told = stands("1.2-3", None, others)
    assert (told.state, told.why) == (State.STALE, "we have none; bookworm-backports has 1.2-3~bpo12+1")
    counts = stands("1.2-3", None, others, beside=("bookworm", "bookworm-backports"))
    assert (counts.state, counts.why) == (State.BESIDE, "bookworm-backports has 1.2-3~bpo12+1 already")


def test_a_backport_of_the_distributions_own_gets_the_revision_behind_it() -> None:
    found = stands("1.2-3~bpo12+1", None, suite="bookworm-backports")
    assert (found.state, found.version) == (State.STALE, "1.2-3~bpo12+2")
    again = stands("1.2-3~bpo12+1", "1.2-3~bpo12+2", suite="bookworm-backports")
    assert again.state is State.CURRENT
    assert stands("1.2-3~bpo12+2", "1.2-3~bpo12+2", suite="bookworm-backports").state is State.STALE
