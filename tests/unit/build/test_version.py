from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from stackwright.build.version import patched_version
from stackwright.errors import InputError

NUMBER = st.integers(0, 2000)
PATCHES = st.integers(1, 500)


@st.composite
def releases(draw: st.DrawFn) -> str:
    """Give what PBR calls a final version, or its candidate, of one to four numbers."""
    numbers = ".".join(str(draw(NUMBER)) for _ in range(draw(st.integers(1, 4))))
    return numbers + draw(
        st.sampled_from(["", "a1", "b3", "rc1", ".0rc2", "rc1.dev3", ".dev7", ".post2", ".post2.dev1"])
    )


def following(version: Version) -> list[str]:
    """Give the smallest versions that upstream can publish after one."""
    release = ".".join(map(str, version.release))
    before = "".join(map(str, version.pre)) if version.pre else ""
    post = f".post{version.post}" if version.post is not None else ""
    if version.dev is not None:
        return [f"{release}{before}{post}.dev{version.dev + 1}", f"{release}{before}{post}"]
    if version.post is not None:
        return [f"{release}{before}.post{version.post + 1}.dev0"]
    if version.pre:
        return [f"{release}{version.pre[0]}{version.pre[1] + 1}.dev0", release]
    *head, last = version.release
    return [".".join(map(str, [*head, last + 1])) + ".dev0", f"{release}.1.dev0"]


@given(releases(), PATCHES)
def test_it_lies_between_upstreams_and_its_next(upstream: str, patches: int) -> None:
    ours = Version(patched_version(upstream, patches))
    assert Version(upstream) < ours
    for version in following(Version(upstream)):
        assert ours < Version(version), version


@given(releases(), PATCHES, PATCHES)
def test_it_grows_with_the_patches(upstream: str, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert Version(patched_version(upstream, fewer)) <= Version(patched_version(upstream, more))


@given(releases())
def test_without_patches_it_is_upstreams(upstream: str) -> None:
    assert Version(patched_version(upstream, 0)) == Version(upstream)


@pytest.mark.parametrize(
    ("upstream", "ours"),
    [
        ("34.0.0", "34.0.0.post3"),
        ("34.0.0.0rc1", "34.0.0.0rc1.post3"),
        ("34.0.0.dev12", "34.0.0.dev12+patched.3"),
        ("2.9.0.post0", "2.9.0.post0+patched.3"),
        ("1.0+vendor.2", "1.0+vendor.2.patched.3"),
    ],
)
def test_each_form(upstream: str, ours: str) -> None:
    assert patched_version(upstream, 3) == ours


def test_what_is_no_version_is_said_to_be_none() -> None:
    with pytest.raises(InputError, match=r"'2025\.1-eol' is not the version of a Python distribution"):
        patched_version("2025.1-eol", 3)
