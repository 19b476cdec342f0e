"""Images for this machine's architecture and another, under one tag: made, run, pushed, pulled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackwright.build.image import oci
from stackwright.build.image.layout import Layout
from stackwright.build.image.system import SYSTEMS
from stackwright.tools import qemu_user
from tests import registry
from tests.contained import VENV

from .conftest import CACHE, EXAMPLE, SECRETS, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="not root: Debian systems are made by root"),
    pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="needs mmdebstrap: apt-get install mmdebstrap"),
    pytest.mark.skipif(
        not Path("/usr/lib/binfmt.d/qemu-aarch64.conf").exists(), reason=f"apt-get install {qemu_user.PACKAGE}"
    ),
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="what is foreign to this machine is arm64"),
]
IMAGE = "placement-api"
BOTH = ("--arch", "amd64", "--arch", "arm64")
# Of a program's head (ELF, e_machine): what it runs on.
X86_64, AARCH64 = 62, 183


@dataclass(frozen=True)
class Images:
    """The images of a copy of the example for both architectures, and the index of these."""

    stackwright: Stackwright
    rows: list[dict[str, Any]]

    @property
    def layout(self) -> Layout:
        return Layout(self.stackwright.state / "images")

    @property
    def index(self) -> str:
        return f"{IMAGE}:{self.rows[-1]['Tag']}"

    def manifest(self, architecture: str) -> oci.Manifest:
        return self.layout.manifest(self.layout.get(f"{self.index}-{architecture}"))


def a_copy(directory: Path, state: Path, **environment: str) -> Stackwright:
    return Stackwright(Path(shutil.copytree(EXAMPLE, directory / "minicloud", ignore=SECRETS)), state, environment)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    need_root()
    state = STATE / "architectures"
    shutil.rmtree(state, ignore_errors=True)
    stackwright = a_copy(tmp_path_factory.mktemp("architectures"), state)
    yield Images(stackwright, stackwright.json("build", "image", "--image", IMAGE, *BOTH))
    shutil.rmtree(state, ignore_errors=True)


def programs(images: Images, architecture: str) -> dict[str, int]:
    """Give what the programs and libraries of an image run on."""
    found = {}
    for layer in images.manifest(architecture).layers:
        with tarfile.open(images.layout.path(layer.digest)) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isreg() else None
                head = stream.read(20) if stream else b""
                if head.startswith(b"\x7fELF"):
                    found[member.name] = int.from_bytes(head[18:20], "little")
    return found


def test_one_tag_names_an_image_for_each_architecture(images: Images) -> None:
    amd64, arm64, index = images.rows
    assert (amd64["Tag"], arm64["Tag"]) == (f"{index['Tag']}-amd64", f"{index['Tag']}-arm64")
    listed = images.layout.images(images.layout.get(images.index))
    assert [(one.platform, one.digest) for one in listed] == [
        (oci.Platform(architecture="amd64", os="linux"), amd64["Digest"]),
        (oci.Platform(architecture="arm64", os="linux"), arm64["Digest"]),
    ]
    for architecture in ("amd64", "arm64"):
        config = images.layout.config(images.manifest(architecture))
        assert config.architecture == architecture
        assert config.config.labels[oci.TITLE] == IMAGE
    rows = {row["Tag"]: row["Architecture"] for row in images.stackwright.json("image", "list")}
    assert rows[index["Tag"]] == "amd64, arm64"
    assert rows[arm64["Tag"]] == "arm64"


def test_all_that_an_image_runs_is_of_its_architecture(images: Images) -> None:
    for architecture, machine in (("amd64", X86_64), ("arm64", AARCH64)):
        found = programs(images, architecture)
        assert set(found.values()) == {machine}
        assert "usr/bin/python3.11" in found
        assert [path for path in found if path.startswith(f"{VENV}/lib/") and path.endswith(".so")]


def test_the_service_runs_on_the_other_architecture(images: Images, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for layer in images.manifest("arm64").layers:
        with tarfile.open(images.layout.path(layer.digest)) as tar:
            tar.extractall(root)
    settings = "[placement_database]\nconnection = sqlite:////var/lib/placement/own.db\n"
    (root / "etc/placement/placement.conf").write_text(settings)
    says = "import platform, wrapt._wrappers as c; print(platform.machine(), c.__file__)"
    script = f"/{VENV}/bin/placement-manage db sync && /{VENV}/bin/python -c '{says}'"
    words = qemu_user.argv("aarch64", ["chroot", str(root), "sh", "-ec", script])
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    machine, module = done.stdout.split()
    assert (machine, module.endswith("aarch64-linux-gnu.so")) == ("aarch64", True)
    assert b"resource_providers" in (root / "var/lib/placement/own.db").read_bytes()


def test_nothing_is_known_to_the_machines_kernel_afterwards(images: Images) -> None:
    assert images.rows
    assert not (qemu_user.REGISTRY / "status").exists() or qemu_user.is_registered("aarch64")


def test_this_machines_image_is_the_one_that_is_made_alone(images: Images, state: Path) -> None:
    alone = Stackwright(images.stackwright.distribution, state)
    (row,) = alone.json("build", "image", "--image", IMAGE)
    assert (row["Tag"], row["Digest"]) == (images.rows[-1]["Tag"], images.rows[0]["Digest"])


def test_of_the_same_debian_packages_it_is_the_same_again(images: Images, tmp_path: Path, state: Path) -> None:
    systems = [
        file.parent
        for file in (CACHE / SYSTEMS).glob("*/provenance.json")
        if json.loads(file.read_text())["inputs"].get("architecture") == "arm64"
    ]
    (state / "cache" / SYSTEMS).mkdir(parents=True)
    subprocess.run(["cp", "-a", *map(str, systems), str(state / "cache" / SYSTEMS)], check=True)
    again = a_copy(tmp_path, state, STACKWRIGHT_CACHE=str(state / "cache"))
    row, index = again.json("build", "image", "--image", IMAGE, "--arch", "arm64")
    assert row["Digest"] == images.rows[1]["Digest"]
    assert index["Digest"] != images.rows[2]["Digest"]
    assert images.stackwright.json("build", "image", "--image", IMAGE, *BOTH)[2]["Digest"] == images.rows[2]["Digest"]


def test_each_has_a_bill_of_materials_of_its_own(images: Images) -> None:
    for architecture, row in zip(("amd64", "arm64"), images.rows, strict=False):
        bill = json.loads(images.stackwright("image", "sbom", f"{images.index}-{architecture}").stdout)
        assert row["Digest"].replace(":", "%3A") in bill["metadata"]["component"]["purl"]
        libc = next(one["purl"] for one in bill["components"] if one["name"] == "libc6")
        assert f"arch={architecture}" in libc
        assert "pkg:pypi/openstack-placement" in {one["purl"].partition("@")[0] for one in bill["components"]}
    refused = images.stackwright("image", "sbom", images.index, status=2).stderr
    assert f"{images.index} is no image, but an index of images for amd64 and arm64" in refused
    assert f"fix: name one of these: {images.index}-amd64 or {images.index}-arm64" in refused


def test_a_registry_has_both_under_the_tag_and_gives_them_back(images: Images, tmp_path: Path, state: Path) -> None:
    if registry.lacking():
        pytest.skip(registry.lacking())
    with registry.running(tmp_path / "registry") as there:
        words = ("image", "push", there.address, "--image", images.index)
        assert [row["State"] for row in images.stackwright.json(*words)] == ["pushed"]
        assert [row["State"] for row in images.stackwright.json(*words)] == ["there already"]
        name = f"docker://{there.address}/{images.index}"
        raw = subprocess.run(
            ["skopeo", "inspect", "--tls-verify=false", "--raw", name], check=True, capture_output=True
        ).stdout
        assert oci.digest_of(raw) == images.rows[2]["Digest"]
        assert [one["platform"]["architecture"] for one in json.loads(raw)["manifests"]] == ["amd64", "arm64"]
        chosen = subprocess.run(
            ["skopeo", "--override-arch=arm64", "inspect", "--tls-verify=false", "--config", name],
            check=True,
            capture_output=True,
        ).stdout
        assert json.loads(chosen)["architecture"] == "arm64"
        elsewhere = Stackwright(images.stackwright.distribution, state)
        (pulled,) = elsewhere.json("image", "pull", there.address, images.index)
        assert pulled["Digest"] == images.rows[2]["Digest"]
    for architecture in ("amd64", "arm64"):
        reference = f"{images.index}-{architecture}"
        bills = [one("image", "sbom", reference).stdout for one in (elsewhere, images.stackwright)]
        assert bills[0] == bills[1]


def test_what_has_no_wheel_for_the_architecture_is_named(images: Images, tmp_path: Path) -> None:
    file = tmp_path / "odd.descriptor"
    # It has an sdist alone, and that has C in it.
    file.write_text("LABEL=odd\nPROJECT=placement\nPIP_PACKAGES=netifaces\n")
    refused = images.stackwright("build", "image", "--descriptor", str(file), "--arch", "arm64", status=3).stderr
    assert "netifaces==0.11.0 has no wheel for aarch64-manylinux_2_36" in refused
    assert not [name for name in images.layout.references() if name.startswith("odd:")]


def test_a_script_that_the_image_has_to_run_is_refused(images: Images, tmp_path: Path) -> None:
    if qemu_user.is_registered("aarch64"):
        pytest.skip("this machine runs programs of the other architecture")
    file = tmp_path / "odd.descriptor"
    file.write_text("LABEL=odd\nPROJECT=placement\nPROJECT_REPO=nil\nCUSTOMIZATION='true'\n")
    refused = images.stackwright("build", "image", "--descriptor", str(file), "--arch", "arm64", status=3).stderr
    assert "the CUSTOMIZATION of an image for arm64 cannot be run here" in refused


def test_a_mistyped_architecture_is_answered_with_the_nearest(images: Images) -> None:
    refused = images.stackwright("build", "image", "--image", IMAGE, "--arch", "arm46", status=2).stderr
    assert "no image can be made for 'arm46'" in refused
    assert "arm64" in refused
