"""buildah takes up the images, as they are, and builds others on them: it makes none of ours."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from stackwright.build.image import oci
from stackwright.build.image.layout import Layout

from .conftest import Stackwright, need_root

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTOR = "LABEL=plain\nPROJECT=placement\nPROJECT_UID=42500\nPROJECT_REPO=nil\n"


@dataclass(frozen=True)
class Buildah:
    """buildah with a storage of its own."""

    directory: Path

    def __call__(self, *words: str) -> str:
        places = ["--root", str(self.directory / "root"), "--runroot", str(self.directory / "run")]
        command = ["buildah", *places, "--storage-driver", "vfs", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}\n{done.stderr}"
        return done.stdout.strip()


@pytest.mark.skipif(shutil.which("buildah") is None, reason="needs buildah: apt-get install buildah")
@pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="needs mmdebstrap: apt-get install mmdebstrap")
def test_buildah_begins_with_an_image_and_builds_another_on_it(stackwright: Stackwright, tmp_path: Path) -> None:
    need_root()
    descriptor = tmp_path / "plain.descriptor"
    descriptor.write_text(DESCRIPTOR)
    (row,) = stackwright.json("build", "image", "--descriptor", str(descriptor))
    layout = Layout(stackwright.state / "images")
    image = f"oci:{layout.directory}:plain:{row['Tag']}"
    buildah = Buildah(tmp_path / "buildah")
    buildah("from", "--name", "one", image)
    assert buildah("inspect", "--format", "{{.FromImageDigest}}", "one") == row["Digest"]
    assert buildah("run", "--isolation", "chroot", "one", "id", "-u") == "42500"
    (tmp_path / "Containerfile").write_text(f"FROM {image}\nUSER root\nRUN echo more >/etc/motd\n")
    buildah("bud", "--isolation", "chroot", "--timestamp", "0", "--format", "oci", "-t", "more", str(tmp_path))
    buildah("push", "more", f"oci:{tmp_path / 'built'}:more")
    built, ours = Layout(tmp_path / "built"), layout.manifest(layout.get(f"plain:{row['Tag']}"))
    manifest = built.manifest(built.get("more"))
    unpacked, below = (one.rootfs.diff_ids for one in (built.config(manifest), layout.config(ours)))
    assert unpacked[:-1] == below
    assert manifest.annotations[oci.TITLE] == "plain"
    # Whatever buildah writes, it puts its own version into: its images are other ones with each buildah.
    assert "io.buildah.version" in built.config(manifest).config.labels
