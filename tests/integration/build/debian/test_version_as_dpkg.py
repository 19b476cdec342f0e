"""Versions sort as the real dpkg sorts them."""

from __future__ import annotations

import subprocess

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stackwright.build.debian.version import Version, compare, ours

part = st.text("019ab.+~", max_size=6)
versions = st.builds(
    lambda epoch, upstream, revision: f"{epoch}{upstream[0]}{upstream[1]}{f'-{revision}' if revision else ''}",
    st.sampled_from(["", "", "0:", "1:", "10:"]),
    st.tuples(st.sampled_from("0129"), part),
    part,
)


def dpkg_says(one: str, relation: str, other: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", one, relation, other], check=False).returncode == 0


@settings(max_examples=150, deadline=None)
@given(versions, versions)
@example("1.0", "1.0-0")
@example("1.0~rc1-1", "1.0-1")
@example("1.0-6+carried1", "1.0-6+b1")
@example("1.0-6+carried1", "1.0-6+deb13u1")
@example("1.0-6+carried1~bpo12+1", "1.0-6+carried1")
@example("1.0-6~bpo13+1", "1.0-6+carried1")
def test_as_dpkg_sorts_them(one: str, other: str) -> None:
    order = compare(one, other)
    assert dpkg_says(one, "lt" if order < 0 else "gt" if order > 0 else "eq", other)
    if order == 0:
        assert hash(Version.parse(one)) == hash(Version.parse(other))


@settings(max_examples=60, deadline=None)
@given(versions, st.integers(1, 200))
def test_ours_is_always_above_what_it_is_on_and_below_its_security_updates(base: str, number: int) -> None:
    made = ours(base, number)
    assert dpkg_says(made, "gt", base)
    assert dpkg_says(made, "gt", f"{base}+b1")
    assert dpkg_says(made, "lt", f"{base}+deb13u1")
    assert dpkg_says(ours(base, number + 1), "gt", made)
