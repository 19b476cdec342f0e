"""What a source is once it has been resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackwright.distribution import Component
    from stackwright.store import TreeId


@dataclass(frozen=True)
class SourceTree:
    """A component's upstream tree.

    :param version: the version of its Python distribution
    :param origin: where it comes from, for a person: ``nova 34.0.0 (sdist sha256 919e...)``
    :param digest: what its origin knows it by: an sdist's SHA-256, a commit id, a folder's tree id
    """

    component: Component
    tree: TreeId
    version: str
    origin: str
    digest: str
