"""Which packages depend on others, and which of their relations another version would no longer meet. Pure."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.debian.deb822 import relations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackwright.build.debian.deb822 import Alternative

NEEDED = ("Pre-Depends", "Depends", "Build-Depends", "Build-Depends-Indep", "Build-Depends-Arch")
AVERSE = ("Breaks", "Conflicts")
# Where Debian's packages have Python modules that are imported (Python policy 3.1).
MODULES = re.compile(r"usr/lib/python3/dist-packages/(?P<path>.+)\.py")
EXTENSION = re.compile(r"usr/lib/python3/dist-packages/(?P<path>[^.]+)\.[^/]*so")


@dataclass(frozen=True)
class Dependent:
    """A package that may depend on another: a binary package, or a source package by what it needs to be built.

    :param origin: where it is: ``ours``, or a suite
    :param fields: what its paragraph says
    """

    name: str
    version: str
    origin: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Break:
    """Why a package would break.

    :param what: the relation or the module
    :param why: a sentence without a full stop
    """

    package: str
    version: str
    origin: str
    what: str
    why: str


def broken_relations(
    dependents: Iterable[Dependent], old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[Break]:
    """Give the relations that are met now, and would not be any more.

    An alternative that is another package's counts as met.

    :param old: the binary packages now: name -> version
    :param new: those to be
    :raises ValueError: a relation is not of the form
    """
    for one in dependents:
        for field in NEEDED:
            for clause in relations(one.fields.get(field, "")):
                ours = [alternative for alternative in clause if alternative.name in old]
                others = len(ours) < len(clause)
                if others or not any(alternative.takes(old[alternative.name]) for alternative in ours):
                    continue
                if not any(
                    alternative.name in new and alternative.takes(new[alternative.name]) for alternative in ours
                ):
                    why = _unmet(ours, new)
                    yield Break(one.name, one.version, one.origin, f"{field}: {_written(clause)}", why)


def broken_by(averse: Iterable[Dependent], dependents: Iterable[Dependent]) -> Iterator[Break]:
    """Give the packages that new ones say they break or cannot be with.

    :param averse: the new ones
    """
    there = {one.name: one for one in dependents if not any(one.fields.get(field) for field in NEEDED[2:])}
    for one in averse:
        for field in AVERSE:
            for clause in relations(one.fields.get(field, "")):
                for alternative in clause:
                    other = there.get(alternative.name)
                    if other is not None and other.name != one.name and alternative.takes(other.version):
                        why = f"{one.name} {one.version} cannot be with it"
                        yield Break(other.name, other.version, other.origin, f"{field}: {_written(clause)}", why)


def modules_in(paths: Iterable[str]) -> frozenset[str]:
    """Give the Python modules among the files of a package, by their dotted names."""
    found = set()
    for path in paths:
        form = MODULES.fullmatch(path) or EXTENSION.fullmatch(path)
        if form is not None and "-" not in form["path"]:
            found.add(form["path"].removesuffix("/__init__").replace("/", "."))
    return frozenset(found)


def imported(source: str) -> frozenset[str]:
    """Give what the text of a module imports by absolute names: modules, and what may be one.

    What cannot be parsed as Python imports nothing.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def _unmet(ours: Iterable[Alternative], new: Mapping[str, str]) -> str:
    reasons = [
        f"{one.name} would be {new[one.name]}" if one.name in new else f"{one.name} would be gone" for one in ours
    ]
    return ", ".join(dict.fromkeys(reasons))


def _written(clause: Iterable[Alternative]) -> str:
    return " | ".join(f"{one.name} ({one.sign} {one.version})" if one.sign else one.name for one in clause)
