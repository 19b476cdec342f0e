"""Change one value of a file that a user wrote; all else of it, comments too, stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from stackwright.distribution.document import compose
from stackwright.distribution.model import ReleaseFile
from stackwright.distribution.reading import parse
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def with_source(file: Path, component: str, source: Mapping[str, str]) -> str:
    """Give the text of a release's file with another source of a component.

    :raises InputError: the file has no such component, or what comes out is no release
    """
    text = file.read_text()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in ("components", component, "source"):
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in entries if name.value == key), None)
    if node is None:
        raise InputError(
            f"the release has no component {component!r} with a source", where=Where(file), fix="write it there"
        )
    words = yaml.safe_dump(dict(source), default_flow_style=True, sort_keys=False, width=10_000).strip()
    changed = text[: node.start_mark.index] + words + text[_end(node) :]
    document, errors = compose(changed, file)
    if errors or document is None:
        raise errors[0]
    parse(ReleaseFile, document)
    return changed


def _end(node: yaml.Node) -> int:
    """Give where a value ends: that of a block is its last value's, and not behind the comments that follow."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)
