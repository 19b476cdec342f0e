"""The Stackwright that runs, as an artifact: an environment in the cache, which machines run it from.

It is the same whether it runs from its source tree or was installed: its wheel is made of the files that are imported
here, and what it stands on is held at the versions that are installed here.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import stackwright
from stackwright.build import wheelfile
from stackwright.build.bytecode import link_bytecode
from stackwright.build.cache import Provenance, key_of
from stackwright.errors import EnvironmentLacksError
from stackwright.tools import python, uv

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.build.cache import ArtifactCache

KIND = "stackwright"
NAME = "stackwright"
PYTHON = "3.11"  # Debian 12's
TAG = "py3-none-any"
DAYS = 7  # for which it is kept: each change of the source tree makes another


def packed(package: Path, told: metadata.Distribution) -> tuple[str, bytes]:
    """Give the wheel of an installed pure-Python package, and its file's name; the same files give the same bytes.

    :param package: the folder of the package
    :param told: what its installation says of it
    """
    head = f"{package.name}-{told.version}"
    members = {
        f"{package.name}/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    members[f"{head}.dist-info/METADATA"] = (told.read_text("METADATA") or "").encode()
    members[f"{head}.dist-info/entry_points.txt"] = (told.read_text("entry_points.txt") or "").encode()
    about = f"Wheel-Version: 1.0\nGenerator: stackwright\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    members[f"{head}.dist-info/WHEEL"] = about.encode()
    return f"{head}-{TAG}.whl", wheelfile.packed(head, members)


def installed_closure(name: str) -> dict[str, str]:
    """Give everything that an installed distribution requires here, at any distance: name -> version.

    :raises EnvironmentLacksError: something of it is not installed
    """
    found: dict[str, str] = {}
    wanted = _required(metadata.distribution(name))
    while wanted:
        requirement = wanted.pop()
        key = canonicalize_name(requirement.name)
        if key in found:
            continue
        try:
            distribution = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            raise EnvironmentLacksError(
                f"{requirement.name} is not installed, which {name} requires",
                fix="install Stackwright again",
            ) from None
        found[key] = distribution.version
        wanted += _required(distribution, requirement.extras)
    return dict(sorted(found.items()))


def install(cache: ArtifactCache, log: Path) -> Path:
    """Give the environment, made first if the cache does not have it.

    :param log: a file that uv's output is appended to
    :raises EnvironmentLacksError: no Python of Debian 12, no network, no space
    """
    closure, (name, content) = _wished()
    interpreter = python.interpreter(PYTHON)

    def fill(directory: Path) -> Provenance:
        pins = [f"{package}=={version}" for package, version in closure.items()]
        lock = uv.compile_lock(pins, python=interpreter)
        uv.create_environment(directory, python=interpreter)
        wheel = directory / name
        wheel.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        lock += f"{NAME} @ {wheel.as_uri()} --hash=sha256:{digest}\n"
        uv.install(directory, lock, exclude_newer=None, log=log)
        link_bytecode(directory, interpreter, PYTHON, cache.directory / "bytecode")
        return Provenance({"pins": closure, "python": PYTHON}, {"uv": uv.version()}, {name: digest})

    made = cache.make(KIND, _key(closure, content, interpreter), fill)
    cache.prune(KIND, days=DAYS)
    return made


def find(cache: ArtifactCache) -> Path | None:
    """Give the environment, if the cache has it."""
    closure, (_, content) = _wished()
    return cache.find(KIND, _key(closure, content, python.interpreter(PYTHON)))


@cache
def _wished() -> tuple[dict[str, str], tuple[str, bytes]]:
    # Once: someone may work on the source tree meanwhile.
    return installed_closure(NAME), packed(Path(stackwright.__file__).parent, metadata.distribution(NAME))


def _key(closure: dict[str, str], content: bytes, interpreter: Path) -> str:
    return key_of(KIND, closure, hashlib.sha256(content).hexdigest(), str(interpreter))


def _required(distribution: metadata.Distribution, extras: Iterable[str] = ()) -> list[Requirement]:
    found = []
    for text in distribution.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": one}) for one in ("", *extras)):
            found.append(requirement)
    return found
