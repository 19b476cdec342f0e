"""Which commit of a work tree is which patch, after the user has amended, reordered, split and squashed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.patches import trailers
from stackwright.patches.commits import NO_DATE
from stackwright.patches.editing import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stackwright.tools.git_commits import Commit


def match(
    commits: Sequence[Commit],
    marks: Mapping[str, Sequence[str]],
    patches: Mapping[str, Commit],
    patch_id: Callable[[Commit], str | None],
) -> dict[str, str]:
    """Find the patch that each commit is; one that is none is new.

    In this order of trust: the commit itself, the mark that git has carried along, all that it says, its Change-Id,
    its patch-id, its author and time, its subject. The last two count only where one commit and one patch have them.

    :param marks: of the commits; one that was made of several has all of theirs, and is the first of them
    :param patches: the commit that each patch was, by the patch's name
    :return: names of patches by the ids of commits
    """
    found: dict[str, str] = {}
    ids = {commit.commit for commit in commits}
    for name, was in patches.items():
        if was.commit in ids:
            found[was.commit] = name
    for commit in commits:
        if commit.commit not in found:
            free = [mark for mark in marks.get(commit.commit, ()) if mark in patches and mark not in found.values()]
            if free:
                found[commit.commit] = free[0]
    keys: tuple[tuple[Callable[[Commit], object], bool], ...] = (
        (_everything, False),
        (_change_id, False),
        (patch_id, False),
        (_who_and_when, True),
        (lambda commit: commit.subject, True),
    )
    for key, alone in keys:
        found |= _by_key(
            [commit for commit in commits if commit.commit not in found and not marks.get(commit.commit)],
            {name: was for name, was in patches.items() if name not in found.values()},
            key,
            alone=alone,
        )
    return found


def _by_key(
    commits: Sequence[Commit], patches: Mapping[str, Commit], key: Callable[[Commit], object], *, alone: bool
) -> dict[str, str]:
    if not commits or not patches:
        return {}
    having: dict[object, list[str]] = {}
    for name, was in patches.items():
        having.setdefault(key(was), []).append(name)
    wanting: dict[object, list[str]] = {}
    for commit in commits:
        wanting.setdefault(key(commit), []).append(commit.commit)
    return {
        commit: name
        for value, some in wanting.items()
        if value and not (alone and (len(some) > 1 or len(having.get(value, ())) > 1))
        for commit, name in zip(some, having.get(value, ()), strict=False)
    }


def _everything(commit: Commit) -> object:
    return commit.author, commit.date, messages.tidy(commit.message)


def _change_id(commit: Commit) -> object:
    lines = commit.message.partition("\n\n")[2].split("\n")
    found = trailers.read(lines, trailers.block(lines))
    return tuple(trailer.value for trailer in found if trailer.name.lower() == "change-id")


def _who_and_when(commit: Commit) -> object:
    return (commit.author, commit.date) if commit.date != NO_DATE.removeprefix("@") else None
