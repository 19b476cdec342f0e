"""Packages installed in a clean system, as their users will, and their Python modules imported there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.debian.chroot import Base, entered
from stackwright.build.debian.deb822 import Paragraph, paragraphs, relations
from stackwright.build.debian.layers import Layer
from stackwright.errors import CheckFailedError, Where
from stackwright.tools import chroot, dpkg_deb, process

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.debian.builder import BuiltDebs, DebPlan

_MODULE = re.compile(r"usr/lib/python3/dist-packages/(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:/__init__\.py|\.py)")
NOBODY = "nobody:nogroup"


@dataclass(frozen=True)
class Trial:
    """What was tried.

    :param packages: those that were installed
    :param modules: the Python modules that were imported
    """

    packages: tuple[str, ...]
    modules: tuple[str, ...]


def try_out(plan: DebPlan, built: BuiltDebs, *, everything: bool, cache: ArtifactCache, log: Path) -> Trial:
    """Install packages in a clean system and import their Python modules, as somebody without rights or a network.

    :param everything: install all that can be together, not those with Python modules alone
    :raises CheckFailedError: a maintainer script fails, or a module cannot be imported
    :raises InputError: what a package depends on cannot be had in this suite
    """
    modules: dict[str, list[str]] = {}
    controls: dict[str, Paragraph] = {}
    for deb in built.debs:
        (control,) = paragraphs(dpkg_deb.control(deb), deb)
        name = control["Package"]
        found = {match["name"] for path in dpkg_deb.files_in(deb) if (match := _MODULE.fullmatch(path))}
        modules[name] = sorted(found)
        if control.get("Auto-Built-Package") != "debug-symbols" and (everything or found):
            controls[name] = control
    chosen = together(controls.values())
    packages = tuple(f"{control['Package']}={control['Version']}" for control in chosen)
    debs = {str(built.directory / name): sha256 for name, sha256 in built.hashes.items() if name.endswith(".deb")}
    layer = Layer(Base(plan.suite, ()), plan.source.name, packages=packages, more={**plan.more, **debs})
    layers = layer.make(cache, log)
    wanted = tuple(module for control in chosen for module in modules[control["Package"]])
    with entered(cache, *layers) as system:
        for module in wanted:
            try:
                words = ["python3", "-B", "-c", f"import {module}"]
                chroot.run(system, words, user=NOBODY, directory="/", log=log)
            except process.ProgramFailedError as error:
                raise CheckFailedError(
                    f"the module {module} of {plan.source.name} cannot be imported where its packages are installed",
                    where=Where(log),
                    details=error.details,
                    fix="add what it needs to the package's Depends, or mend the patch",
                ) from error
    return Trial(tuple(control["Package"] for control in chosen), wanted)


def together(controls: Iterable[Paragraph]) -> tuple[Paragraph, ...]:
    """Choose the packages that can be installed together: of those that conflict, the first by name."""
    chosen: list[Paragraph] = []
    for control in sorted(controls, key=lambda one: one["Package"]):
        if not any(_conflict(control, other) or _conflict(other, control) for other in chosen):
            chosen.append(control)
    return tuple(chosen)


def _conflict(one: Paragraph, other: Paragraph) -> bool:
    provided = {other["Package"], *(item.name for group in relations(other.get("Provides", "")) for item in group)}
    for field in ("Conflicts", "Breaks"):
        for group in relations(one.get(field, "")):
            if any(item.name in provided and (not item.sign or item.takes(other["Version"])) for item in group):
                return True
    return False
