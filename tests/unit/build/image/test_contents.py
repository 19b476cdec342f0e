"""What is in images, and what is different between two."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from stackwright.build.image import oci
from stackwright.build.image.carried import CARRIED, Carried, CarriedPatch, series_digest, told
from stackwright.build.image.contents import contents
from stackwright.build.image.diff import differences
from stackwright.build.image.layer import Kind, Member, write
from stackwright.build.image.layout import Layout
from stackwright.build.image.sbom import Package, of_image
from stackwright.errors import CheckFailedError

if TYPE_CHECKING:
    from pathlib import Path

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9

Package: gone
Status: deinstall ok config-files
Version: 1
"""
SITE = "var/lib/openstack/lib/python3.11/site-packages"


def status(version: str) -> Member:
    return Member("var/lib/dpkg/status", Kind.FILE, 0o644, content=STATUS.replace("2.36-9", version).encode())


def metadata(name: str, version: str) -> Member:
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\n"
    return Member(f"{SITE}/{name}-{version}.dist-info/METADATA", Kind.FILE, 0o644, content=text.encode())


def a_file(path: str, text: str = "text") -> Member:
    return Member(path, Kind.FILE, 0o644, content=text.encode())


def nova(*patches: str) -> Carried:
    return Carried(
        component="nova",
        distribution="nova",
        version="34.0.0.post1",
        upstream="1" * 40,
        tree="2" * 40,
        patches=tuple(CarriedPatch(name=name, sha256=name[0] * 64) for name in patches),
    )


class Images:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.layout = Layout(directory / "images")

    def add(self, reference: str, *layers: list[Member], carried: Carried | None = None) -> None:
        blobs = []
        for number, members in enumerate(layers):
            file = self.directory / f"{reference}-{number}"
            sha256, _ = write(members, file)
            blobs.append(oci.Descriptor(media_type=oci.LAYER, digest=f"sha256:{sha256}", size=file.stat().st_size))
            self.layout.add_file(file, blobs[-1])
        config = self.layout.add(b"{}", oci.CONFIG)
        manifest = oci.Manifest(
            schema_version=2,
            media_type=oci.MANIFEST,
            config=config,
            layers=tuple(blobs),
            annotations={CARRIED: told((carried,))} if carried else {},
        )
        self.layout.name(reference, self.layout.add(oci.written(manifest), oci.MANIFEST))


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path)


def test_upper_layers_cover_and_take_away(images: Images) -> None:
    images.add(
        "one:1",
        [a_file("a/kept"), a_file("a/covered"), a_file("a/gone"), a_file("b/x/deep"), a_file("c/old"), a_file("f/in")],
        [
            a_file("a/covered", "other"), a_file("a/.wh.gone", ""), a_file("b/.wh.x", ""),
            a_file("c/.wh..wh..opq", ""), a_file("c/new"), a_file("f"),
        ],
    )  # fmt: skip
    files = contents(images.layout, "one:1").files
    assert sorted(files) == ["a/covered", "a/kept", "c/new", "f"]


def test_packages_are_read_from_what_an_image_has(images: Images) -> None:
    images.add("one:1", [status("2.36-9"), metadata("Oslo.Config", "10.0")])
    assert contents(images.layout, "one:1").packages() == (
        Package("deb", "libc6", "2.36-9", "amd64", "glibc"),
        Package("pypi", "oslo-config", "10.0"),
    )


def test_differences_are_packages_patches_and_files(images: Images) -> None:
    before = [status("2.36-9"), metadata("nova", "34.0.0.post1"), a_file("etc/one"), a_file("etc/changed", "a")]
    after = [status("2.36-10"), metadata("nova", "34.0.0.post2"), a_file("etc/two"), a_file("etc/changed", "b")]
    images.add("one:1", before, carried=nova("a.patch", "b.patch"))
    images.add("one:2", after, carried=nova("b.patch", "c.patch"))
    found = differences(contents(images.layout, "one:1"), contents(images.layout, "one:2"))
    told_ = {(one.kind, one.name): (one.before, one.after) for one in found}
    assert told_["deb", "libc6"] == ("2.36-9", "2.36-10")
    assert told_["pypi", "nova"] == ("34.0.0.post1", "34.0.0.post2")
    assert told_["patch", "nova/a.patch"] == ("a" * 12, "")
    assert told_["patch", "nova/c.patch"] == ("", "c" * 12)
    assert ("patch", "nova/b.patch") not in told_
    assert told_["file", "etc/one"] == ("file", "")
    assert told_["file", "etc/two"] == ("", "file")
    assert told_["file", "etc/changed"][0].startswith("content ")
    same = contents(images.layout, "one:1")
    assert differences(same, same) == ()


def test_a_layer_that_is_not_what_its_digest_says_is_told(images: Images) -> None:
    images.add("one:1", [a_file("a")])
    (blob,) = images.layout.manifest(images.layout.get("one:1")).layers
    images.layout.path(blob.digest).write_bytes(b"cut off")
    with pytest.raises(CheckFailedError) as damaged:
        contents(images.layout, "one:1")
    assert damaged.value.where.file == images.layout.path(blob.digest)


def test_a_layer_that_leads_out_of_the_image_is_read_and_writes_nothing(images: Images, tmp_path: Path) -> None:
    file = tmp_path / "foreign"
    with tarfile.open(file, "w:gz") as tar:
        link = tarfile.TarInfo("out")
        link.type, link.linkname = tarfile.SYMTYPE, "../../.."
        tar.addfile(link)
        for name in ("out/evil", "../evil"):
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"evil"))
    content = file.read_bytes()
    blob = images.layout.add(content, oci.LAYER)
    manifest = oci.Manifest(
        schema_version=2, media_type=oci.MANIFEST, config=images.layout.add(b"{}", oci.CONFIG), layers=(blob,)
    )
    images.layout.name("one:1", images.layout.add(oci.written(manifest), oci.MANIFEST))
    assert contents(images.layout, "one:1").files["out"].told[0] == "link"
    assert not list(tmp_path.parent.rglob("evil"))


def test_the_digest_of_series_is_of_patches_in_their_order_alone() -> None:
    one = series_digest([nova("a.patch", "b.patch")])
    assert one == series_digest([nova("a.patch", "b.patch").model_copy(update={"tree": "3" * 40})])
    assert one != series_digest([nova("b.patch", "a.patch")])
    assert series_digest([nova()]) == series_digest([])


def test_a_bill_of_materials_names_packages_by_url_and_tells_of_patches() -> None:
    packages = [Package("deb", "libc6", "1:2.36+x", "amd64", "glibc"), Package("pypi", "nova", "34.0.0.post1")]
    content = of_image("nova-api:2026.2-0", f"sha256:{'a' * 64}", packages, [nova("a.patch")], "12")
    assert content == of_image("nova-api:2026.2-0", f"sha256:{'a' * 64}", packages, [nova("a.patch")], "12")
    read = json.loads(content)
    assert (read["bomFormat"], read["specVersion"]) == ("CycloneDX", "1.6")
    libc, ours = read["components"]
    assert libc["purl"] == "pkg:deb/debian/libc6@1%3A2.36%2Bx?arch=amd64&distro=debian-12&upstream=glibc"
    assert ours["purl"] == "pkg:pypi/nova@34.0.0.post1"
    assert ours["pedigree"]["patches"][0]["diff"]["url"] == f"urn:sha256:{'a' * 64}"
    assert {"name": "org.stackwright.tree", "value": "2" * 40} in ours["properties"]
