"""The names of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def qualified(service: str, names: Iterable[str]) -> tuple[str, ...]:
    """Give the full names of steps that an entry names: those without a service are its own."""
    return tuple(name if "/" in name else f"{service}/{name}" for name in names)
