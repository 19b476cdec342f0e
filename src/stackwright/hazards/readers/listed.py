"""What the listing of a tree tells: API samples with their templates, and release notes. No file is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim, fixed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look

ENDING = re.compile(r"\.(json|xml)(\.tpl)?$")
DIGITS = 12  # of a blob's id: enough to tell two contents of one name apart


def samples(look: Look) -> Iterator[Claim]:
    """Give the samples of the role ``samples`` and those of ``templates``, which have the same names below another."""
    found: dict[str, dict[str, str]] = {}
    for role in ("samples", "templates"):
        folders = [fixed(words) for words in look.wanted.get(role, ())]
        for path in look.paths(role):
            folder = next(folder for folder in folders if path.startswith(f"{folder}/"))
            found.setdefault(ENDING.sub("", path[len(folder) + 1 :]), {}).setdefault(role, path)
    for name, paths in found.items():
        meaning = [(word, "yes" if role in paths else "no") for word, role in PARTS]
        yield claim(Kind.SAMPLE, name, next(iter(paths.values())), 1, meaning)


PARTS = (("sample", "samples"), ("template", "templates"))


def notes(look: Look) -> Iterator[Claim]:
    """Give the release notes of the role ``notes``."""
    for path in look.paths("notes"):
        slug = path.rpartition("/")[2].removesuffix(".yaml")
        yield claim(Kind.NOTE, slug, path, 1, [("content", look.entries[path].blob[:DIGITS])])
