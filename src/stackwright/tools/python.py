"""The Python interpreters of this machine, and byte-compilation by them."""

from __future__ import annotations

import os
import shutil
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
