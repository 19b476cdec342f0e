"""Images of the catalogue's services: reproducible, small, run, compared, signed, described, in a registry."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackwright.build.image import oci
from stackwright.build.image.attached import NAMESPACE
from stackwright.build.image.contents import contents
from stackwright.build.image.layout import Layout
from tests import podman, registry
from tests.contained import VENV, Cloud
from tests.signing import allow, line, make_key

from .conftest import CACHE, EXAMPLE, SECRETS, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator

# All of them share one build of images, and what is made of them.
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="not root: Debian systems are made by root"),
    pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="needs mmdebstrap: apt-get install mmdebstrap"),
]
APIS = ("keystone-api", "glance-api", "placement-api", "nova-api")
CHOSEN = [word for name in APIS for word in ("--image", name)]
ADA = "ada@example.org"
COMPONENTS = "Built here: "


@dataclass(frozen=True)
class Images:
    """The images of a copy of the example, and the command that made them."""

    stackwright: Stackwright

    @property
    def layout(self) -> Layout:
        return Layout(self.stackwright.state / "images")

    def build(self, *words: str) -> dict[str, dict[str, Any]]:
        rows = self.stackwright.json("build", "image", *words)
        return {row["Image"]: row for row in rows}

    def reference(self, name: str) -> str:
        """Give the image of a name that was made first; tests add others of the name."""
        return next(one for one in self.layout.references() if one.startswith(f"{name}:2026.2-"))

    def manifest(self, name: str) -> oci.Manifest:
        return self.layout.manifest(self.layout.get(self.reference(name)))

    def config(self, name: str) -> oci.Config:
        return self.layout.config(self.manifest(name))


def a_copy(directory: Path, state: Path, **environment: str) -> Images:
    distribution = Path(shutil.copytree(EXAMPLE, directory / "minicloud", ignore=SECRETS))
    return Images(Stackwright(distribution, state, environment))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    need_root()
    state = STATE / "images"
    shutil.rmtree(state, ignore_errors=True)
    made = a_copy(tmp_path_factory.mktemp("images"), state)
    made.build(*CHOSEN)
    yield made
    shutil.rmtree(state, ignore_errors=True)


def edited(images: Images) -> None:
    """Change a patch on nova as one does while working on it."""
    (patch,) = sorted((images.stackwright.distribution / "patches/nova/2026.2").glob("*.patch"))[:1]
    lines = patch.read_text().splitlines(keepends=True)
    added = next(number for number, text in enumerate(lines) if text.startswith("+") and text.count("#") == 1)
    lines[added] = lines[added].rstrip("\n") + " Edited.\n"
    patch.write_text("".join(lines))


def test_an_image_is_named_after_its_release_and_its_series_and_says_what_it_is(images: Images) -> None:
    rows = images.build(*CHOSEN)
    assert set(rows) == set(APIS)
    for name in APIS:
        manifest = images.manifest(name)
        series = manifest.annotations["org.stackwright.series"]
        assert rows[name]["Tag"] == f"2026.2-{series.removeprefix('sha256:')[:12]}"
        assert rows[name]["Digest"] == images.layout.get(images.reference(name)).digest
    (built,) = [one for one in images.stackwright.json("build", "nova") if one["Component"] == "nova"]
    assert images.manifest("nova-api").annotations[oci.REVISION] == built["Tree"]
    assert images.manifest("nova-api").annotations[oci.VERSION] == built["Version"]


def test_where_nothing_changed_nothing_is_made(images: Images) -> None:
    before = {one.name: one.stat().st_mtime_ns for one in images.layout.blobs.iterdir()}
    rows = images.build(*CHOSEN)
    assert {row["New"] for row in rows.values()} == {"no"}
    assert {one.name: one.stat().st_mtime_ns for one in images.layout.blobs.iterdir()} == before


def test_built_twice_from_nothing_the_digest_is_the_same(images: Images, tmp_path: Path, state: Path) -> None:
    again = a_copy(tmp_path, state, STACKWRIGHT_CACHE=str(state / "cache"))
    row = again.build("--image", "placement-api")["placement-api"]
    assert (row["New"], row["Digest"]) == ("yes", images.build("--image", "placement-api")["placement-api"]["Digest"])


def test_layers_are_shared(images: Images) -> None:
    manifests = [images.manifest(name) for name in APIS]
    assert len({one.layers[0].digest for one in manifests}) == 1
    each = sum(layer.size for one in manifests for layer in one.layers)
    together = {layer.digest: layer.size for one in manifests for layer in one.layers}
    assert sum(together.values()) < 0.75 * each


def test_an_image_has_no_compiler_and_nothing_of_the_machine_that_made_it(images: Images) -> None:
    for name in ("nova-api", "placement-api"):
        files = contents(images.layout, images.reference(name)).files
        programs = {path.rpartition("/")[2] for path in files if "bin/" in path or "/libexec/" in path}
        assert "true" in programs
        assert not {"gcc", "cc", "cc1", "ld", "as", "x86_64-linux-gnu-gcc", "make"} & programs
        for gone in ("etc/resolv.conf", "etc/hostname", "etc/apt/sources.list", f"{VENV}/provenance.json"):
            assert gone not in files
        assert not [path for path in files if path.endswith(("direct_url.json", "uv_cache.json"))]
        assert "usr/bin/python3.11" in files
        assert files[f"{VENV}/bin/python"].told[4] == "/usr/bin/python3.11"
    words = (str(CACHE), str(images.stackwright.state), os.uname().nodename)
    for layer in images.manifest("placement-api").layers:
        with tarfile.open(images.layout.path(layer.digest)) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isreg() else None
                if stream is not None and member.size < 1 << 20:
                    text = stream.read()
                    assert not [word for word in words if len(word) > 6 and word.encode() in text], member.name


def test_a_changed_patch_makes_one_new_layer_and_the_difference_is_told(images: Images, tmp_path: Path) -> None:
    other = Images(
        Stackwright(
            Path(shutil.copytree(images.stackwright.distribution, tmp_path / "edited")), images.stackwright.state
        )
    )
    before = images.reference("nova-api")
    was = images.manifest("nova-api")
    edited(other)
    began = time.monotonic()
    row = other.build("--image", "nova-api")["nova-api"]
    assert time.monotonic() - began < 60
    after = f"nova-api:{row['Tag']}"
    now = images.layout.manifest(images.layout.get(after))
    assert after != before
    changed = [number for number, (a, b) in enumerate(zip(was.layers, now.layers, strict=True)) if a.digest != b.digest]
    history = images.layout.config(now).history
    assert [history[number].created_by[: len(COMPONENTS)] for number in changed] == [COMPONENTS]
    found = images.stackwright.json("image", "diff", before, after, status=1)
    kinds = {row["Kind"] for row in found}
    assert "patch" in kinds
    assert "deb" not in kinds
    assert [
        row
        for row in found
        if row["Kind"] == "file" and row["Name"].startswith(f"{VENV}/lib/python3.11/site-packages/nova/")
    ]
    assert images.stackwright.json("image", "diff", before, before) == []


def test_the_services_answer_their_apis_from_their_images(images: Images, tmp_path: Path) -> None:
    if podman.lacking():
        pytest.skip(podman.lacking())
    with podman.podman() as runs:
        references = {name.removesuffix("-api"): images.reference(name) for name in APIS}
        cloud = Cloud(runs, images.layout, references, tmp_path)
        cloud.keystone()
        cloud.glance()
        cloud.placement()
        cloud.nova()
        token = cloud.token()
        assert cloud.get("keystone", "/v3/users", token)["users"][0]["name"]
        assert cloud.get("glance", "/v2/images", token)["images"] == []
        assert cloud.get("placement", "/resource_providers", token)["resource_providers"] == []
        assert cloud.get("nova", "/v2.1/flavors", token)["flavors"] == []
        for service in ("glance", "placement", "nova"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                cloud.get(
                    service,
                    {"glance": "/v2/images", "placement": "/resource_providers"}.get(service, "/v2.1/flavors"),
                    "x",
                )
            assert refused.value.code == 401
        for service in ("keystone", "glance", "placement", "nova"):
            assert cloud.runs("exec", service, "id", "-un").stdout.strip() == service


def test_the_bill_of_materials_has_debians_and_pythons_packages_and_our_patches(images: Images) -> None:
    bill = json.loads(images.stackwright("image", "sbom", images.reference("nova-api")).stdout)
    components = {one["purl"].partition("@")[0]: one for one in bill["components"]}
    assert components["pkg:deb/debian/libvirt0"]["purl"].endswith("distro=debian-12&upstream=libvirt")
    nova = components["pkg:pypi/nova"]
    patches = sorted((EXAMPLE / "patches/nova/2026.2").glob("*.patch"))
    assert len(nova["pedigree"]["patches"]) == len(patches)
    assert nova["properties"][0]["value"] == images.manifest("nova-api").annotations[oci.REVISION]
    assert "pkg:pypi/oslo-config" in components
    packages = contents(images.layout, images.reference("nova-api")).packages()
    assert {one.purl("12") for one in packages} == {one["purl"] for one in bill["components"]}


def test_a_signature_counts_for_the_image_and_the_signer_alone(images: Images, tmp_path: Path) -> None:
    root = images.stackwright.distribution
    key, stranger = make_key(tmp_path / "key"), make_key(tmp_path / "stranger")
    allow(root, line(key, options=f'namespaces="{NAMESPACE}"'))
    ours = Images(Stackwright(root, images.stackwright.state, {"STACKWRIGHT_SIGNING_KEY": str(key)}))
    verify = ("image", "verify", "--image", "placement-api")
    assert images.stackwright.json(*verify, status=1)[0]["Signature"] == "not signed"
    (signed,) = ours.stackwright.json("image", "sign", "--image", "placement-api")
    assert (signed["Signed by"], signed["Digest"]) == (ADA, images.layout.get(signed["Image"]).digest)
    assert [row["Signature"] for row in images.stackwright.json(*verify)] == ["good"]
    refused = images.stackwright("image", "sign", "--image", "placement-api", "--key", str(stranger), status=2)
    assert "may not sign" in refused.stderr
    allow(root, line(stranger, options=f'namespaces="{NAMESPACE}"'))
    (row,) = images.stackwright.json(*verify, status=1)
    assert row["Signature"] != "good"
    allow(root, line(key, options=f'namespaces="{NAMESPACE}"'))


def test_images_go_to_a_registry_once_and_come_back_the_same(images: Images, tmp_path: Path, state: Path) -> None:
    if registry.lacking():
        pytest.skip(registry.lacking())
    with registry.running(tmp_path / "registry") as there:
        words = ("--image", "placement-api", "--image", "glance-api")
        pushed = images.stackwright.json("image", "push", there.address, *words)
        assert [row["State"] for row in pushed] == ["pushed", "pushed"]
        assert [row["State"] for row in images.stackwright.json("image", "push", there.address, *words)] == [
            "there already",
            "there already",
        ]
        elsewhere = Images(Stackwright(images.stackwright.distribution, state))
        reference = images.reference("placement-api")
        (pulled,) = elsewhere.stackwright.json("image", "pull", there.address, reference)
        assert pulled["Digest"] == images.layout.get(reference).digest
        assert (
            elsewhere.stackwright("image", "sbom", reference).stdout
            == images.stackwright("image", "sbom", reference).stdout
        )
        rows = elsewhere.build("--image", "placement-api")
        assert rows["placement-api"]["Digest"] == pulled["Digest"]
    refused = images.stackwright("image", "push", there.address, *words, status=3)
    assert "cannot be reached" in refused.stderr


def test_a_descriptor_makes_an_image_and_its_customization_is_run_in_it_alone(images: Images, tmp_path: Path) -> None:
    mark = Path("/stackwright-was-here")
    file = tmp_path / "tools.descriptor"
    file.write_text(
        "BUILDER=loci\nLABEL=site-tools\nPROJECT=placement\nPROJECT_UID=42500\nPROJECT_GID=42501\n"
        'PIP_PACKAGES="jmespath"\nDIST_PACKAGES="libvirt0"\nPROFILES="placement"\nDIST_REPOS="OS"\n'
        'CUSTOMIZATION="echo from the image >/stackwright-was-here && rm /etc/issue && \\\n'
        f'    rm -r /{VENV}/lib/python3.11/site-packages/jmespath && ! ls {tmp_path} && ! ls {CACHE}"\n'
    )
    row = images.build("--descriptor", str(file))["site-tools"]
    assert not mark.exists()
    found = contents(images.layout, f"site-tools:{row['Tag']}")
    assert "stackwright-was-here" in found.files
    assert "etc/issue" not in found.files
    assert not [path for path in found.files if path.startswith(f"{VENV}/lib/python3.11/site-packages/jmespath/")]
    assert "usr/lib/x86_64-linux-gnu/libvirt.so.0" in found.files
    config = images.layout.config(images.layout.manifest(images.layout.get(f"site-tools:{row['Tag']}")))
    assert config.config.user == "placement"
    assert found.files["var/lib/placement"].told[2:4] == (42500, 42501)
    assert images.build("--descriptor", str(file))["site-tools"]["New"] == "no"


def test_a_descriptor_that_a_shell_would_evaluate_is_refused_at_its_place(images: Images, tmp_path: Path) -> None:
    file = tmp_path / "evil.descriptor"
    file.write_text(f"LABEL=evil\nPROJECT=placement\nDIST_PACKAGES=$(touch {tmp_path}/mark)\n")
    refused = images.stackwright("build", "image", "--descriptor", str(file), status=2)
    assert f"{file}:3:15: '$' would be evaluated by a shell" in refused.stderr
    assert not (tmp_path / "mark").exists()


def test_a_customization_that_fails_leaves_no_image(images: Images, tmp_path: Path) -> None:
    file = tmp_path / "failing.descriptor"
    file.write_text("LABEL=failing\nPROJECT=placement\nPROJECT_REPO=nil\nCUSTOMIZATION='echo so far; false'\n")
    failed = images.stackwright("build", "image", "--descriptor", str(file), status=1)
    assert "so far" in failed.stderr
    assert not [name for name in images.layout.references() if name.startswith("failing:")]


def test_two_builds_at_once_make_it_once(images: Images, tmp_path: Path) -> None:
    file = tmp_path / "twice.descriptor"
    file.write_text("LABEL=twice\nPROJECT=placement\nPROJECT_REPO=nil\nCUSTOMIZATION='sleep 1; date +%N >/when'\n")
    command = [*images.stackwright.argv, "build", "image", "--descriptor", str(file), "-f", "json"]
    with ExitStack() as stack:
        started = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, env=images.stackwright.env))
            for _ in range(2)
        ]
        rows = [json.loads(one.communicate(timeout=300)[0])[0] for one in started]
    assert rows[0]["Digest"] == rows[1]["Digest"]


def test_a_full_disk_is_told_and_nothing_half_made_has_a_name(images: Images, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(small)], check=True)
    try:
        (small / "store.git").symlink_to(images.stackwright.state / "store.git")
        there = Images(Stackwright(images.stackwright.distribution, small))
        full = there.stackwright("build", "image", "--image", "placement-api", status=3)
        assert "No space left" in full.stderr or "the disk is full" in full.stderr
        assert not there.layout.references()
        subprocess.run(["mount", "-o", "remount,size=2g", str(small)], check=True)
        assert (
            there.build("--image", "placement-api")["placement-api"]["Digest"]
            == images.layout.get(images.reference("placement-api")).digest
        )
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--image", "nova-apy"), "did you mean 'nova-api'?"),
        (("--base", "bookwurm"), "did you mean 'bookworm'?"),
        (("--base", "trixie", "--image", "nova-api"), "--base bookworm"),
        (("--release", "2027.1"), "did you mean '2026.2'?"),
        (("--descriptor", "nowhere"), "cannot be read"),
    ],
)
def test_what_is_asked_for_wrongly_is_answered(images: Images, words: tuple[str, ...], told: str) -> None:
    assert told in images.stackwright("build", "image", *words, status=2).stderr
