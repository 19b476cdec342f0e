"""The artifacts that a site is made of, as one thing with an id: what proofs are of, and what a channel is at."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import Field

from stackwright.build.cache import ArtifactCache
from stackwright.build.environment import ENVIRONMENTS
from stackwright.build.wheel import find_wheel
from stackwright.distribution.texts import Name, Sha256
from stackwright.distribution.written import Written
from stackwright.errors import CheckFailedError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stackwright.targets.local.wish import Wish

WHEEL = "wheel"
ENVIRONMENT = "environment"
SHORT = 12


class Artifact(Written):
    """One thing that a build made."""

    kind: Name = Field(description="what it is: wheel, environment")
    name: Name = Field(description="of a wheel, its component; of an environment, the service that runs from it")
    version: str = Field(description="of a wheel, its own; of an environment, that of its Python")
    patches: int = Field(0, ge=0, description="how many patches are in its tree")
    tree: str = Field("", description="id of the git tree that it is made of")
    key: str = Field("", description="of an environment, what it is a function of: lock, wheels, interpreter")
    digest: Sha256 = Field(description="SHA-256: of a wheel, or of the list of an environment's sources")


@dataclass(frozen=True)
class ArtifactSet:
    """The artifacts of a site.

    :param release: the release they were made of
    :param site: the site they were made for
    """

    release: str
    site: str
    artifacts: tuple[Artifact, ...]

    @cached_property
    def id(self) -> str:
        """Which set it is: that of another site, or of a release of another name, is the same if its artifacts are."""
        return set_id(self.artifacts)

    @property
    def patched(self) -> tuple[Artifact, ...]:
        """Those that are made of a tree with patches."""
        return tuple(artifact for artifact in self.artifacts if artifact.patches)


def set_id(artifacts: Iterable[Artifact]) -> str:
    """Give the SHA-256 over the artifacts as JSON, sorted, without what is empty. A pure function."""
    plain = [one.model_dump(mode="json", by_alias=True, exclude_defaults=True) for one in ordered(artifacts)]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def ordered(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
    """Give artifacts in the order in which they are written."""
    return tuple(sorted(artifacts, key=lambda one: (one.kind, one.name, one.digest)))


def short(id_: str) -> str:
    """Give an id as people are shown it."""
    return id_[:SHORT]


def artifacts_of(wish: Wish, cache: Path) -> ArtifactSet:
    """Give the artifacts that a site is to be made of.

    :param cache: the cache of downloads and artifacts
    :raises CheckFailedError: some of them have not been built
    """
    built = ArtifactCache(cache)
    found, missing = [], []
    for name, component in wish.patched.items():
        wheel = find_wheel(component.wheel, built)
        if wheel is None:
            missing.append(f"the wheel of {name} {component.wheel.version}")
            continue
        found.append(
            Artifact(
                kind=WHEEL,
                name=name,
                version=wheel.version,
                patches=len(component.series.patches),
                tree=component.applied.tree,
                digest=wheel.sha256,
            )
        )
    for name, key in wish.cloud.identities.items():
        if built.find(ENVIRONMENTS, key) is None:
            missing.append(f"the environment of {name}")
            continue
        provenance = built.provenance(ENVIRONMENTS, key)
        version = str(provenance.inputs["python"])
        found.append(
            Artifact(kind=ENVIRONMENT, name=name, version=version, key=key, digest=provenance.outputs["sources"])
        )
    if missing:
        raise CheckFailedError(
            f"not all artifacts of the site {wish.site.name} are built: {', '.join(missing)}",
            where=Where(subject=f"release {wish.site.release}"),
            why="only what is there can be proved",
            fix="stackwright up",
        )
    return ArtifactSet(wish.site.release, wish.site.name, ordered(found))
