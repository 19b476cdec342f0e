"""Upstream's tests, run in their own environment as stestr's workers run them."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

# Of the user's own variables, those that would change what a test sees are out of its reach.
HIDDEN = re.compile(r"(PYTHON|OS_|PBR_|VIRTUAL_ENV|DISPLAY|LC_|LANG|XDG_|TRACE_).*")


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
    return process.run(command, cwd=tree, env=_variables(python, tree, scratch, env), watch=watch, check=False).status


def _variables(python: Path, tree: Path, scratch: Path, more: Mapping[str, str]) -> dict[str, str | None]:
    """Give the variables of a test's process: upstream's own, and a home that is nobody's."""
    own: dict[str, str | None] = {name: None for name in os.environ if HIDDEN.fullmatch(name)}
    own |= {
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        **more,
        # A locale that every machine has: Python's own ways do not depend on the language.
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "en",
    }
    return own
