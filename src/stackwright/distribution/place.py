"""Where a distribution is, and where in it things are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "distribution.yaml"
# Beside the folders of the releases: patches that several of them share.
SHARED = "shared"


def find(start: Path) -> Path:
    """Give the nearest folder at or above a place that has a distribution.

    :raises InputError: there is none
    """
    place = start.absolute()
    for folder in (place, *place.parents):
        if has_head(folder):
            return folder
    raise no_distribution(start, f"neither it nor a folder above it has a {HEAD} that can be read")


def no_distribution(place: Path, why: str) -> InputError:
    """Give the error that says so."""
    return InputError(
        "there is no distribution here",
        where=Where(place),
        why=why,
        fix="`stackwright init DIR` makes one; `--distribution DIR` names one that is elsewhere",
    )


def has_head(folder: Path) -> bool:
    """Tell whether a folder is a distribution."""
    try:
        return (folder / HEAD).is_file()
    except PermissionError:
        return False
