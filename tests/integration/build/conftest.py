"""A workshop: a store with real upstream trees, an artifact cache, and releases made of them."""

from __future__ import annotations

import shutil
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.build.environment import Environment, EnvironmentPlan, build_environment, plan_environment
from stackwright.build.wheel import Wheel, WheelPlan, build_wheel, plan_wheel
from stackwright.distribution.model import Release
from stackwright.store import Memo, Store, TreeId
from stackwright.tools import process, uv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAY = "2026-10-15"


@dataclass
class Workshop:
    directory: Path
    fetch: Callable[[str, str], Path]

    def __post_init__(self) -> None:
        self.store = Store(self.directory / "store")
        self.memo = Memo(self.directory / "memo")
        self.cache = ArtifactCache(self.directory / "artifacts")
        self.log = self.directory / "build.log"

    def upstream(self, name: str, version: str) -> TreeId:
        """Give the tree of an sdist."""
        return self.store.import_sdist(self.fetch(name, version))

    def patched(self, tree: TreeId, files: Mapping[str, str]) -> TreeId:
        """Give a tree with text added to the end of some of its files, which are made if they are not there."""
        work = self.directory / "work"
        self.store.export(tree, work)
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            with (work / path).open("a") as stream:
                stream.write(text)
        patched = self.store.import_directory(work)
        shutil.rmtree(work)
        return patched

    def plan_wheel(self, release: Release, name: str, tree: TreeId, *, upstream: str, patches: int = 1) -> WheelPlan:
        return plan_wheel(release, name, tree=tree, upstream_version=upstream, patches=patches)

    def wheel(self, plan: WheelPlan) -> Wheel:
        return build_wheel(plan, store=self.store, cache=self.cache, memo=self.memo, log=self.log)

    def plan(
        self, release: Release, *requirements: str, wheels: Mapping[str, WheelPlan] | None = None
    ) -> EnvironmentPlan:
        return plan_environment(requirements, release, wheels or {}, store=self.store, memo=self.memo)

    def environment(self, plan: EnvironmentPlan) -> Environment:
        for wheel in plan.built:
            self.wheel(wheel)
        return build_environment(plan, cache=self.cache, memo=self.memo, log=self.log)


def a_release(
    components: Mapping[str, Mapping[str, str]], *, day: str | None = None, constraints: Path | None = None
) -> Release:
    """Give a release with these components, from sdists of their own names if nothing else is said.

    It is pinned to a day if it has no constraints, or one is given.
    """
    newest = day or (None if constraints else DAY)
    pins: dict[str, Any] = {"constraints": constraints, "exclude-newer": newest}
    entries = {
        name: {
            "name": name,
            "distribution-name": name,
            "source": source if "path" in source else {"pypi": name, **source},
        }
        for name, source in components.items()
    }
    return Release.model_validate({"name": "test", "python": "3.11", "pins": pins, "components": entries})


def python(environment: Environment, program: str) -> str:
    """Run a program by an environment's Python, and give what it prints."""
    return process.run([str(environment.path / "bin" / "python"), "-c", program], env={"PYTHONPATH": None}).text.strip()


@pytest.fixture(scope="session")
def fetch(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Give a function that fetches an sdist, once."""
    directory = tmp_path_factory.mktemp("sdists")

    def fetched(name: str, version: str) -> Path:
        file = directory / f"{name}-{version}.tar.gz"
        if not file.exists():
            command = [uv.uv_path(), "pip", "compile", "--quiet", "--no-deps", "--format", "pylock.toml", "-"]
            lock = process.run(command, stdin=f"{name}=={version}\n".encode(), cwd=directory).text
            (package,) = tomllib.loads(lock)["packages"]
            with urllib.request.urlopen(package["sdist"]["url"]) as response:
                file.write_bytes(response.read())
        return file

    return fetched


@pytest.fixture
def workshop(tmp_path: Path, fetch: Callable[[str, str], Path]) -> Workshop:
    return Workshop(tmp_path, fetch)
