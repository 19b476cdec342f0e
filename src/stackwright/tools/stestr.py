"""Upstream's tests, run in their own environment as stestr's workers run them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stackwright.tools import process
from stackwright.tools.python import variables_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def work(
    python: Path,
    script: Path,
    request: Mapping[str, Any],
    *,
    tree: Path,
    scratch: Path,
    env: Mapping[str, str],
    tell: Callable[[dict[str, Any]], None],
) -> int:
    """Run the script that lists or runs tests, and give the status it ended with.

    :param python: the interpreter of the tests' environment
    :param request: what the script is to do; its log and itself are below ``scratch``
    :param tree: the tree's files, which are the working directory
    :param tell: is given each line that the script tells, as it comes
    """
    file = scratch / "request.json"
    file.write_text(json.dumps({**request, "log": str(scratch / "log")}))

    def watch(line: str) -> None:
        if line.startswith("{"):
            tell(json.loads(line))
        elif line:  # before it has its own log
            with (scratch / "log").open("a") as log:
                log.write(f"{line}\n")

    command = [str(python), str(script), str(file)]
    variables = variables_for(python, tree, scratch, env)
    return process.run(command, cwd=tree, env=variables, watch=watch, check=False).status
