"""Closures: the versions of everything that some requirements lead to, resolved once by uv and remembered."""

from __future__ import annotations

import hashlib
import json
import re
import sysconfig
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackwright.build.cache import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stackwright.store import Memo

# An entry of a lock begins at the start of a line; the lines with its hashes are indented.
ENTRY = re.compile(r"^(?=\S)", re.MULTILINE)


@dataclass(frozen=True)
class Closure:
    """The packages of an environment.

    :param pins: name (normalized) -> version; the version of one that is read from a tree is empty
    :param lock: the requirements file with hashes that installs them
    :param digest: SHA-256 of the lock
    """

    pins: Mapping[str, str]
    lock: str
    digest: str


def remembered(memo: Memo, inputs: object, lock: Callable[[], str]) -> Closure:
    """Give the closure that is a function of some inputs; neither a process nor the network is needed twice.

    :param inputs: what it depends on, as far as it is not this machine's platform (anything that JSON can express)
    :param lock: resolves it: gives the lock file
    """
    key = key_of("closure", sysconfig.get_platform(), inputs)
    known = memo.get("closure", key)
    if known is not None:
        return Closure(**json.loads(known))
    closure = read_lock(lock())
    memo.put("closure", key, json.dumps(asdict(closure)))
    return closure


def read_lock(lock: str) -> Closure:
    """Give the closure that a lock holds, without the places of what is read from trees: they are passing ones."""
    entries = [(Requirement(entry.split(" \\\n")[0]), entry) for entry in _entries(lock)]
    pins: dict[str, str] = {canonicalize_name(requirement.name): _version(requirement) for requirement, _ in entries}
    lasting = "".join(entry for requirement, entry in entries if not requirement.url)
    return Closure(pins, lasting, hashlib.sha256(lasting.encode()).hexdigest())


def lock_with(lock: str, files: Mapping[str, tuple[Path, str]]) -> str:
    """Give a lock with these wheels in place of what it has under their names.

    :param files: name (normalized) -> the wheel's file and its SHA-256
    """
    kept = [entry for entry in _entries(lock) if canonicalize_name(re.split("[=@ ]", entry)[0]) not in files]
    own = [f"{name} @ {file.as_uri()} --hash=sha256:{sha256}\n" for name, (file, sha256) in sorted(files.items())]
    return "".join([*kept, *own])


def lock_beside(lock: str, wheels: Mapping[str, tuple[str, str]]) -> str:
    """Give a lock with these wheels in place of what it has under their names, for whoever has them beside it.

    :param wheels: name (normalized) -> the wheel's path from where pip is run, and its SHA-256
    """
    kept = [entry for entry in _entries(lock) if canonicalize_name(re.split("[=@ ]", entry)[0]) not in wheels]
    own = [f"./{path} \\\n    --hash=sha256:{sha256}\n" for _, (path, sha256) in sorted(wheels.items())]
    return "".join([*kept, *own])


def _entries(lock: str) -> list[str]:
    return [entry for entry in ENTRY.split(lock) if entry.strip()]


def _version(requirement: Requirement) -> str:
    return "" if requirement.url else next(iter(requirement.specifier)).version
