"""The secrets of a distribution, decrypted with the identity of whoever runs the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.site.secrets.keeper import Keeper

if TYPE_CHECKING:
    from pathlib import Path


def opened(distribution: Path, site: str = "local") -> dict[str, str]:
    """Give the values by the secrets' names; nothing if none are kept."""
    keeper = Keeper(distribution / "secrets" / f"{site}.yaml")
    kept = keeper.read()
    return keeper.open(kept, kept.secrets) if kept else {}
