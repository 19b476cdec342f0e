"""Signatures of images by the real ssh-keygen: who signed what, and what does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.build.image import oci
from stackwright.build.image.attached import NAMESPACE, attach, sign, signatures
from stackwright.build.image.layout import Layout
from stackwright.errors import CheckFailedError, Where
from tests.signing import allow, line, make_key

if TYPE_CHECKING:
    from pathlib import Path

NAME = "nova-api:2026.2-0123456789ab"
ADA, BOB = "ada@example.org", "bob@example.org"
FOR_IMAGES = f'namespaces="{NAMESPACE}"'


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "images")


def an_image(layout: Layout, reference: str, text: str = "text") -> oci.Descriptor:
    config = layout.add(text.encode(), oci.CONFIG)
    manifest = oci.Manifest(schema_version=2, media_type=oci.MANIFEST, config=config, layers=())
    descriptor = layout.add(oci.written(manifest), oci.MANIFEST)
    layout.name(reference, descriptor)
    return descriptor


def test_several_may_sign_one_image(layout: Layout, tmp_path: Path) -> None:
    an_image(layout, NAME)
    keys = {who: make_key(tmp_path / who.partition("@")[0]) for who in (ADA, BOB)}
    allowed = allow(tmp_path, *(line(key, who, options=FOR_IMAGES) for who, key in keys.items()))
    for who, key in keys.items():
        sign(layout, NAME, key, who)
    assert {(one.signed.by, one.why) for one in signatures(layout, NAME, allowed)} == {(ADA, ""), (BOB, "")}


def test_a_key_that_is_not_allowed_or_for_another_purpose_does_not_count(layout: Layout, tmp_path: Path) -> None:
    an_image(layout, NAME)
    key = make_key(tmp_path / "key")
    sign(layout, NAME, key, ADA)
    for allowed in (allow(tmp_path), allow(tmp_path, line(key, ADA, options='namespaces="channel@stackwright"'))):
        (verdict,) = signatures(layout, NAME, allowed)
        assert verdict.why


def test_a_signature_of_another_image_does_not_count(layout: Layout, tmp_path: Path) -> None:
    """As if somebody attached to an image what was signed for another."""
    other, image = "nova-api:2026.2-000000000000", an_image(layout, NAME)
    key = make_key(tmp_path / "key")
    allowed = allow(tmp_path, line(key, ADA, options=FOR_IMAGES))
    an_image(layout, other, "other")
    sign(layout, other, key, ADA)
    list_ = next(one for name, one in layout.references().items() if ":sha256-" in name)
    (signed,) = oci.read(oci.Index, layout.read(list_), Where()).manifests
    manifest = layout.manifest(signed)
    attach(layout, NAME, image, manifest.artifact_type, manifest.layers)
    (verdict,) = signatures(layout, NAME, allowed)
    assert verdict.why.startswith(f"it is for {other}")


def test_a_signature_that_was_changed_does_not_count(layout: Layout, tmp_path: Path) -> None:
    image = an_image(layout, NAME)
    key = make_key(tmp_path / "key")
    allowed = allow(tmp_path, line(key, ADA, options=FOR_IMAGES))
    sign(layout, NAME, key, ADA)
    list_ = next(one for name, one in layout.references().items() if ":sha256-" in name)
    (signed,) = oci.read(oci.Index, layout.read(list_), Where()).manifests
    text, armour = layout.manifest(signed).layers
    forged = layout.add(layout.read(text).replace(b"ada", b"eve"), text.media_type)
    attach(layout, NAME, image, layout.manifest(signed).artifact_type, [forged, armour])
    assert sorted(bool(one.why) for one in signatures(layout, NAME, allowed)) == [False, True]
    layout.path(text.digest).write_text("{}")
    with pytest.raises(CheckFailedError):
        signatures(layout, NAME, allowed)
