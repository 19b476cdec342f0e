"""Promise 5 of artifacts: what is built here in the forms that pip, uv and kolla take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Stackwright

KOLLA = ("kolla==23.0.0", "podman")
NEWEST = "2026-11-01T00:00:00Z"  # of what kolla itself requires
OURS = {"keystone", "neutron", "nova", "oslo-middleware", "oslo-privsep"}
UV = str(Path(sys.executable).with_name("uv"))


@pytest.fixture(scope="module")
def python_with_kolla(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("kolla") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", "/usr/bin/python3", place], check=True)
    python = place / "bin/python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, "--exclude-newer", NEWEST, *KOLLA], check=True)
    return python


def test_constraints_name_one_version_of_each_package_and_tell_which_are_ours(stackwright: Stackwright) -> None:
    lines = stackwright("export", "constraints").stdout.splitlines()[1:]
    names = [line.partition("===")[0] for line in lines]
    assert len(names) == len(set(names)) > 150
    assert {line.partition("===")[0] for line in lines if line.endswith("# ours")} == OURS
    assert "nova===34.0.0.post3  # ours" in lines
    assert "glance===33.0.0" in lines


def test_pip_installs_a_patched_library_from_the_index(stackwright: Stackwright, tmp_path: Path) -> None:
    index = tmp_path / "index"
    rows = stackwright.json("export", "pip", str(index))
    assert {row["Name"] for row in rows} == OURS
    assert {row["Was"] for row in rows} == {"new"}
    subprocess.run(["/usr/bin/python3", "-m", "venv", tmp_path / "venv"], check=True)
    pip = [str(tmp_path / "venv/bin/pip"), "install", "--isolated", "--no-deps", "--index-url", index.as_uri()]
    subprocess.run([*pip, "oslo.privsep>=3.12"], check=True)
    shown = subprocess.run(
        [tmp_path / "venv/bin/pip", "show", "oslo.privsep"], check=True, capture_output=True, text=True
    )
    assert "Version: 3.12.0.post1" in shown.stdout


def test_pip_resolves_with_the_constraints_and_the_index_to_what_the_constraints_say(
    stackwright: Stackwright, tmp_path: Path
) -> None:
    stackwright("export", "pip", str(tmp_path / "index"))
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(stackwright("export", "constraints").stdout)
    command = [UV, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python", "/usr/bin/python3"]
    command += ["--constraints", str(constraints), "--extra-index-url", (tmp_path / "index").as_uri(), "-"]
    command += ["--index-strategy", "unsafe-best-match"]
    done = subprocess.run(command, input="oslo.middleware\n", check=True, capture_output=True, text=True)
    said = {line.partition("  #")[0] for line in constraints.read_text().splitlines()}
    resolved = {line.replace("==", "===") for line in done.stdout.splitlines()}
    assert "oslo-middleware===8.2.0.post1" in resolved
    assert resolved <= said


def test_an_index_grows_and_a_version_in_it_never_changes(stackwright: Stackwright, tmp_path: Path) -> None:
    index = tmp_path / "index"
    first = stackwright.json("export", "pip", str(index))
    assert {row["Was"] for row in stackwright.json("export", "pip", str(index))} == {"there"}
    wheel = index / first[0]["File"]
    wheel.write_bytes(wheel.read_bytes() + b"\n")
    message = stackwright("export", "pip", str(index), status=1).stderr
    assert f"another wheel has the name {wheel.name}" in message
    assert "another folder" in message


def test_where_a_file_is_no_index_goes(stackwright: Stackwright, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("")
    assert "is not a folder" in stackwright("export", "pip", str(tmp_path / "index"), status=2).stderr


def test_kolla_takes_the_patched_trees_for_its_images(
    stackwright: Stackwright, python_with_kolla: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "kolla"
    rows = stackwright.json("export", "kolla", str(folder))
    assert {row["Component"] for row in rows} == {"keystone", "neutron", "nova", "oslo.middleware", "oslo.privsep"}
    probe = [str(python_with_kolla), str(Path(__file__).with_name("kolla_probe.py"))]
    probe += ["--config-file", str(folder / "kolla-build.conf"), "--base", "debian"]
    done = subprocess.run(
        [*probe, "openstack-base", "keystone-base", "neutron-base", "nova-base"],
        check=True,
        capture_output=True,
        text=True,
    )
    images = {row["name"].partition("/")[2]: row for row in json.loads(done.stdout.splitlines()[-1])}
    (tag,) = {name.partition(":")[2] for name in images}
    assert tag.startswith("2026.2-")
    assert f"openstack_tag: {tag}" in (folder / "globals.yml").read_text()
    assert images[f"nova-base:{tag}"]["sources"] == {"nova-base": "nova-34.0.0.post3"}
    assert images[f"keystone-base:{tag}"]["sources"] == {"keystone-base": "keystone-30.0.0.post1"}
    base = images[f"openstack-base:{tag}"]
    assert base["sources"] == {
        "openstack-base": "requirements",
        "openstack-base-plugin-oslo.middleware": "oslo.middleware-8.2.0.post1",
        "openstack-base-plugin-oslo.privsep": "oslo.privsep-3.12.0.post1",
    }
    assert base["plugins"]


def test_of_kollas_sources_pip_makes_the_versions_that_its_constraints_have(
    stackwright: Stackwright, tmp_path: Path
) -> None:
    stackwright("export", "kolla", str(tmp_path / "kolla"))
    constraints = tmp_path / "kolla/requirements/upper-constraints.txt"
    assert "nova===" not in constraints.read_text()  # pip would not take one from a folder of another version
    subprocess.run([UV, "venv", "--quiet", "--python", "/usr/bin/python3", tmp_path / "venv"], check=True)
    source = tmp_path / "kolla/sources/oslo.privsep-3.12.0.post1.tar.gz"
    command = [UV, "pip", "install", "--no-deps", "--python", str(tmp_path / "venv")]
    command += ["--constraints", str(constraints), str(source)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "oslo-privsep==3.12.0.post1" in done.stderr


def test_the_same_trees_give_the_same_files(stackwright: Stackwright, tmp_path: Path) -> None:
    def written() -> dict[str, bytes]:
        stackwright("export", "kolla", str(tmp_path / "kolla"))
        return {str(file): file.read_bytes() for file in (tmp_path / "kolla").rglob("*") if file.is_file()}

    assert written() == written()
