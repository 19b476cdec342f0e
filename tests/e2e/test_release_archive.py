"""Promise 6 of artifacts: a release in one folder, verified offline, and built again from it without a network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stackwright.build.image import oci
from stackwright.build.image.layout import Layout
from tests.upstream import Upstream

from .conftest import COMMAND, EXAMPLE, Stackwright

RELEASE = """\
python: "3.11"
pins: {{exclude-newer: 2026-10-15}}
components:
  oslo.privsep: {{source: {{pypi: oslo.privsep, version: 3.12.0}}}}
  ours: {{source: {{git: {ours}, ref: "1.0"}}}}
"""
SETUP = "[build-system]\nrequires = ['setuptools']\n[project]\nname = 'ours'\nversion = '1.0'\n"
SECRET = "nothing of this leaves the house"


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stackwright, Path]:
    """A release of a patched library of an index and a program of a git repository, archived."""
    place = tmp_path_factory.mktemp("archived")
    upstream = Upstream(place / "ours")
    upstream.commit({"pyproject.toml": SETUP, "ours.py": "ANSWER = 42\n"}, "Begin")
    upstream.git("tag", "1.0")
    root = place / "distribution"
    ours = Stackwright(root, place / "state")
    (root / "releases").mkdir(parents=True)
    (root / "distribution.yaml").write_text("name: team\n")
    (root / "releases/2026.2.yaml").write_text(RELEASE.format(ours=upstream.directory))
    (root / "secrets").mkdir()
    (root / "secrets/identity.txt").write_text(SECRET)
    shutil.copytree(EXAMPLE / "patches/oslo.privsep/2026.2", root / "patches/oslo.privsep/2026.2")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    (root / ".gitignore").write_text("notes\n")
    (root / "notes").write_text(SECRET)
    ours("archive", "2026.2", str(place / "archive"))
    return ours, place / "archive"


def offline(script: str, cwd: Path) -> str:
    """Run a shell script without a network: all it has is a loopback that is down."""
    path = f"{COMMAND.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-ec", script],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def blobs(archive: Path) -> list[Path]:
    return sorted((archive / "blobs/sha256").iterdir())


def test_it_tells_what_it_takes_and_keeps_the_same_content_once(archived: tuple[Stackwright, Path]) -> None:
    ours, archive = archived
    before = blobs(archive)
    index = (archive / "index.json").read_bytes()
    rows = {row["Part"]: row for row in ours.json("archive", "2026.2", str(archive))}
    assert rows.keys() >= {"distribution", "downloads", "trees", "packages", "wheels", "sboms", "memo.json"}
    assert rows["total, each content once"]["Bytes"] > 50_000
    assert blobs(archive) == before
    assert (archive / "index.json").read_bytes() == index


def test_two_releases_share_what_they_have_in_common(archived: tuple[Stackwright, Path], tmp_path: Path) -> None:
    ours, archive = archived
    root = Path(shutil.copytree(ours.distribution, tmp_path / "distribution"))
    shutil.copy(root / "releases/2026.2.yaml", root / "releases/next.yaml")
    both = Path(shutil.copytree(archive, tmp_path / "archive"))
    rows = Stackwright(root, ours.state).json("archive", "next", str(both))
    weight = sum(file.stat().st_size for file in blobs(both)) - sum(file.stat().st_size for file in blobs(archive))
    assert weight < rows[-1]["Bytes"] / 3  # wheels of other versions: next has no patches
    for release in ("2026.2", "next"):
        ours("archive", "verify", str(both), release)


def test_images_of_the_release_come_along_and_are_verified_with_it(
    archived: tuple[Stackwright, Path], tmp_path: Path
) -> None:
    ours, archive = archived
    copy = Path(shutil.copytree(archive, tmp_path / "archive"))
    state = Path(shutil.copytree(ours.state, tmp_path / "state"))
    images = Layout(state / "images")
    layer, config = images.add(b"what a layer is made of", oci.LAYER), images.add(b"{}", oci.CONFIG)
    manifest = oci.Manifest(schema_version=2, media_type=oci.MANIFEST, config=config, layers=(layer,))
    image = images.add(oci.written(manifest), oci.MANIFEST)
    images.name_all({"thing:2026.2-0123456789ab": image, "thing:next-0123456789ab": image})
    there = Stackwright(ours.distribution, state)
    rows = {row["Part"]: row for row in there.json("archive", "2026.2", str(copy))}
    assert rows["images"]["Files"] == 3
    ours("archive", "restore", str(copy), "2026.2", str(tmp_path / "back"))
    restored = Layout(tmp_path / "back/state/images")
    assert list(restored.references()) == ["thing:2026.2-0123456789ab"]
    assert restored.path(layer.digest).read_bytes() == b"what a layer is made of"
    (copy / "blobs/sha256" / layer.digest.partition(":")[2]).unlink()
    message = ours("archive", "verify", str(copy), "2026.2", status=1).stderr
    assert f"thing:2026.2-0123456789ab {layer.digest}: it is gone" in message


def test_no_secret_of_the_distribution_is_in_it_nor_what_git_ignores(archived: tuple[Stackwright, Path]) -> None:
    _, archive = archived
    assert not any(SECRET.encode() in file.read_bytes() for file in blobs(archive))


def test_it_is_verified_offline_and_a_changed_or_lost_file_is_named(
    archived: tuple[Stackwright, Path], tmp_path: Path
) -> None:
    ours, archive = archived
    copy = Path(shutil.copytree(archive, tmp_path / "archive"))
    assert "total" in offline(f"stackwright archive verify {copy} 2026.2", tmp_path)
    (wheel,) = (file for file in blobs(copy) if b"oslo_privsep-3.12.0.post1.dist-info/RECORD" in file.read_bytes())
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"!")
    message = ours("archive", "verify", str(copy), "2026.2", status=1).stderr
    assert "files of the archive are damaged: 1" in message
    assert "oslo_privsep-3.12.0.post1-py3-none-any.whl: its content is another" in message
    wheel.unlink()
    message = ours("archive", "restore", str(copy), "2026.2", str(tmp_path / "back"), status=1).stderr
    assert "oslo_privsep-3.12.0.post1-py3-none-any.whl: it is gone" in message
    assert not (tmp_path / "back").exists()


def test_without_a_network_all_is_built_again_from_it_to_the_last_bit(
    archived: tuple[Stackwright, Path], tmp_path: Path
) -> None:
    ours, archive = archived
    built = {row["Component"]: row["SHA-256"] for row in ours.json("build", "--release", "2026.2")}
    assert built.keys() == {"oslo.privsep", "ours"}
    script = ours("archive", "restore", str(archive), "2026.2", str(tmp_path / "back"), "--sources-only").stdout
    assert not (tmp_path / "back/cache/wheels").exists()
    again = offline(f"{script.rstrip()} -f value -c Component -c SHA-256", tmp_path)
    assert dict(line.split() for line in again.splitlines()) == built


def test_what_was_built_comes_along_unless_it_is_not_wanted(archived: tuple[Stackwright, Path], tmp_path: Path) -> None:
    ours, archive = archived
    script = ours("archive", "restore", str(archive), "2026.2", str(tmp_path / "back")).stdout
    wheels = {file.name for file in (tmp_path / "back/cache/wheels").glob("*/*.whl")}
    assert wheels == {"oslo_privsep-3.12.0.post1-py3-none-any.whl", "ours-1.0-py3-none-any.whl"}
    assert "oslo.privsep" in offline(script, tmp_path)


def test_a_bill_of_materials_says_what_is_in_it(archived: tuple[Stackwright, Path], tmp_path: Path) -> None:
    ours, archive = archived
    ours("archive", "restore", str(archive), "2026.2", str(tmp_path / "back"))
    bill = json.loads((tmp_path / "back/sboms/release.cdx.json").read_text())
    parts = {part["name"]: part for part in bill["components"]}
    assert (bill["specVersion"], parts["ours"]["version"]) == ("1.6", "1.0")
    (patch,) = (EXAMPLE / "patches/oslo.privsep/2026.2").glob("*.patch")
    assert parts["oslo-privsep"]["pedigree"]["notes"] == patch.name
    # What it was built with is in it, too, by the hash of its file.
    ((file, digest),) = (
        (file, part["hashes"][0]["content"])
        for file in (tmp_path / "back/packages").iterdir()
        for part in [parts["setuptools"]]
        if file.name.startswith("setuptools-")
    )
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest


def test_an_archive_in_the_distribution_is_no_part_of_itself(
    archived: tuple[Stackwright, Path], tmp_path: Path
) -> None:
    ours, _ = archived
    root = Path(shutil.copytree(ours.distribution, tmp_path / "distribution"))
    there = Stackwright(root, ours.state)
    first = there.json("archive", "2026.2", str(root / "kept"))
    assert there.json("archive", "2026.2", str(root / "kept")) == first


def test_wrong_names_are_answered(archived: tuple[Stackwright, Path], tmp_path: Path) -> None:
    ours, archive = archived
    assert "did you mean '2026.2'?" in ours("archive", "verify", str(archive), "2026.1", status=2).stderr
    assert "is there already" in ours("archive", "restore", str(archive), "2026.2", str(tmp_path), status=2).stderr
    assert "did you mean '2026.2'?" in ours("archive", "2026.3", str(archive), status=2).stderr


def test_a_path_that_would_leave_the_folder_is_refused(archived: tuple[Stackwright, Path], tmp_path: Path) -> None:
    ours, archive = archived
    copy = Path(shutil.copytree(archive, tmp_path / "archive"))
    index = json.loads((copy / "index.json").read_text())
    (entry,) = index["manifests"]
    manifest = (copy / "blobs/sha256" / entry["digest"].partition(":")[2]).read_text()
    evil = manifest.replace("distribution/distribution.yaml", "distribution/../../../../evil.yaml").encode()
    entry["digest"], entry["size"] = f"sha256:{hashlib.sha256(evil).hexdigest()}", len(evil)
    (copy / "blobs/sha256" / entry["digest"].partition(":")[2]).write_bytes(evil)
    (copy / "index.json").write_text(json.dumps(index))
    message = ours("archive", "restore", str(copy), "2026.2", str(tmp_path / "back"), status=2).stderr
    assert "it would leave it" in message
    assert not (tmp_path / "back").exists()
