"""What is in the archive of a release, and where.

An archive is an OCI image layout, so that it is one folder and can be pushed to a registry as one artifact: every file
is a blob by its SHA-256, once, however many releases and images have it, and a manifest names them all by their paths
(https://github.com/opencontainers/image-spec: manifest.md, guidelines for artifact usage).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stackwright.build.debian.builder import DEBS
from stackwright.build.debian.source import SOURCES
from stackwright.build.image import oci
from stackwright.build.image.attached import attached_reference
from stackwright.distribution.texts import Name
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from stackwright.build.image.layout import Layout

TYPE = "application/vnd.stackwright.release.v1"
SUMMARY_TYPE = "application/vnd.stackwright.release.summary.v1+json"
FILE_TYPE = "application/octet-stream"
DISTRIBUTION, DOWNLOADS, TREES, PACKAGES = "distribution", "downloads", "trees", "packages"
WHEELS, MEMO, LOCKS, BILLS = "wheels", "memo.json", "locks", "sboms"
# Kinds of the artifact cache, each in a part of its name.
DEBIAN = (DEBS, SOURCES)


class PathTree(BaseModel):
    """A component whose source no one can be asked for without a network: its tree is in the archive."""

    model_config = ConfigDict(frozen=True)

    component: Name
    tree: str = Field(pattern=r"^[0-9a-f]{40}$")
    version: str


class Summary(BaseModel):
    """What is said of the whole.

    :param trees: of the components that come from git or from a folder
    :param patched: component -> id of the tree with its patches
    """

    model_config = ConfigDict(frozen=True)

    release: Name
    python: str
    trees: tuple[PathTree, ...]
    patched: Mapping[str, str]


def images_of(layout: Layout, release: str) -> list[str]:
    """Give the references of a release's images, and of what is attached to them."""
    known = layout.references()
    own = {name: one.digest for name, one in known.items() if name.partition(":")[2].startswith(f"{release}-")}
    attached = {attached_reference(name, digest) for name, digest in own.items()}
    return [name for name in known if name in own or name in attached]


def read(layout: Layout, reference: str) -> tuple[Summary, dict[str, oci.Descriptor]]:
    """Give what is said of an archived release, and its files: path -> blob.

    :raises InputError: there is no such release in the archive, or the archive is damaged
    :raises CheckFailedError: a document in it is not what its name says
    """
    manifest = layout.manifest(layout.get(reference))
    where = Where(layout.directory, subject=reference)
    if manifest.artifact_type != TYPE:
        raise InputError(f"{reference} is no archived release", where=where, fix="name another")
    files = {one.annotations.get(oci.TITLE, ""): one for one in manifest.layers}
    for path in files:
        if not path or path.startswith("/") or ".." in path.split("/") or "\\" in path:
            raise InputError(f"a file in the archive has the path {path!r}", where=where, why="it would leave it")
    if MEMO not in files:
        raise InputError(f"the archive has no {MEMO}", where=where, fix="archive the release again")
    try:
        return Summary.model_validate_json(layout.read(manifest.config)), files
    except ValidationError as error:
        why = str(error.errors()[0]["msg"])
        raise InputError("the archive's summary cannot be read", where=where, why=why) from error
