"""The OCI layout: whole or not there, and checked when it is read."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from stackwright.build.image import oci
from stackwright.build.image.attached import attach_sbom, attached_reference, kinds, sbom_of
from stackwright.build.image.layout import Layout
from stackwright.errors import CheckFailedError, InputError, Where

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "images")


def an_image(layout: Layout, reference: str, text: str = "layer") -> oci.Descriptor:
    config = layout.add(json.dumps({"text": text}).encode(), oci.CONFIG)
    blob = layout.add(text.encode(), oci.LAYER)
    manifest = oci.Manifest(schema_version=2, media_type=oci.MANIFEST, config=config, layers=(blob,))
    descriptor = layout.add(oci.written(manifest), oci.MANIFEST)
    layout.name(reference, descriptor)
    return descriptor


def test_it_is_a_layout_as_the_specification_has_it(layout: Layout) -> None:
    image = an_image(layout, "nova-api:1")
    assert json.loads((layout.directory / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((layout.directory / "index.json").read_text())
    assert index["schemaVersion"] == 2
    assert index["manifests"] == [
        {
            "annotations": {"org.opencontainers.image.ref.name": "nova-api:1"},
            "digest": image.digest,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "size": image.size,
        }
    ]
    manifest = json.loads((layout.directory / "blobs/sha256" / image.digest[7:]).read_text())
    assert set(manifest) == {"schemaVersion", "mediaType", "config", "layers"}


def test_a_name_moves_to_what_is_made_last(layout: Layout) -> None:
    an_image(layout, "nova-api:1", "first")
    second = an_image(layout, "nova-api:1", "second")
    assert [one.digest for one in layout.references().values()] == [second.digest]


def test_names_that_are_given_at_once_are_all_there(layout: Layout) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: an_image(layout, f"nova-{number}:1", str(number)), range(24)))
    assert len(layout.references()) == 24


def test_a_mistyped_name_is_answered_with_the_nearest(layout: Layout) -> None:
    an_image(layout, "nova-api:1")
    with pytest.raises(InputError) as refused:
        layout.get("nova-ap:1")
    assert "nova-api:1" in refused.value.fix


def test_an_index_of_images_is_none_of_them(layout: Layout) -> None:
    images = [
        an_image(layout, f"nova-api:1-{name}", name).model_copy(
            update={"platform": oci.Platform(architecture=name, os="linux")}
        )
        for name in ("amd64", "arm64")
    ]
    content = oci.written(oci.Index(schema_version=2, media_type=oci.INDEX, manifests=tuple(images)))
    layout.name("nova-api:1", layout.add(content, oci.INDEX))
    index = layout.get("nova-api:1")
    assert [one.digest for one in layout.images(index)] == [one.digest for one in images]
    assert layout.images(images[0]) == (images[0],)
    assert (oci.media_type(content), oci.media_type(layout.read(images[0]))) == (oci.INDEX, oci.MANIFEST)
    for read in (layout.manifest, lambda _: sbom_of(layout, "nova-api:1")):
        with pytest.raises(InputError) as refused:
            read(index)
        assert refused.value.fix == "name one of these: nova-api:1-amd64 or nova-api:1-arm64"


def test_damage_is_found(layout: Layout) -> None:
    image = an_image(layout, "nova-api:1")
    manifest = layout.manifest(image)
    assert layout.is_whole(manifest)
    layout.path(manifest.layers[0].digest).write_text("cut")
    assert not layout.is_whole(manifest)
    layout.path(image.digest).write_text("{}")
    with pytest.raises(CheckFailedError):
        layout.manifest(image)
    layout.path(image.digest).unlink()
    assert layout.find("nova-api:1") is None
    layout.index_file.write_text("[")
    with pytest.raises(InputError) as damaged:
        layout.references()
    assert damaged.value.where.file == layout.index_file


def test_a_file_is_kept_only_if_it_is_what_it_was(layout: Layout, tmp_path: Path) -> None:
    file = tmp_path / "layer"
    file.write_text("text")
    descriptor = oci.Descriptor(media_type=oci.LAYER, digest=oci.digest_of(b"text"), size=4)
    layout.add_file(file, descriptor)
    assert layout.path(descriptor.digest).samefile(file)
    file.write_text("else")
    other = oci.Descriptor(media_type=oci.LAYER, digest=oci.digest_of(b"other"), size=4)
    with pytest.raises(CheckFailedError):
        layout.add_file(file, other)
    assert not layout.has(other.digest)
    assert not list(layout.directory.glob(".part-*"))


def test_what_is_attached_is_found_by_the_images_digest(layout: Layout) -> None:
    image = an_image(layout, "nova-api:1")
    attach_sbom(layout, "nova-api:1", image, b'{"bomFormat": "CycloneDX"}')
    attach_sbom(layout, "nova-api:1", image, b'{"bomFormat": "CycloneDX"}')
    assert kinds(layout, "nova-api:1") == ("sbom",)
    assert sbom_of(layout, "nova-api:1") == b'{"bomFormat": "CycloneDX"}'
    reference = attached_reference("nova-api:1", image.digest)
    assert reference == f"nova-api:sha256-{image.digest[7:]}"
    index = oci.read(oci.Index, layout.read(layout.references()[reference]), Where())
    assert layout.manifest(index.manifests[0]).subject == image
