"""Begin a new distribution."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from stackwright.distribution.schemas import MODELS, schema
from stackwright.distribution.texts import NAME_RULE, is_name
from stackwright.errors import EnvironmentLacksError, InputError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from stackwright.distribution.written import Written


def init(directory: Path, name: str, models: Mapping[str, type[Written]] = MODELS) -> list[Path]:
    """Write a new distribution that works at once, with the schemas that editors check its files by.

    :param directory: where; made if it is not there
    :param models: of the files that get a schema
    :returns: the files written
    :raises InputError: the name cannot be one, or something is in the directory (a new `.git` does not matter)
    :raises EnvironmentLacksError: it cannot be written
    """
    if not is_name(name):
        raise InputError(f"{name!r} cannot be the name of a distribution", fix=NAME_RULE)
    files = {path: text.replace("@NAME@", name) for path, text in _template()}
    files |= {f".schema/{kind}.json": json.dumps(schema(model), indent=2) + "\n" for kind, model in models.items()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        there = sorted(path.name for path in directory.iterdir() if path.name != ".git")
        if there:
            raise InputError(
                "the directory is not empty",
                where=Where(directory),
                why=f"it has {there[0]!r} in it, and nothing is overwritten",
                fix="name a new directory",
            )
        for path, text in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise InputError("this is not a directory", where=Where(directory), fix="name a new directory") from error
    except OSError as error:
        raise EnvironmentLacksError(
            f"the distribution cannot be written: {error.strerror}",
            where=Where(directory),
            fix="mend that, remove what was written, and repeat",
        ) from error
    return [directory / path for path in files]


def _template() -> Iterator[tuple[str, str]]:
    """Give the files of the template, by their paths."""

    def inside(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.is_dir():
                yield from inside(entry, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name, entry.read_text(encoding="utf-8")

    return inside(resources.files("stackwright.distribution") / "template", "")
