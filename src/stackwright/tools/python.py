"""The Python interpreters of this machine, byte-compilation by them, and what a tree's code sees of this machine."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Sequence

# Reads pairs of lines: a source, and the file to put its bytecode into. A pyc of the kind "unchecked hash" (PEP 552)
# is right wherever its source lies and whatever its source's time stamp is; the name inside it is replaced on import.
COMPILE = """
import py_compile, sys
lines = iter(sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\\n")[:-1])
for source, pyc in zip(lines, lines):
    try:
        py_compile.compile(source, pyc, "<bytecode>", True,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    except (py_compile.PyCompileError, RecursionError, ValueError):
        pass
"""
# A locale that every machine has: Python's own ways do not depend on the language.
LANGUAGE: Mapping[str, str] = {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
LONGEST = 300.0  # seconds; importing all of a big service takes some five
# Of the user's own variables, those that would change what a test or a linter sees are out of its reach.
HIDDEN = re.compile(r"(PYTHON|OS_|PBR_|VIRTUAL_ENV|DISPLAY|LC_|LANG|XDG_|TRACE_|RUFF_).*")


def interpreter(version: str) -> Path:
    """Find the interpreter of a version of Python such as ``3.11``: the system's own, else the first on PATH.

    :raises EnvironmentLacksError: there is none
    """
    system = Path(f"/usr/bin/python{version}")
    found = system if system.exists() else shutil.which(f"python{version}")
    if found is None:
        raise EnvironmentLacksError(
            f"there is no Python {version} on this machine",
            fix=f"apt-get install python{version}; or choose another `python:` in the release",
        )
    return Path(found)


def byte_compile(python: Path, files: Sequence[tuple[Path, Path]]) -> None:
    """Compile sources to bytecode on all processors; a source that is not valid Python is passed over.

    :param files: pairs of a source and the file to write; its directory exists
    :raises EnvironmentLacksError: no space
    """
    workers = max(1, min(os.cpu_count() or 1, len(files) // 20 + 1))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda share: _byte_compile(python, share), [files[n::workers] for n in range(workers)]))


def _byte_compile(python: Path, files: Sequence[tuple[Path, Path]]) -> None:
    lines = b"".join(os.fsencode(path) + b"\n" for pair in files for path in pair)
    try:
        process.run([str(python), "-I", "-S", "-c", COMPILE], stdin=lines)
    except process.ProgramFailedError as error:
        if "No space left on device" in error.output:
            raise EnvironmentLacksError("the disk is full", details=error.details, fix="make room") from error
        raise


def ask(environment: Path, script: Path, words: Sequence[str], stdin: bytes = b"") -> bytes:
    """Run a script of ours with an environment's Python, and give what it prints.

    :raises RunFailedError: it fails, or does not end in time
    """
    command = [str(environment / "bin" / "python"), "-I", "-B", str(script), *words]
    return process.run(command, env=plain_variables(), stdin=stdin, timeout=LONGEST).stdout


def plain_variables() -> dict[str, str | None]:
    """Give the variables of a process that imports what an environment has: none that would change what it sees."""
    own: dict[str, str | None] = {name: None for name in os.environ if HIDDEN.fullmatch(name)}
    return {**own, **LANGUAGE}


def variables_for(
    python: Path, tree: Path, scratch: Path, more: Mapping[str, str] | None = None
) -> dict[str, str | None]:
    """Give the variables of a process that runs code of a tree: upstream's own, and a home that is nobody's.

    :param python: the interpreter of its environment
    :param tree: the tree's files, which it imports from
    :param scratch: a directory of its own
    :param more: what upstream sets
    """
    return {
        **plain_variables(),
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        **(more or {}),
        **LANGUAGE,
    }
