"""Places as people are told them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackwright.errors import Where


def place(where: Where, root: Path) -> str:
    """Give ``sites/local.yaml:14``, or ``the catalogue (nova.yaml:31)``; the subject of what has no file.

    :param root: of the distribution
    """
    if where.file is None:
        return str(where)
    line = f":{where.line}" if where.line is not None else ""
    with resources.as_file(resources.files("stackwright.catalogue")) as catalogue:
        if where.file.is_relative_to(catalogue):
            return f"the catalogue ({where.file.name}{line})"
    file = where.file.relative_to(root) if where.file.is_relative_to(root) else where.file
    return f"{file}{line}"
