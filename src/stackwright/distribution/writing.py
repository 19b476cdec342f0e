"""Change files of a distribution: one value of what a user wrote, with all else as it is; or a file, whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from stackwright.distribution.document import compose
from stackwright.distribution.model import ReleaseFile
from stackwright.distribution.reading import parse
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping


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


def put(file: Path, text: str) -> None:
    """Put a file in its place whole: whoever reads it sees all of the old or all of the new."""
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    handle, part = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(handle)
        Path(part).chmod(mode)
        Path(part).replace(file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _end(node: yaml.Node) -> int:
    """Give where a value ends: that of a block is its last value's, and not behind the comments that follow."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)
