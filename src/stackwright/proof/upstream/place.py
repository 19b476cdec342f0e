"""Where shards are run: trees laid out as tox's ``usedevelop`` would have them, beside environments that are there."""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.build.environment import ENVIRONMENTS
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.errors import RunFailedError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.proof.upstream.model import Project
    from stackwright.store import Store, TreeId


class Place:
    """A store, built environments and room for files. Several threads may use one at once.

    :param compiled: a directory for modules that have been compiled with probes
    """

    def __init__(self, store: Store, artifacts: ArtifactCache, compiled: Path) -> None:
        self.store, self.artifacts, self.compiled = store, artifacts, compiled
        compiled.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._trees: dict[tuple[TreeId, Project], Path] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Place:
        """Give itself; trees that are laid out until the end are removed then."""
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def tree(self, tree: TreeId, project: Project) -> Path:
        """Give a directory with the files of a tree, which finds its own metadata; laid out once."""
        with self._lock:
            key = tree, project
            if key not in self._trees:
                directory = self._stack.enter_context(scratch_directory(fast_base())) / "tree"
                self.store.export(tree, directory)
                _introduce(directory, project)
                self._trees[key] = directory
            return self._trees[key]

    def python(self, environment: str) -> Path:
        """Give the interpreter of an environment.

        :raises RunFailedError: it has not been built here
        """
        path = self.artifacts.find(ENVIRONMENTS, environment)
        if path is None:
            raise RunFailedError(
                "the environment of the tests is not here", where=Where(subject=environment), fix="run it again"
            )
        return path / "bin" / "python"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a directory of one process."""
        with scratch_directory(fast_base()) as directory:
            yield directory


def _introduce(directory: Path, project: Project) -> None:
    """Write a project's metadata beside its files, in place of what its sdist had of it."""
    own = canonicalize_name(project.distribution_name)
    for old in directory.glob("*.egg-info"):
        if canonicalize_name(old.name.removesuffix(".egg-info")) == own and old.is_dir():
            shutil.rmtree(old)
    about = f"Metadata-Version: 2.1\nName: {project.distribution_name}\nVersion: {project.version}\n"
    info = directory / f"{own.replace('-', '_')}-{project.version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(about)
    (info / "entry_points.txt").write_text(project.entry_points)
    (directory / "PKG-INFO").write_text(about)
