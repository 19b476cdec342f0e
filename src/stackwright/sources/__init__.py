"""From a source to its tree: package index, git, folder."""

from stackwright.sources.model import SourceTree
from stackwright.sources.resolve import resolve

__all__ = ["SourceTree", "resolve"]
