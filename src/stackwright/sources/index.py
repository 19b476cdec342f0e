"""Which sdist a version of a package is: asked from uv, so that the user's own package index settings count."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.errors import InputError, ManyInputsError
from stackwright.tools import uv
from stackwright.tools.python import interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from stackwright.distribution import Component, PypiSource, Release
    from stackwright.errors import Where


@dataclass(frozen=True)
class Sdist:
    """An sdist as the package index has it; the URL may hold credentials."""

    url: str
    sha256: str


@dataclass(frozen=True)
class Wanted:
    """A component whose sdist is wanted."""

    component: Component
    source: PypiSource
    where: Where


def look_up(wanted: Sequence[Wanted], release: Release) -> Mapping[str, Sdist]:
    """Find the sdists of components, all by one question.

    :return: by component name
    :raises InputError: the index does not have such a version, or no sdist of it, or another one
    :raises EnvironmentLacksError: the index cannot be reached
    """
    python, newest = interpreter(release.python), release.pins.exclude_newer
    try:
        lock = uv.locate(map(_requirement, wanted), python=python, exclude_newer=newest)
    except InputError as error:
        raise _explained(wanted, python, newest, error) from error
    packages = {canonicalize_name(package["name"]): package for package in tomllib.loads(lock)["packages"]}
    found, errors = {}, []
    for one in wanted:
        sdist = packages[canonicalize_name(one.source.pypi)].get("sdist")
        if sdist is None:
            errors.append(_without_sdist(one))
        elif one.source.sha256 not in (None, sdist["hashes"]["sha256"]):
            errors.append(_another_hash(one, sdist["hashes"]["sha256"]))
        else:
            found[one.component.name] = Sdist(sdist["url"], sdist["hashes"]["sha256"])
    if errors:
        raise errors[0] if len(errors) == 1 else ManyInputsError(errors)
    return found


def _requirement(wanted: Wanted) -> str:
    return f"{wanted.source.pypi}=={wanted.source.version}"


def _explained(wanted: Sequence[Wanted], python: Path, newest: date | None, error: InputError) -> InputError:
    """Find the versions that do not exist, one by one, and what there is instead."""

    def version(requirement: str) -> str | None:
        try:
            lock = uv.locate([requirement], python=python, exclude_newer=newest)
        except InputError:
            return None
        return str(tomllib.loads(lock)["packages"][0]["version"])

    errors = []
    for one in wanted:
        if version(_requirement(one)) is not None:
            continue
        name = one.source.pypi
        latest = version(name)
        before = version(f"{name}<{one.source.version}")
        limit = f" from before {newest:%Y-%m-%d}" if newest else ""
        if latest is None:
            what = f"the package index has no {name} that Python {python.name.removeprefix('python')} can use"
            fix = "correct the name"
        else:
            what = f"the package index has no {name} {one.source.version}{limit}"
            near = " and ".join(dict.fromkeys(filter(None, (before, latest))))
            fix = f"take a version that it has: {near}"
        errors.append(InputError(what, where=one.where, details=error.details, fix=fix))
    if not errors:
        return error
    return errors[0] if len(errors) == 1 else ManyInputsError(errors)


def _without_sdist(one: Wanted) -> InputError:
    return InputError(
        f"{one.source.pypi} {one.source.version} has no sdist on the package index, only wheels",
        where=one.where,
        fix="use its git repository as the source",
    )


def _another_hash(one: Wanted, found: str) -> InputError:
    return InputError(
        f"the sdist of {one.source.pypi} {one.source.version} is not the one of the release",
        where=one.where,
        details=f"    expected SHA-256 {one.source.sha256}\n    found    SHA-256 {found}",
        why="the hash was written down wrongly, or the file on the index was replaced",
        fix="find out which it is before you change `sha256:`",
    )
