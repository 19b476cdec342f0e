"""What an image carries of the distribution: the trees and patches of what is built here, and how they are named."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from stackwright.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stackwright.build.patched import PatchedComponent

# In annotations and labels: the digest of the series; all of what is carried, as JSON; Debian packages that are of none
# of Debian's suites, as JSON: file name -> SHA-256.
SERIES = "org.stackwright.series"
CARRIED = "org.stackwright.carried"
PACKAGES = "org.stackwright.packages"
SHORT = 12
Read = TypeVar("Read")


class CarriedPatch(BaseModel):
    """A patch that is in an image."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str


class Carried(BaseModel):
    """A component that is built here and that an image has.

    :param distribution: its Python distribution
    :param upstream: the tree before the patches
    """

    model_config = ConfigDict(frozen=True)

    component: str
    distribution: str
    version: str
    upstream: str
    tree: str
    patches: tuple[CarriedPatch, ...]


_MANY = TypeAdapter(tuple[Carried, ...])
_DEBS = TypeAdapter(dict[str, str])


def carried(components: Iterable[PatchedComponent]) -> tuple[Carried, ...]:
    """Give what components are, as images tell of it."""
    found = [
        Carried(
            component=one.source.component.name,
            distribution=one.wheel.distribution_name,
            version=one.wheel.version,
            upstream=one.source.tree,
            tree=one.applied.tree,
            patches=tuple(
                CarriedPatch(name=patch.name, sha256=hashlib.sha256(patch.file.read_bytes()).hexdigest())
                for patch in one.series.patches
                if patch.file
            ),
        )
        for one in components
    ]
    return tuple(sorted(found, key=lambda one: one.component))


def series_digest(some: Iterable[Carried], debs: Collection[str] = ()) -> str:
    """Give the SHA-256 over the patches, in their order, of each component that has any. A pure function.

    :param debs: the SHA-256 of Debian packages of ours, which have their patches in them
    """
    listed = [[one.component, [patch.sha256 for patch in one.patches]] for one in some if one.patches]
    listed += [["", sorted(debs)]] if debs else []
    return hashlib.sha256(json.dumps(listed, separators=(",", ":")).encode()).hexdigest()


def told(some: tuple[Carried, ...]) -> str:
    """Give it as one line of JSON."""
    return _MANY.dump_json(some).decode()


def read(text: str) -> tuple[Carried, ...]:
    """Read what `told` wrote; empty gives nothing.

    :raises InputError: it is something else
    """
    return _read(CARRIED, _MANY, text) if text else ()


def read_debs(text: str) -> dict[str, str]:
    """Read the annotation of Debian packages; empty gives none.

    :raises InputError: it is something else
    """
    return _read(PACKAGES, _DEBS, text) if text else {}


def _read(annotation: str, form: TypeAdapter[Read], text: str) -> Read:
    try:
        return form.validate_json(text)
    except ValidationError as error:
        raise InputError(
            f"the annotation {annotation} of an image cannot be read",
            why=error.errors()[0]["msg"],
            fix="build the image again",
        ) from error
