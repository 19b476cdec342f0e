"""Upstream repositories made for a test: real git, with the histories that a test needs."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AUTHOR = "Ada Upstream <ada@example.org>"


@dataclass
class Upstream:
    """A git repository that plays a component's upstream.

    :param directory: its work tree, made on first use
    """

    directory: Path
    seconds: int = field(default=1_700_000_000)

    def __post_init__(self) -> None:
        if not (self.directory / ".git").exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            self.git("init", "--quiet", "--initial-branch=master")

    @property
    def url(self) -> str:
        return self.directory.as_uri()

    def git(self, *arguments: str, stdin: str | None = None, status: int | None = 0) -> str:
        """Run git in it, out of reach of the user's settings; every commit is a minute after the one before."""
        self.seconds += 60
        name, _, mail = AUTHOR.rstrip(">").partition(" <")
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", name), ("EMAIL", mail), ("DATE", f"{self.seconds} +0000"))
        }
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **who}
        done = subprocess.run(
            ["git", "-C", str(self.directory), *arguments],
            input=stdin, capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
        assert status is None or done.returncode == status, f"git {arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "Change something") -> str:
        """Write files (None removes one) and commit them; gives the commit's id."""
        for path, content in files.items():
            file = self.directory / path
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--file=-", stdin=message)
        return self.git("rev-parse", "HEAD")

    def read(self, path: str) -> str:
        return (self.directory / path).read_text()

    def branch(self, name: str, start: str = "HEAD") -> None:
        """Make a branch and switch to it."""
        self.git("checkout", "--quiet", "-B", name, start)

    def switch(self, name: str) -> None:
        self.git("checkout", "--quiet", name)

    def patch(self, commit: str = "HEAD") -> str:
        """Give a commit as `git format-patch` writes it."""
        return self.git("format-patch", "--stdout", "-1", commit) + "\n"


def numbered(count: int, *, prefix: str = "line") -> str:
    """Give a file of so many different lines."""
    return "".join(f"{prefix} {number}\n" for number in range(1, count + 1))
