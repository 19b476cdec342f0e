"""Git between a repository of ours and one elsewhere: the only commands that go to the network.

Blobs are left out of a fetch where the server can do that, and come later, by their ids. The repository's own
configuration does not say so (partialclone.txt of git's documentation: `promisor`): git would then fetch what is
missing in the middle of any other command, without the user's settings.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from stackwright.tools.process import Completed

# Not `origin`, for which the user may have settings of his own.
NAME = "stackwright"
ALL = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
# What git says of a ref, or of a commit by its id, that the other repository does not have.
NOT_THERE = re.compile(rb"couldn't find remote ref|not our ref|no such remote ref|Server does not allow request")
PROGRESS = re.compile(r"(?:remote: )?((?:Counting|Compressing|Receiving|Resolving) .*?) *$")


def fetch_all(repository: Path, url: str, watch: Callable[[str], None]) -> Completed:
    """Bring every branch and tag to where it is elsewhere, and drop those that are gone; a failure is given.

    :param watch: is told how far it is
    """
    return _fetch(repository, url, "--prune", *ALL, watch=watch)


def fetch_ref(repository: Path, url: str, ref: str, into: str) -> Completed:
    """Fetch a ref or a commit with its history, and let a local ref name it; a failure is given."""
    return _fetch(repository, url, f"+{ref}:{into}")


def fetch_objects(repository: Path, url: str, objects: Iterable[str]) -> Completed:
    """Fetch objects by their ids, at once; a failure is given."""
    lines = "".join(f"{name}\n" for name in objects).encode()
    # As git does itself for what is missing: there is nothing to negotiate about.
    return _fetch(repository, url, "--stdin", settings=("fetch.negotiationAlgorithm=noop",), stdin=lines)


def repack(repository: Path) -> None:
    """Make one pack of those that many fetches have brought; nothing is dropped, and what is not here stays so."""
    git.run(repository, "-c", f"remote.{NAME}.promisor=true", "repack", "--quiet", "-a", "-d", "--keep-unreachable")


def _fetch(
    repository: Path,
    url: str,
    *arguments: str,
    settings: Iterable[str] = (),
    stdin: bytes | None = None,
    watch: Callable[[str], None] | None = None,
) -> Completed:
    """Fetch with the user's settings (proxy, certificates, credential helpers, insteadOf), which count here only."""
    environment = {
        "GIT_CONFIG_GLOBAL": os.environ.get("GIT_CONFIG_GLOBAL"),
        "GIT_CONFIG_NOSYSTEM": os.environ.get("GIT_CONFIG_NOSYSTEM"),
        "GIT_TERMINAL_PROMPT": "0",
    }
    remote = (f"url={url}", "promisor=true", "partialclonefilter=blob:none")
    # In version 0 of the protocol most servers give no objects by their ids; one that is older than 2 speaks it yet.
    every = [
        *settings,
        "protocol.version=2",
        "fetch.writeCommitGraph=false",
        *(f"remote.{NAME}.{setting}" for setting in remote),
    ]

    def progress(line: str) -> None:
        if watch is not None and (match := PROGRESS.match(line)):
            watch(match[1])

    return git.run(
        repository,
        *(part for setting in every for part in ("-c", setting)),
        "fetch", "--progress", "--filter=blob:none", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
        "--no-recurse-submodules", NAME, *arguments,
        stdin=stdin, env=environment, check=False, alone=False, watch=progress,
    )  # fmt: skip
