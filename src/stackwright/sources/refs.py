"""The names of refs: where one is looked for, and what became of a series' branch."""

from __future__ import annotations

import re

BRANCHES, TAGS = "refs/heads/", "refs/tags/"
# What a mirror keeps besides branches and tags: refs of other kinds and commits that were asked for, and what branches
# and tags led to before they were forced elsewhere or removed.
OTHERS, COMMITS, BEFORE = "refs/other/", "refs/commits/", "refs/was/"

COMMIT = re.compile(r"[0-9a-f]{7,40}")
COMMIT_LENGTH = 40
# https://docs.openstack.org/project-team-guide/stable-branches.html: a stable branch becomes an unmaintained one, which
# the tag X-eom says; the tag X-eol is where that ends.
_SERIES = re.compile(r"(?:refs/heads/)?(stable|unmaintained)/([^/]+)")


def places(ref: str) -> tuple[str, ...]:
    """Give the full names that a name may mean, the likeliest first."""
    return (ref, f"{OTHERS}{ref}") if other(ref) else (ref,) if full(ref) else (f"{BRANCHES}{ref}", f"{TAGS}{ref}")


def full(ref: str) -> bool:
    """Tell whether it is the full name of a ref."""
    return ref.startswith("refs/")


def other(ref: str) -> bool:
    """Tell whether it is the full name of what is neither a branch nor a tag, such as a change under review."""
    return ref == "HEAD" or (full(ref) and not ref.startswith((BRANCHES, TAGS)))


def short(ref: str) -> str:
    """Give a ref as a person writes it."""
    return re.sub(rf"^(?:{OTHERS}|{COMMITS}|{BRANCHES}|{TAGS})", "", ref)


def successors(ref: str) -> tuple[str, ...]:
    """Give what a series' branch may have become, in full: a branch without maintenance, then a tag at its end."""
    match = _SERIES.fullmatch(ref)
    if match is None:
        return ()
    branch = (f"{BRANCHES}unmaintained/{match[2]}",) if match[1] == "stable" else ()
    return (*branch, f"{TAGS}{match[2]}-eol", f"{TAGS}{match[2]}-eom")


def became(ref: str, now: str) -> str:
    """Say what a series' branch is now."""
    return f"{short(ref)} is {'the tag ' if now.startswith(TAGS) else ''}{short(now)} now"


def before(ref: str, commit: str) -> str:
    """Give the ref that keeps what a branch or a tag led to before."""
    return f"{BEFORE}{ref.removeprefix('refs/')}/{commit}"
