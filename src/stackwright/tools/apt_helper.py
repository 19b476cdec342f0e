"""apt-helper: files of apt's lists, however apt has compressed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "/usr/lib/apt/apt-helper"


def content(file: Path) -> bytes:
    """Give what is in a file, unpacked.

    :raises EnvironmentLacksError: apt is not installed
    """
    return process.run([process.find(PROGRAM, package="apt"), "cat-file", str(file)]).stdout
