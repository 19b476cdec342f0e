"""What a machine is given: the distribution as it lies there, with extra patches, and the Stackwright that runs."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import stackwright
from stackwright.distribution import load
from stackwright.errors import InputError
from stackwright.proof.machine import itself
from stackwright.proof.machine.carried import archive, copy, extra_patches
from stackwright.proof.machine.model import in_variables, written_variables
from stackwright.proof.machine.results import MACHINE, adopt, smoke_junit, unpack

EXAMPLE = Path(__file__).parents[4] / "examples/minicloud"
PATCH = """\
From: Ada <ada@example.org>
Subject: Say hello

diff --git a/hello b/hello
new file mode 100644
--- /dev/null
+++ b/hello
@@ -0,0 +1 @@
+hello
"""


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "minicloud"))


def extra(working: Path, component: str, name: str = "hello.patch", text: str = PATCH) -> Path:
    file = working / "extra-patches" / component / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_extra_patches_come_on_top_of_the_series_in_the_copy_only(distribution: Path, tmp_path: Path) -> None:
    extra(tmp_path, "nova")
    extra(tmp_path, "glance")
    before = {path: path.read_bytes() for path in distribution.rglob("*") if path.is_file()}
    loaded = load(distribution)
    release = loaded.release("2026.2")
    copy(loaded, release, extra_patches(tmp_path, loaded, release), tmp_path / "copy")
    series = (tmp_path / "copy/patches/nova/2026.2/series").read_text()
    assert series == (EXAMPLE / "patches/nova/2026.2/series").read_text() + "hello.patch\n"
    assert (tmp_path / "copy/patches/glance/2026.2/series").read_text() == "hello.patch\n"
    assert (tmp_path / "copy/patches/nova/2026.2/hello.patch").read_text() == PATCH
    assert {path: path.read_bytes() for path in distribution.rglob("*") if path.is_file()} == before
    load(tmp_path / "copy")


def test_the_working_tree_is_taken_and_not_its_history(distribution: Path, tmp_path: Path) -> None:
    (distribution / ".git").mkdir()
    (distribution / "uncommitted").write_text("here")
    loaded = load(distribution)
    copy(loaded, loaded.release("2026.2"), (), tmp_path / "copy")
    assert (tmp_path / "copy/uncommitted").exists()
    assert not (tmp_path / "copy/.git").exists()


@pytest.mark.parametrize(
    ("component", "name", "text", "message"),
    [
        ("nowa", "hello.patch", PATCH, "no component 'nowa'"),
        ("nova", "0001-Say-why-no-host-can-take-a-server.patch", PATCH, "has a patch of this name already"),
        ("nova", "empty.patch", "not a patch\n", "no difference|nothing|patch"),
    ],
)
def test_an_extra_patch_that_is_wrong_is_told_before_there_is_a_machine(
    distribution: Path, tmp_path: Path, component: str, name: str, text: str, message: str
) -> None:
    extra(tmp_path, component, name, text)
    loaded = load(distribution)
    with pytest.raises(InputError, match=message):
        extra_patches(tmp_path, loaded, loaded.release("2026.2"))


def test_an_extra_patch_of_no_component_is_refused(distribution: Path, tmp_path: Path) -> None:
    (tmp_path / "extra-patches").mkdir()
    (tmp_path / "extra-patches/hello.patch").write_text(PATCH)
    loaded = load(distribution)
    with pytest.raises(InputError, match="folder of its component"):
        extra_patches(tmp_path, loaded, loaded.release("2026.2"))


def test_the_archive_for_a_machine_is_its_owners_and_roots_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    archive(tmp_path / "a.tar", {Path("/srv/cloud/file"): tmp_path / "file"})
    assert (tmp_path / "a.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "a.tar") as stream:
        (member,) = stream.getmembers()
    assert (member.name, member.uid, member.uname) == ("srv/cloud/file", 0, "root")


def test_the_wheel_of_what_runs_is_whole_and_the_same_twice() -> None:
    package, told = Path(stackwright.__file__).parent, metadata.distribution("stackwright")
    name, content = itself.packed(package, told)
    assert itself.packed(package, told) == (name, content)
    assert name == f"stackwright-{told.version}-py3-none-any.whl"
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        names = set(wheel.namelist())
        assert (
            "stackwright.cli.main:main" in wheel.read(f"stackwright-{told.version}.dist-info/entry_points.txt").decode()
        )
    assert {"stackwright/cli/main.py", "stackwright/catalogue/services/nova.yaml"} <= names
    assert not [member for member in names if "__pycache__" in member]


def test_what_it_stands_on_is_held_at_the_installed_versions() -> None:
    closure = itself.installed_closure("stackwright")
    assert closure["cliff"] == metadata.version("cliff")
    assert "keystoneauth1" in closure  # at a distance, through the SDK
    assert "pytest" not in closure


def test_variables_are_quoted_and_nothing_else_of_the_environment_comes_along() -> None:
    assert written_variables({"A": "it's", "B": "x y"}) == "A='it'\"'\"'s'\nB='x y'\n"
    assert in_variables(["true"])[:2] == ["env", "-i"]


def packed(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o777
            made.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            made.addfile(info)
    return stream.getvalue()


def test_what_comes_back_stays_in_its_folder_and_is_private(tmp_path: Path) -> None:
    content = packed({"log/a.log": b"a", "../evil": b"x", "/evil": b"x"}, {"log/link": "/etc/passwd"})
    assert unpack(content, tmp_path / "results") == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.log"]
    assert (tmp_path / "results/log/a.log").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "results/log").stat().st_mode & 0o777 == 0o700


def test_proofs_that_a_machine_has_shown_count_here_and_replace_none(tmp_path: Path) -> None:
    brought = tmp_path / "results" / MACHINE / "proofs/tempest/abc"
    brought.mkdir(parents=True)
    (brought / "1.json").write_text("new")
    (brought / "2.json").write_text("new")
    kept = tmp_path / "proofs/tempest/abc"
    kept.mkdir(parents=True)
    (kept / "2.json").write_text("old")
    adopt(tmp_path / "results", tmp_path / "proofs")
    assert {file.name: file.read_text() for file in kept.iterdir()} == {"1.json": "new", "2.json": "old"}


def test_the_smoke_tests_report_becomes_junit() -> None:
    rows = (
        '[{"Check": "image", "Result": "ok", "Seconds": "1.5", "What was seen": "a disk"},'
        '{"Check": "ping", "Result": "failed", "Seconds": "2.0", "What was seen": "no answer <"}]'
    )
    text = smoke_junit(rows).decode()
    assert 'tests="2" failures="1"' in text
    assert '<failure message="no answer &lt;"' in text
