from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.build.workshop import Workshop
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution import load
from stackwright.events import Events
from stackwright.proof.migrations.environments import plan_of
from stackwright.store import Memo
from tests.hazard_corpus import Corpus
from tests.releases import CACHE, Releases

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    directory: Path = tmp_path_factory.mktemp("releases")
    return Releases(directory)


@pytest.fixture(scope="session")
def corpus(releases: Releases, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The releases, to be carried patches on; what is read of a tree is remembered from one test to the next."""
    return Corpus(tmp_path_factory.mktemp("corpus"), releases)


@pytest.fixture(scope="session")
def placement_python(tmp_path_factory: pytest.TempPathFactory, releases: Releases) -> Path:
    """The Python of placement's environment, which has alembic and oslo.config."""
    root = tmp_path_factory.mktemp("distribution")
    (root / "releases").mkdir()
    (root / "distribution.yaml").write_text("name: team\n")
    (root / "releases/2026.2.yaml").write_text(
        'python: "3.11"\npins: {exclude-newer: 2026-10-15}\n'
        "components: {placement: {source: {pypi: openstack-placement, version: 16.0.0}}}\n"
    )
    workshop = Workshop(releases.store, Memo(CACHE), ArtifactCache(CACHE), Events(), root)
    plan = plan_of(own_catalogue().service("placement"), load(root), "2026.2", workshop)
    return workshop.environment(plan, "placement").path / "bin/python"
