"""What is attached to an image: its bill of materials, and signatures; found by the image's digest.

Each is an artifact whose ``subject`` is the image (manifest.md of the OCI image-spec). A list of them has a tag made of
the digest, as the distribution-spec has it for registries without an API for that (Referrers Tag Schema).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from stackwright.build.image import oci
from stackwright.build.image.sbom import MEDIA_TYPE as CYCLONEDX
from stackwright.errors import CheckFailedError, Where
from stackwright.tools import ssh_keygen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stackwright.build.image.layout import Layout

SIGNATURE = "application/vnd.stackwright.signature.v1+json"
SIGNED_TEXT = "application/vnd.stackwright.signed.v1+json"
ARMOUR = "application/vnd.openssh.sshsig"
# What signatures are for, so that one made for a channel counts for no image, and the other way round.
NAMESPACE = "image@stackwright"
NOTHING = b"{}"


class Signed(BaseModel):
    """What a signature of an image is over.

    :param reference: the name and tag that it was signed under
    :param by: who signed: a principal of ``allowed_signers``
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    digest: str
    by: str
    when: datetime


@dataclass(frozen=True)
class Verdict:
    """A signature, and why it does not count; empty if it does."""

    signed: Signed
    why: str


def attached_reference(reference: str, digest: str) -> str:
    """Give the name of the list of what is attached to an image."""
    return f"{reference.partition(':')[0]}:{digest.replace(':', '-')}"


def attach(layout: Layout, reference: str, image: oci.Descriptor, type_: str, parts: Iterable[oci.Descriptor]) -> None:
    """Attach an artifact of some blobs of the layout to an image; once, however often that is asked for."""
    subject = oci.Descriptor(media_type=image.media_type, digest=image.digest, size=image.size)
    config = layout.add(NOTHING, oci.EMPTY)
    manifest = oci.Manifest(
        schema_version=2,
        media_type=oci.MANIFEST,
        artifact_type=type_,
        config=config,
        layers=tuple(parts),
        subject=subject,
    )
    added = layout.add(oci.written(manifest), oci.MANIFEST).model_copy(update={"artifact_type": type_})
    add_attached(layout, reference, image, [added])


def add_attached(layout: Layout, reference: str, image: oci.Descriptor, more: Iterable[oci.Descriptor]) -> None:
    """Let the list of what is attached to an image have these manifests too, which the layout has."""
    before = attached(layout, reference, image)
    joined = {one.digest: one for one in (*more, *before)}
    if joined.keys() != {one.digest for one in before}:
        in_order = tuple(joined[digest] for digest in sorted(joined))
        index = oci.Index(schema_version=2, media_type=oci.INDEX, manifests=in_order)
        layout.name(attached_reference(reference, image.digest), layout.add(oci.written(index), oci.INDEX))


def attach_sbom(layout: Layout, reference: str, image: oci.Descriptor, content: bytes) -> None:
    """Attach a bill of materials."""
    attach(layout, reference, image, CYCLONEDX, [layout.add(content, CYCLONEDX)])


def sbom_of(layout: Layout, reference: str) -> bytes:
    """Give the bill of materials of an image.

    :raises InputError: there is no such image, or it is an index of images
    :raises CheckFailedError: it has none, or it is damaged
    """
    image = layout.get(reference)
    layout.manifest(image)  # an index has none: its images have
    for manifest in _artifacts(layout, reference, image, CYCLONEDX):
        return layout.read(manifest.layers[0])
    raise CheckFailedError(
        f"the image {reference} has no bill of materials",
        where=Where(layout.directory),
        fix="build it again, or pull it with what is attached to it",
    )


def sign(layout: Layout, reference: str, key: Path, who: str) -> None:
    """Sign an image.

    :param key: an SSH key
    :param who: whom it signs for
    :raises InputError: there is no such image
    :raises EnvironmentLacksError: the key cannot be used
    """
    image = layout.get(reference)
    signed = Signed(reference=reference, digest=image.digest, by=who, when=datetime.now(UTC).replace(microsecond=0))
    text = json.dumps(signed.model_dump(mode="json"), sort_keys=True).encode()
    armour = ssh_keygen.sign(text, key, NAMESPACE).encode()
    attach(layout, reference, image, SIGNATURE, [layout.add(text, SIGNED_TEXT), layout.add(armour, ARMOUR)])


def signatures(layout: Layout, reference: str, allowed: Path) -> tuple[Verdict, ...]:
    """Judge the signatures of an image.

    :param allowed: the file of allowed signers (ssh-keygen(1))
    :raises InputError: there is no such image
    :raises CheckFailedError: a blob is damaged
    """
    image = layout.get(reference)
    name = reference.partition(":")[0]
    found = []
    for manifest in _artifacts(layout, reference, image, SIGNATURE):
        text, armour = (layout.read(one) for one in manifest.layers)
        try:
            signed = Signed.model_validate_json(text)
        except ValidationError as error:
            raise CheckFailedError(
                f"a signature of the image {reference} cannot be read",
                where=Where(layout.directory),
                why=error.errors()[0]["msg"],
                fix="pull it again, or sign it: stackwright image sign",
            ) from error
        if signed.digest != image.digest or signed.reference.partition(":")[0] != name:
            found.append(Verdict(signed, f"it is for {signed.reference}, {signed.digest}"))
            continue
        why = ssh_keygen.verify(
            text,
            armour.decode("ascii", "replace"),
            allowed=allowed,
            principal=signed.by,
            namespace=NAMESPACE,
            when=signed.when,
        )
        found.append(Verdict(signed, why))
    return tuple(found)


def kinds(layout: Layout, reference: str) -> tuple[str, ...]:
    """Give what is attached to an image, for a person."""
    names = {CYCLONEDX: "sbom", SIGNATURE: "signature"}
    found = (layout.manifest(one).artifact_type for one in attached(layout, reference, layout.get(reference)))
    return tuple(sorted(names.get(one, one) for one in found))


def _artifacts(layout: Layout, reference: str, image: oci.Descriptor, type_: str) -> Iterator[oci.Manifest]:
    for one in attached(layout, reference, image):
        manifest = layout.manifest(one)
        if manifest.artifact_type == type_ and manifest.subject and manifest.subject.digest == image.digest:
            yield manifest


def attached(layout: Layout, reference: str, image: oci.Descriptor) -> tuple[oci.Descriptor, ...]:
    """Give the manifests of what is attached to an image."""
    found = layout.references().get(attached_reference(reference, image.digest))
    if found is None:
        return ()
    return oci.read(oci.Index, layout.read(found), Where(layout.path(found.digest))).manifests
