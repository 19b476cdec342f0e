"""Promise of artifacts: `stackwright provenance` walks from an artifact to upstream's source and verifies each step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import EXAMPLE, Stackwright

PATCHES = "patches/oslo.privsep/2026.2"
RELEASE = """\
python: "3.11"
pins: {exclude-newer: 2026-10-15}
components:
  oslo.privsep: {source: {pypi: oslo.privsep, version: 3.12.0}}
"""


@pytest.fixture
def ours(tmp_path: Path) -> Stackwright:
    """A distribution of one patched library, with a cache of its own: it is tampered with."""
    root = tmp_path / "distribution"
    (root / "releases").mkdir(parents=True)
    (root / "distribution.yaml").write_text("name: team\n")
    (root / "releases/2026.2.yaml").write_text(RELEASE)
    shutil.copytree(EXAMPLE / PATCHES, root / PATCHES)
    return Stackwright(root, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})


@pytest.fixture
def wheel(ours: Stackwright, tmp_path: Path) -> Path:
    """Its wheel, taken elsewhere."""
    (row,) = ours.json("build", "--release", "2026.2")
    return Path(shutil.copy(row["Wheel"], tmp_path))


def test_a_wheel_is_walked_back_to_its_sdist(ours: Stackwright, wheel: Path) -> None:
    rows = ours.json("provenance", str(wheel))
    assert [row["Step"] for row in rows] == ["wheel", "tree", "patch", "source"]
    assert {row["Verified"] for row in rows} == {"yes"}
    assert "oslo.privsep 3.12.0 (sdist sha256 166edcd4" in rows[-1]["What"]


def test_a_series_that_was_changed_since_is_told(ours: Stackwright, wheel: Path) -> None:
    (patch,) = (ours.distribution / PATCHES).glob("*.patch")
    patch.write_text(patch.read_text().replace("+import", "+import  ", 1).replace("\n+ ", "\n+  ", 1))
    rows = ours.json("provenance", str(wheel), status=1)
    assert rows[0]["Verified"] == "yes"
    assert rows[1]["Step"] == "tree"
    assert "no series of the distribution makes this tree now" in rows[1]["Verified"]


def test_a_download_that_was_changed_or_is_gone_is_told(ours: Stackwright, wheel: Path, tmp_path: Path) -> None:
    (sdist,) = (tmp_path / "cache/downloads").rglob("*.tar.gz")
    with sdist.open("ab") as stream:
        stream.write(b"!")
    rows = ours.json("provenance", str(wheel), status=1)
    assert rows[-1]["Step"] == "source"
    assert "was changed since its download" in rows[-1]["Verified"]
    sdist.unlink()
    assert "not here any more" in ours.json("provenance", str(wheel), status=1)[-1]["Verified"]


def test_a_file_that_was_not_built_here_is_refused(ours: Stackwright, wheel: Path, tmp_path: Path) -> None:
    with wheel.open("ab") as stream:
        stream.write(b"!")
    message = ours("provenance", str(wheel), status=2).stderr
    assert f"{wheel.name} was not built here, or not as it is now" in message
    (tmp_path / "notes.txt").write_text("")
    assert "name a .whl, .deb or .dsc file" in ours("provenance", str(tmp_path / "notes.txt"), status=2).stderr
    assert "there is no image 'nova:1' here" in ours("provenance", "nova:1", status=2).stderr
