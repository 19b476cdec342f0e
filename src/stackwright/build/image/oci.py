"""The documents of OCI images (https://github.com/opencontainers/image-spec, v1.1), written in one way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel, to_pascal

from stackwright.errors import InputError, Where

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
# What the specification gives a meaning to (annotations.md).
REFERENCE = "org.opencontainers.image.ref.name"
TITLE = "org.opencontainers.image.title"
VERSION = "org.opencontainers.image.version"
REVISION = "org.opencontainers.image.revision"
BASE_NAME = "org.opencontainers.image.base.name"
CREATED = "org.opencontainers.image.created"


class Document(BaseModel):
    """Base of them: what others have added is passed over."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,  # most commands need few of them
    )


class Platform(Document):
    """What a manifest runs on."""

    architecture: str
    os: str


class Descriptor(Document):
    """Names some content by its digest."""

    media_type: str
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    size: int = Field(ge=0)
    platform: Platform | None = None
    artifact_type: str = ""
    annotations: Mapping[str, str] = {}


class Manifest(Document):
    """An image, or an artifact that is attached to one: its ``subject``."""

    schema_version: Literal[2]
    media_type: str = ""  # older tools leave it out
    artifact_type: str = ""
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = {}


class Index(Document):
    """A list of manifests."""

    schema_version: Literal[2]
    media_type: str = ""  # older tools leave it out
    manifests: tuple[Descriptor, ...]


class Settings(Document):
    """How a container of an image begins (config.md)."""

    model_config = ConfigDict(alias_generator=to_pascal)

    user: str = ""
    exposed_ports: Mapping[str, Mapping[str, str]] = {}
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    working_dir: str = ""
    labels: Mapping[str, str] = {}
    stop_signal: str = ""


class RootFs(BaseModel):
    """The layers of an image by the digests of what they hold unpacked."""

    model_config = ConfigDict(frozen=True)

    type: Literal["layers"]
    diff_ids: tuple[str, ...]


class History(BaseModel):
    """How a layer came about."""

    model_config = ConfigDict(frozen=True)

    created: str
    created_by: str


class Config(Document):
    """The configuration of an image."""

    created: str
    architecture: str
    os: str
    config: Settings
    rootfs: RootFs
    history: tuple[History, ...] = ()


Some = TypeVar("Some", bound=Document)


def written(document: Document) -> bytes:
    """Give the bytes of a document: the same for the same content."""
    plain = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(model: type[Some], content: bytes, where: Where) -> Some:
    """Read a document.

    :param where: for the error
    :raises InputError: it is not one
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"this is not {_spoken(model)} of an OCI image",
            where=where,
            why=f"{place}: {first['msg']}" if place else first["msg"],
            fix="build or pull the image again",
        ) from error


def media_type(content: bytes) -> str:
    """Tell whether some content is a manifest or an index, which older tools do not say themselves."""
    return INDEX if "manifests" in json.loads(content) else MANIFEST


def digest_of(content: bytes) -> str:
    """Give the digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _spoken(model: type[Document]) -> str:
    name = model.__name__.lower()
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
