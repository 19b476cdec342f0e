"""The commit that drops a patch: why, with the evidence, and how to take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.tools import git_work_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stackwright.patches.matrix.cells import Evidence
    from stackwright.patches.model import Patch


def message(component: str, name: str, patch: Patch | None, releases: Mapping[str, Evidence | None], why: str) -> str:
    """Give the message of the commit.

    :param patch: None if it cannot be read
    :param releases: the releases whose series it is taken out of, and what shows that upstream has it
    """
    paragraphs = [f"Drop {name} from {component} {', '.join(releases)}"]
    if why:
        paragraphs.append(why.strip())
    if patch and patch.subject:
        by = f"\nAuthor: {patch.author}" if patch.author else ""
        paragraphs.append(f"Subject: {patch.subject}{by}")
    for release, evidence in releases.items():
        paragraphs += _told(release, evidence) if evidence else []
    if not why and not any(releases.values()):
        paragraphs.append("No evidence was found that upstream has it, and no reason was given.")
    paragraphs.append("To take it back: git revert, with the id of this commit.")
    return "\n\n".join(paragraphs) + "\n"


def check_committed(root: Path, paths: Sequence[Path]) -> None:
    """See that a commit of these paths would hold nothing but what is about to be done to them.

    :raises InputError: one has changes that are not committed, or was never committed; git does not know the user
    """
    git_work_tree.identity(root)
    for path in paths:
        if git_work_tree.uncommitted(root, [path]) or not git_work_tree.is_tracked(root, path):
            raise InputError(
                "the file has changes that are not committed",
                where=Where(file=path),
                why="the commit that drops the patch would have them in it, and its revert would take them away",
                fix=f"git -C {root} add {path} && git -C {root} commit {path}",
            )


def _told(release: str, evidence: Evidence) -> list[str]:
    words = [f"{release}: upstream has it, known by its {evidence.trust}."]
    if evidence.commit:
        words.append(f"Upstream commit: {evidence.commit}")
        words.append(f"    {evidence.subject} ({evidence.author}, {evidence.date})")
    found = ["\n".join(words)]
    if evidence.difference:
        indented = "\n".join(f"    {line}".rstrip() for line in evidence.difference.splitlines())
        found.append(f"What was carried (-) and what was merged (+) differ:\n\n{indented}")
    elif evidence.commit:
        found.append("What was merged is what was carried.")
    return found
