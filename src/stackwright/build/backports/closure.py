"""What of a repository a build could use: what it needs, and what that needs in turn. All of it is pure.

A build is a function of these packages and of no others of the repository (`DebPlan.key`), so that it is not done again
because something else has been added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.build.apt_repository.indexes import SOURCE
from stackwright.build.debian.deb822 import paragraphs, relations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stackwright.build.apt_repository.record import Build, Package

RUNTIME = ("Pre-Depends", "Depends")


def usable(wished: str, builds: Iterable[Build], file: Path) -> tuple[Package, ...]:
    """Give the binary packages that could be installed to meet some relations, whichever alternatives are taken.

    :param wished: the relations, as a field has them
    :param builds: of which one version each of a source package
    :param file: the record that they are from, for errors
    """
    packages = [package for build in builds for package in build.packages if package.architecture != SOURCE]
    fields = {id(package): next(paragraphs(package.paragraph, file)) for package in packages}
    makers: dict[str, list[Package]] = {}
    for package in packages:
        for name in (package.name, *_names(fields[id(package)].get("Provides", ""))):
            makers.setdefault(name, []).append(package)
    found: dict[int, Package] = {}
    names = list(_names(wished))
    seen = set(names)
    for name in names:
        for package in makers.get(name, ()):
            if id(package) in found:
                continue
            found[id(package)] = package
            more = {one for field in RUNTIME for one in _names(fields[id(package)].get(field, ""))} - seen
            names += sorted(more)
            seen |= more
    return tuple(sorted(found.values(), key=lambda package: package.files[0].path))


def _names(field: str) -> Iterator[str]:
    return (alternative.name for clause in relations(field) for alternative in clause)
