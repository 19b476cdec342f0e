"""flake8, with hacking and other plugins that are beside it, and those of the tree (https://flake8.pycqa.org)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.tools import process
from stackwright.tools.findings import Finding
from stackwright.tools.process import ProgramFailedError
from stackwright.tools.python import variables_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FORMAT = "finding\t%(path)s\t%(row)d\t%(col)d\t%(code)s\t%(text)s"
# What a project's settings let it write besides, such as source lines and counts, has another form.
LINE = re.compile(r"finding\t(?P<path>[^\t]+)\t(?P<row>\d+)\t(?P<column>\d+)\t(?P<code>[^\t]+)\t(?P<message>.*)")


def check(
    python: Path, files: Sequence[str], arguments: Sequence[str], *, tree: Path, scratch: Path, timeout: float
) -> list[Finding]:
    """Check files of a tree by the settings and with the plugins that the tree has.

    :param python: the interpreter of an environment with flake8
    :param files: from the tree's top, as its plugins are to see them: with or without ``./``
    :param arguments: further ones of the project's
    :param tree: the tree's files, which are the working directory
    :param scratch: a directory of its own
    :param timeout: seconds
    :raises ProgramFailedError: it cannot check them, or not in time; that it finds something is no failure
    """
    output = scratch / "findings"
    command = [
        # In one process: those that it starts would outlive it when it is ended.
        *(str(python), "-m", "flake8", *arguments, "--exit-zero", "--jobs=1"),
        # It takes no `--` before files.
        *(f"--format={FORMAT}", f"--output-file={output}", *files),
    ]
    done = process.run(command, cwd=tree, env=variables_for(python, tree, scratch), timeout=timeout)
    if not output.exists():  # it is made before the first file is looked at
        raise ProgramFailedError(command, done.status, (done.stderr or done.stdout).decode(errors="replace"))
    return list(read_findings(output.read_text(errors="replace")))


def read_findings(text: str) -> Iterator[Finding]:
    """Give the findings in what was written."""
    for match in map(LINE.fullmatch, text.split("\n")):
        if match:
            # hacking and its like have a colon behind the code: they say `H101: Use TODO(NAME)`.
            path, code = match["path"].removeprefix("./"), match["code"].rstrip(":")
            yield Finding(path, int(match["row"]), int(match["column"]), code, match["message"])
