from __future__ import annotations

from itertools import pairwise

import pytest

from stackwright.build.debian.version import (
    Version,
    backport,
    compare,
    of_upstream,
    ours,
    release_number,
    without_backport,
)

BASE = "2:31.0.0-6"
# Each is to replace the one before.
RISING = (
    "2:31.0.0~rc1-1",
    f"{BASE}~bpo12+1",
    f"{BASE}~bpo13+1",
    BASE,
    f"{BASE}+b1",
    backport(ours(BASE, 1), "bookworm"),
    backport(ours(BASE, 1), "bookworm", 2),
    ours(BASE, 1),
    ours(BASE, 2),
    ours(BASE, 10),
    f"{BASE}+deb13u1",
    ours(f"{BASE}+deb13u1", 1),
    f"{BASE}+deb13u2",
    f"{BASE}.1",
    "2:31.0.0-7~bpo13+1",
    "2:31.0.0-7",
    "2:31.0.1-1",
    "3:1.0-1",
)


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(RISING)))
def test_ours_replaces_debians_and_is_replaced_by_its_security_updates(lower: str, higher: str) -> None:
    assert compare(lower, higher) < 0
    assert compare(higher, lower) > 0
    assert Version.parse(lower) < Version.parse(higher)


@pytest.mark.parametrize(
    ("one", "other"), [("1.0-1", "0:1.0-1"), ("1.0", "1.0-0"), ("1.00", "1.0"), ("1.0a", "1.0a0"), ("1-01", "1-1")]
)
def test_what_dpkg_takes_for_equal_is_equal(one: str, other: str) -> None:
    assert compare(one, other) == 0
    assert Version.parse(one) == Version.parse(other)
    assert hash(Version.parse(one)) == hash(Version.parse(other))


@pytest.mark.parametrize("text", ["", "a1", "-1", "1_0", "1.0-", "x:1", "1.0 "])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the version of a Debian package"):
        compare(text, "1")


def test_a_version_is_written_as_it_is_read() -> None:
    for text in RISING:
        assert str(Version.parse(text)) == text
    assert Version.parse("2:1.0-2-3").without_epoch == "1.0-2-3"


@pytest.mark.parametrize("ending", ["~bpo12+1", "~bpo8+2", "~bpo12+10"])
def test_a_backport_is_of_the_version_without_its_ending_whichever_revision_it_has(ending: str) -> None:
    assert without_backport(f"{BASE}{ending}") == BASE


def test_what_is_no_backport_stays_as_it_is() -> None:
    assert without_backport("1.0~bpo1-1") == "1.0~bpo1-1"


def test_releases_are_known_by_name_and_number() -> None:
    assert release_number("bookworm") == release_number("bookworm-backports") == release_number(12) == 12
    with pytest.raises(ValueError, match="no release of Debian is named 'jammy'"):
        backport("1.0", "jammy")


@pytest.mark.parametrize(
    ("python", "debian"),
    [
        ("34.0.0", "34.0.0"),
        ("31.0.0.0rc1", "31.0.0~rc1"),
        ("31.0.0rc2", "31.0.0~rc2"),
        ("8.0.0b1", "8.0.0~b1"),
        ("34.0.0.dev12", "34.0.0~dev12"),
        ("1.2.post3", "1.2.post3"),
        ("34.0.0+site3", "34.0.0+site3"),
        ("2!1.0", "2:1.0"),
    ],
)
def test_upstreams_version_is_written_so_that_it_sorts_as_python_sorts_it(python: str, debian: str) -> None:
    assert of_upstream(python) == debian
