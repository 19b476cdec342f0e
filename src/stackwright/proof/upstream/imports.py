"""Which modules of a tree import which, as far as their text says: also by a string that names one."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from stackwright.proof.upstream.modules import module_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FROM = re.compile(r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|(?:[^\n\\]|\\\n)*)", re.MULTILINE)
IMPORT = re.compile(r"^[ \t]*import[ \t]+((?:[^\n\\#]|\\\n)+)", re.MULTILINE)
# mock.patch, importutils, entry points: what a string names is imported by whoever has the string.
STRING = re.compile(r"""["']([A-Za-z_]\w*(?:\.\w+)+)(?::[\w.]+)?["']""")
WORD = re.compile(r"[\w.]+")


class Imports:
    """The import graph of a tree. Whoever imports a module imports all packages above it.

    :param sources: path -> text, of every Python file
    :param top: the folder that modules are imported from
    """

    def __init__(self, sources: Mapping[str, str], top: str) -> None:
        self._modules = {module_of(path, top): path for path in sources}
        self._importers: dict[str, set[str]] = defaultdict(set)
        for path, text in sources.items():
            module = module_of(path, top)
            for name in {module, *_named(text, module, path.endswith("/__init__.py"))}:
                for found in self._run_by(name):
                    if found != path:
                        self._importers[found].add(path)

    def importers(self, paths: Iterable[str]) -> frozenset[str]:
        """Give every file that imports one of these, directly or not, and themselves."""
        found = set(paths)
        queue = deque(found)
        while queue:
            for importer in self._importers.get(queue.popleft(), ()):
                if importer not in found:
                    found.add(importer)
                    queue.append(importer)
        return frozenset(found)

    def direct(self, path: str) -> frozenset[str]:
        """Give the files that name a module themselves."""
        return frozenset(self._importers.get(path, ()))

    def _run_by(self, name: str) -> Iterator[str]:
        """Give the files that the import of a name runs: a module, or what has it, and all packages above."""
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            path = self._modules.get(".".join(parts[:count]))
            if path:
                yield path


def _named(text: str, module: str, is_package: bool) -> Iterator[str]:
    for match in FROM.finditer(text):
        origin = match[1]
        dots = len(origin) - len(origin.lstrip("."))
        if dots:
            above = module.split(".")
            above = above[: len(above) - dots + is_package]
            origin = ".".join([*above, *filter(None, [origin.lstrip(".")])])
        yield origin
        for word in WORD.findall(re.sub(r"#[^\n]*|\bas\s+\w+", "", match[2])):
            yield f"{origin}.{word}"
    for match in IMPORT.finditer(text):
        for part in match[1].replace("\\\n", " ").split(","):
            yield part.strip().partition(" ")[0]
    for match in STRING.finditer(text):
        yield match[1]
