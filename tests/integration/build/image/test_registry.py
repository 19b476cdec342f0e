"""Images in a real registry: by digest, with what is attached to them, and never under another's tag unasked."""

from __future__ import annotations

import json
import os
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from stackwright.build.image import oci
from stackwright.build.image.attached import attach_sbom, kinds, sbom_of
from stackwright.build.image.layer import Kind, Member, write
from stackwright.build.image.layout import Layout
from stackwright.build.image.registry import PULLED, PUSHED, THERE, Registry
from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError
from tests import registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(bool(registry.lacking()), reason=registry.lacking())
NAME = "nova-api:2026.2-0123456789ab"
SBOM = b'{"bomFormat": "CycloneDX"}'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[registry.Running]:
    with registry.running(tmp_path_factory.mktemp("registry")) as one:
        yield one


@pytest.fixture
def there(running: registry.Running, request: pytest.FixtureRequest, tmp_path: Path) -> Registry:
    """A folder of its own in the registry."""
    return Registry(f"{running.address}/{request.node.name.replace('_', '-')}", Layout(tmp_path / "images"))


def an_image(layout: Layout, reference: str, text: str = "text") -> oci.Descriptor:
    file = layout.directory.with_name("layer")
    packed, unpacked = write([Member("file", Kind.FILE, 0o644, content=text.encode())], file)
    blob = oci.Descriptor(media_type=oci.LAYER, digest=f"sha256:{packed}", size=file.stat().st_size)
    layout.add_file(file, blob)
    config = oci.Config(
        created="1980-01-01T00:00:00Z",
        architecture="amd64",
        os="linux",
        config=oci.Settings(user="nova"),
        rootfs=oci.RootFs(type="layers", diff_ids=(f"sha256:{unpacked}",)),
    )
    manifest = oci.Manifest(
        schema_version=2,
        media_type=oci.MANIFEST,
        config=layout.add(oci.written(config), oci.CONFIG),
        layers=(blob,),
    )
    descriptor = layout.add(oci.written(manifest), oci.MANIFEST)
    layout.name(reference, descriptor)
    attach_sbom(layout, reference, descriptor, SBOM)
    file.unlink()
    return descriptor


def test_an_image_comes_back_with_its_digest_and_what_is_attached(there: Registry, tmp_path: Path) -> None:
    image = an_image(there.layout, NAME)
    assert there.push(NAME).state == PUSHED
    elsewhere = Registry(there.address, Layout(tmp_path / "elsewhere/images"))
    pulled = elsewhere.pull(NAME)
    assert (pulled.digest, pulled.state) == (image.digest, PULLED)
    assert elsewhere.layout.is_whole(elsewhere.layout.manifest(elsewhere.layout.get(NAME)))
    assert sbom_of(elsewhere.layout, NAME) == SBOM
    assert kinds(elsewhere.layout, NAME) == ("sbom",)
    assert elsewhere.pull(NAME).state == THERE


def test_other_tools_know_the_image(there: Registry) -> None:
    image = an_image(there.layout, NAME)
    there.push(NAME)
    inspected = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", f"docker://{there.address}/{NAME}"], capture_output=True, check=True
    )
    shown = json.loads(inspected.stdout)
    assert (shown["Digest"], shown["Architecture"], shown["Os"]) == (image.digest, "amd64", "linux")


def test_what_is_there_is_not_pushed_again(there: Registry, running: registry.Running) -> None:
    an_image(there.layout, NAME, "once")
    there.push(NAME)
    puts = len(running.requests("PUT"))
    assert puts
    assert there.push(NAME).state == THERE
    assert len(running.requests("PUT")) == puts


def test_what_is_attached_later_follows(there: Registry, tmp_path: Path) -> None:
    image = an_image(there.layout, NAME)
    there.push(NAME)
    attach_sbom(there.layout, NAME, image, b'{"more": 1}')
    assert there.push(NAME).state == THERE
    elsewhere = Registry(there.address, Layout(tmp_path / "elsewhere/images"))
    elsewhere.pull(NAME)
    assert kinds(elsewhere.layout, NAME) == ("sbom", "sbom")


def test_a_tag_of_another_image_is_moved_only_when_asked(there: Registry, tmp_path: Path) -> None:
    first = an_image(there.layout, NAME, "first")
    there.push(NAME)
    elsewhere = Registry(there.address, Layout(tmp_path / "elsewhere/images"))
    elsewhere.pull(NAME)
    second = an_image(there.layout, NAME, "second")
    with pytest.raises(CheckFailedError) as refused:
        there.push(NAME)
    assert first.digest in refused.value.why
    assert "--replace" in refused.value.fix
    assert there.push(NAME, replace=True).digest == second.digest
    with pytest.raises(CheckFailedError):
        elsewhere.pull(NAME)
    assert elsewhere.layout.get(NAME).digest == first.digest
    assert elsewhere.pull(NAME, replace=True).digest == second.digest


def test_a_registry_that_is_down_is_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "images")
    an_image(layout, NAME)
    for move in (Registry("127.0.0.1:1", layout).push, Registry("127.0.0.1:1", layout).pull):
        with pytest.raises(EnvironmentLacksError) as down:
            move(NAME)
        assert "cannot be reached" in down.value.what


def test_an_image_that_is_nowhere_is_told(there: Registry) -> None:
    with pytest.raises(InputError) as absent:
        there.pull(NAME)
    assert f"no image {NAME}" in absent.value.what


def test_a_registry_that_is_full_is_told_and_has_no_half_image(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("not root: a full disk is a small one, mounted")
    storage = tmp_path / "registry/storage"
    storage.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(storage)], check=True)
    try:
        with registry.running(tmp_path / "registry") as one:
            layout = Layout(tmp_path / "images")
            big = random.Random(1).randbytes(1 << 20).hex()
            an_image(layout, NAME, big)
            with pytest.raises(EnvironmentLacksError) as full:
                Registry(one.address, layout).push(NAME)
            assert "full disk" in full.value.fix
            with pytest.raises(InputError):
                Registry(one.address, Layout(tmp_path / "elsewhere/images")).pull(NAME)
    finally:
        subprocess.run(["umount", "--lazy", str(storage)], check=True)
