"""Promise 2: the distribution. Typed models, a schema for editors, errors with their place, `init`, the example."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .conftest import COMMAND, EXAMPLE, Stackwright


def test_init_makes_a_distribution_that_works_at_once(tmp_path: Path) -> None:
    subprocess.run([COMMAND, "init", tmp_path / "ours"], check=True, capture_output=True)
    rows = Stackwright(tmp_path / "ours", tmp_path / "state").json("check")
    assert {row["Component"] for row in rows} >= {"keystone", "glance", "placement", "nova", "neutron"}


def test_a_json_schema_is_exported_for_each_file() -> None:
    for kind in ("distribution", "release", "site"):
        done = subprocess.run([COMMAND, "schema", kind], check=True, capture_output=True, text=True)
        assert json.loads(done.stdout)["properties"]


def test_the_example_carries_patches_on_a_service_a_library_and_one_with_a_data_file(stackwright: Stackwright) -> None:
    carried = {row["Component"]: row["Patches"] for row in stackwright.json("check") if row["Patches"]}
    assert {"nova", "oslo.middleware", "keystone"} <= carried.keys()
    assert sum(carried.values()) >= 3
    assert EXAMPLE.is_dir()


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "said"),
    [
        ("releases/2026.2.yaml", "python:", "pyton:", "releases/2026.2.yaml:3:1", "did you mean 'python'?"),
        ("sites/local.yaml", '"2026.2"', '"2026.3"', "sites/local.yaml:1:10", "2026.2"),
        ("sites/local.yaml", "core", "cor", "sites/local.yaml:4:11", "did you mean 'core'?"),
        ("releases/2026.2.yaml", "version: 34.0.0", "version: thirty", "releases/2026.2.yaml:12", "thirty"),
    ],
)
def test_an_error_says_file_line_column_what_and_how_to_mend(
    stackwright: Stackwright, distribution: Path, file: str, old: str, new: str, place: str, said: str
) -> None:
    path = distribution / file
    path.write_text(path.read_text().replace(old, new, 1))
    message = stackwright("plan", status=2).stderr
    assert message.splitlines()[-1].strip().startswith("fix:") or "fix:" in message
    assert place in message
    assert said in message


def test_a_folder_of_patches_for_no_component_is_an_error_with_a_suggestion(
    stackwright: Stackwright, distribution: Path
) -> None:
    (distribution / "patches/nova").rename(distribution / "patches/novva")
    assert "did you mean 'nova'?" in stackwright("check", status=2).stderr
