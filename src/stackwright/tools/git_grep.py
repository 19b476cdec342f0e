"""Words in the files of a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def files_with(repository: Path, tree: str, words: Iterable[str], suffix: str) -> list[str]:
    """Give the files of a tree whose name ends so and that have one of these words as a whole word."""
    patterns = "".join(f"{word}\n" for word in words).encode()
    options = ["-l", "-z", "-w", "-F", "--full-name", "-f", "-"]
    completed = git.run(repository, "grep", *options, tree, "--", f"*{suffix}", stdin=patterns, check=False)
    return [path.partition(":")[2] for path in completed.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]]
