"""useradd: the machine's system users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from pathlib import Path


def add_system_user(name: str, log: Path) -> None:
    """Make a user, and a group of the same name, for a daemon to run as: no home, no login."""
    process.run(
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name], log=log
    )
