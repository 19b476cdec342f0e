"""What linters find, in one form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One finding of a linter.

    :param path: from the tree's top
    :param row: line, from 1
    :param column: from 1
    :param code: the rule's, such as ``H102``
    :param excerpt: what is to be changed, if that is not the line
    """

    path: str
    row: int
    column: int
    code: str
    message: str
    excerpt: str = ""
