"""What the documentation says can be typed: the fenced blocks of its pages, and the commands in them.

The words behind the language of a block say how it is held to be true:

- none: its commands are run, in a distribution that `stackwright init ourcloud` has made, one block after another of
  a page; what they print is compared with what stands below them (``...`` stands for anything)
- ``status=N``: the same, and the last command ends with that exit status
- ``cloud``: its commands are run where the cloud of examples/minicloud is up, with its server `demo`
- ``by-hand``: they are not run (they stop a cloud, or never end), but are checked to exist, as all others are
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
FENCE = re.compile(r"^(?P<fence>```+)(?P<info>.*)\n(?P<text>(?:.*\n)*?)(?P=fence)$", re.MULTILINE)
PROMPT = "$ "
# A line of progress, as it is told where no terminal is: it scrolls away on one.
PROGRESS = re.compile(r"^ *\d+\.\d  (started|progress|done|skipped|note|warning) .*\n", re.MULTILINE)
# A column is as wide as what stands in it: the same with a file's longer line number.
WIDTH = re.compile(r"([- ])\1+")
SHELLS = ("console", "sh")


@dataclass(frozen=True)
class Command:
    """A command, the output that stands below it, and the exit status it ends with."""

    text: str
    output: str
    status: int = 0


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def status(self) -> int:
        """The exit status of the last command; all others end with 0."""
        return next((int(word.removeprefix("status=")) for word in self.words if word.startswith("status=")), 0)

    @property
    def commands(self) -> list[Command]:
        """The commands, in order."""
        *others, last = self._parsed()
        return [*others, replace(last, status=self.status)]

    def _parsed(self) -> list[Command]:
        if self.language == "sh":
            lines = self.text.replace("\\\n", " ").splitlines()
            return [Command(line, "") for line in lines if line.strip() and not line.startswith("#")]
        found: list[Command] = []
        for line in self.text.splitlines(keepends=True):
            if line.startswith(PROMPT):
                found.append(Command(line.removeprefix(PROMPT).rstrip("\n"), ""))
            else:
                found[-1] = Command(found[-1].text, found[-1].output + line)
        return found


def pages() -> list[Path]:
    """Give every page of the documentation."""
    own = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PROJECT.glob("examples/*/README.md")]
    return sorted([*own, *PROJECT.glob("docs/**/*.md")])


def blocks(page: Path) -> list[Block]:
    """Give the fenced blocks of a page."""
    text = page.read_text()
    found = []
    for match in FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(str(page.relative_to(PROJECT)), line, language, tuple(words), match["text"]))
    return found


def shell_blocks() -> Iterator[Block]:
    """Give every block of commands."""
    return (block for page in pages() for block in blocks(page) if block.language in SHELLS)


def run_documented(
    command: str, *, directory: Path, environment: dict[str, str], seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a command as a reader would, in a shell; what it prints is one stream, as on a terminal."""
    variables = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "120", **environment}
    variables["PATH"] = f"{PROGRAMS}:{variables['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


def is_as_documented(printed: str, documented: str) -> bool:
    """Tell whether what was printed is what stands in the documentation; progress and widths of tables do not count."""
    printed, documented = (WIDTH.sub(r"\1", text.rstrip("\n")) for text in (PROGRESS.sub("", printed), documented))
    form = ".*?".join(re.escape(part) for part in documented.split("..."))
    return re.fullmatch(form, printed, re.DOTALL) is not None
