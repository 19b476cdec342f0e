"""Where shards of a small project's trees are run."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.build.workshop import Workshop
from stackwright.distribution import load
from stackwright.events import Events
from stackwright.proof.upstream.environment import environment_of
from stackwright.proof.upstream.model import Shard, ShardResult, Status
from stackwright.proof.upstream.place import Place
from stackwright.proof.upstream.project import read_project
from stackwright.proof.upstream.shard import run_shard
from stackwright.store import Memo, Store, TreeId
from tests.widget import FILES, team_with_widget

if TYPE_CHECKING:
    from pathlib import Path


class Floor:
    """Where shards of trees with other files are run, all in one environment."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        distribution = load(team_with_widget(scratch).distribution)
        self.store, memo = Store(scratch / "store.git"), Memo(scratch / "cache")
        self.artifacts = ArtifactCache(scratch / "cache")
        workshop = Workshop(self.store, memo, self.artifacts, Events(), scratch / "logs")
        release = distribution.release("r")
        _, requirements = read_project(self.store, self.tree({}), "widget", "widget", "1.0", "3.11")
        self.environment = environment_of(distribution, release, "widget", requirements, workshop)

    def tree(self, files: dict[str, str]) -> TreeId:
        """Give the tree of the project with other files."""
        folder = self.scratch / "tree"
        for path, text in {**FILES, **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        tree = self.store.import_directory(folder)
        for path in files.keys() - FILES.keys():
            (folder / path).unlink()
        return tree

    def shard(self, files: dict[str, str], *tests: str, modules: tuple[str, ...] = (), timeout: float = 20) -> Shard:
        tree = self.tree(files)
        project, _ = read_project(self.store, tree, "widget", "widget", "1.0", "3.11")
        return Shard("widget", "r", tree, self.environment, project, tests, modules or tests, timeout)

    def run(self, shard: Shard) -> ShardResult:
        with Place(self.store, self.artifacts, self.scratch / "compiled") as place:
            return run_shard(pickle.loads(pickle.dumps(shard)), place)


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    return Floor(tmp_path_factory.mktemp("floor"))


def statuses(result: ShardResult) -> dict[str, Status]:
    return {outcome.test.rpartition(".")[2]: outcome.status for outcome in result.outcomes}
