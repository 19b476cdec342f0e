"""Words for what is not there."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def near(word: str, known: Iterable[str]) -> str:
    """Name the known word nearest to a mistyped one; nothing if none is near. Services have hundreds of rules."""
    found = get_close_matches(word, sorted(known), n=1)
    return f"did you mean {found[0]!r}?" if found else ""


def nearest_rule(service: str, rule: str, known: Iterable[str]) -> str:
    """Say which rule may be meant, or what lists those that there are."""
    return near(rule, known) or f"stackwright policy matrix {service} lists its rules"
