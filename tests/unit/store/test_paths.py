from __future__ import annotations

import re

import pytest

from stackwright.store import paths


@pytest.mark.parametrize("path", ["a", "nova/api/x.py", ".gitignore", "a/..b", "a b/ü", "git", ".github/x"])
def test_paths_a_tree_may_have(path: str) -> None:
    assert paths.why_unsafe(path) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc/passwd", "absolute"),
        ("../x", r"'\.\.'"),
        ("a/../b", r"'\.\.'"),
        ("a//b", "part ''"),
        ("./a", r"part '\.'"),
        ("", "part ''"),
        (".git/config", "git's own"),
        ("a/.GIT/hooks/x", "git's own"),
        ("git~1/config", "git's own"),
    ],
)
def test_paths_it_may_not_have(path: str, reason: str) -> None:
    why = paths.why_unsafe(path)
    assert why is not None
    assert re.search(reason, why)


@pytest.mark.parametrize(
    ("link", "target", "leaves"),
    [
        ("a/b", "c", False),
        ("a/b", "../c", False),
        ("a/b", "../../c", True),
        ("b", "..", True),
        ("b", "x/../../y", True),
        ("a/b/c", "../../x/../y", False),
        ("b", "/etc", True),
    ],
)
def test_links_that_leave_the_tree(link: str, target: str, leaves: bool) -> None:
    assert paths.leaves_tree(link, target) is leaves


def test_the_directories_above_a_path() -> None:
    assert paths.above("a/b/c") == ["a", "a/b"]
    assert paths.above("a") == []
