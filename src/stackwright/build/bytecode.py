"""Bytecode: each source is compiled once, whichever environments it is installed in.

Python takes twice as long to start a service without it. Environments share most of their sources, and a changed
patch changes a few; so pyc files are kept by the SHA-256 of their source and linked into the environments.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.scratch import locked, scratch_directory
from stackwright.tools import python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Never imported when a service runs: a third of all sources, and of the time to compile them.
LEFT_OUT = frozenset({"tests", "__pycache__"})


def link_bytecode(environment: Path, interpreter: Path, version: str, cache: Path) -> Mapping[str, str]:
    """Give an environment the bytecode of all its sources but the tests.

    :param interpreter: the interpreter of the environment, of this version (``3.11``)
    :param cache: where bytecode is kept, on the file system of the environment
    :return: path of each source, relative to the environment -> SHA-256
    """
    tag = f"cpython-{version.replace('.', '')}"  # PEP 3147
    store = cache / tag
    sources = {path: _sha256(path) for path in _sources(environment / "lib" / f"python{version}")}
    kept = {digest: store / digest[:2] / f"{digest[2:]}.pyc" for digest in sources.values()}
    _compile({digest: path for path, digest in sources.items() if not kept[digest].exists()}, kept, interpreter, store)
    directories = {os.path.dirname(path) for path in sources}  # noqa: PTH120 - thousands of paths: strings are faster
    for directory in directories:
        os.makedirs(f"{directory}/__pycache__", exist_ok=True)  # noqa: PTH103
    for path, digest in sources.items():
        directory, _, name = path.rpartition("/")
        _link(kept[digest], f"{directory}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc")
    return {os.path.relpath(path, environment): digest for path, digest in sources.items()}


def _compile(wanted: Mapping[str, str], kept: Mapping[str, Path], interpreter: Path, store: Path) -> None:
    """Compile those of the wanted sources (by SHA-256) that nobody else has compiled meanwhile."""
    if not wanted:
        return
    store.mkdir(parents=True, exist_ok=True)
    # One at a time uses every processor; two at once would compile the same sources twice.
    with locked(store / ".lock"), scratch_directory(store / "unfinished") as scratch:
        missing = {digest: Path(path) for digest, path in wanted.items() if not kept[digest].exists()}
        python.byte_compile(interpreter, [(path, scratch / digest) for digest, path in missing.items()])
        for digest in missing:
            if (scratch / digest).exists():
                kept[digest].parent.mkdir(exist_ok=True)
                (scratch / digest).rename(kept[digest])


def _link(pyc: Path, place: str) -> None:
    try:
        os.link(pyc, place)
    except FileNotFoundError:  # its source is not valid Python: some packages bring such files
        if pyc.exists():
            raise
    except FileExistsError:  # a wheel brought bytecode of its own, which nobody knows to be of these sources
        Path(place).unlink()
        _link(pyc, place)
    except OSError as error:
        if error.errno != errno.EMLINK:  # ext4 allows 65,000 names of a file; empty sources get there
            raise
        shutil.copyfile(pyc, place)


def _sources(directory: Path) -> Iterator[str]:
    for parent, directories, files in os.walk(directory):
        directories[:] = sorted(set(directories) - LEFT_OUT)
        for name in sorted(files):
            if name.endswith(".py"):
                yield f"{parent}/{name}"


def _sha256(path: str) -> str:
    with open(path, "rb") as stream:  # noqa: PTH123
        return hashlib.sha256(stream.read()).hexdigest()
