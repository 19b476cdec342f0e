"""Where the upstream tree of somebody's series is, as the files beside it say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.distribution.reading import read_yaml
from stackwright.errors import Where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stackwright.distribution.document import Node

CONFIG = "config.yaml"
SOURCE_REFS = "source-refs.yaml"
FURTHEST = 3  # how many folders above a series `source-refs.yaml` may be
REF_KEYS = ("ref", "branch", "tag", "commit", "version")
REPOSITORY_KEYS = ("git", "repo", "repository", "url")


@dataclass(frozen=True)
class Upstream:
    """What a file says of a series' upstream.

    :param repository: its address; empty if only the ref is said
    :param notes: what else the file says, and a source has no word for
    """

    repository: str
    ref: str
    where: Where
    notes: tuple[str, ...] = ()


def of_config(directory: Path) -> Upstream | None:
    """Read ``config.yaml`` beside ``ORDER``: ``repo``, ``branch``, ``shallow_clone``, ``directory``."""
    file = directory / CONFIG
    if not file.is_file():
        return None
    entries = _entries(read_yaml(file).root)
    repository, ref = _text(entries.get("repo")), _text(entries.get("branch"))
    if not repository or not ref:
        return None
    notes = []
    if "directory" in entries:
        notes.append(f"`directory: {_text(entries['directory'])}` names the clone: there is none here")
    if "shallow_clone" in entries:
        notes.append("`shallow_clone` is left out: what is fetched is decided by what is asked for")
    return Upstream(repository, ref, Where(file), tuple(notes))


def of_release_folder(directory: Path) -> Upstream | None:
    """Read the nearest ``source-refs.yaml`` at or above ``.../COMPONENT/RELEASE`` for what it says of the two.

    Its entry is a ref, or a map with one and perhaps the repository's address; entries may be below the release's name.
    """
    absolute = directory.absolute()
    component, release = absolute.parent.name, absolute.name
    folders = [absolute, *absolute.parents][: FURTHEST + 1]
    file = next((folder / SOURCE_REFS for folder in folders if (folder / SOURCE_REFS).is_file()), None)
    if file is None:
        return None
    root = read_yaml(file).root
    for way in ((release, component), (component, release), (component,)):
        found: Node | None = root
        for step in way:
            found = _entries(found).get(step)
        upstream = _entry(found, Where(file))
        if upstream:
            return upstream
    return None


def _entry(node: Node | None, where: Where) -> Upstream | None:
    entries = _entries(node)
    ref = _first(entries, REF_KEYS) if entries else _text(node)
    return Upstream(_first(entries, REPOSITORY_KEYS), ref, where) if ref else None


def _first(entries: Mapping[str, Node], keys: Sequence[str]) -> str:
    return next((text for key in keys if (text := _text(entries.get(key)))), "")


def _entries(node: Node | None) -> Mapping[str, Node]:
    return node.content if node and isinstance(node.content, Mapping) else {}


def _text(node: Node | None) -> str:
    """Give a scalar as it is written; empty for anything else."""
    if node is None or node.content is None or isinstance(node.content, Mapping | tuple):
        return ""
    return str(node.content if node.text is None else node.text)
