"""Promise 3: sources become trees in one bare git repository, series are applied index-only, downloads are verified."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import CACHE, Stackwright


def test_every_patch_of_the_example_applies(stackwright: Stackwright) -> None:
    assert {row["State"] for row in stackwright.json("patch", "status")} == {"applies"}


def test_the_result_of_a_series_is_a_tree_of_the_store_and_nothing_is_checked_out(stackwright: Stackwright) -> None:
    (row,) = stackwright.json("build", "oslo.middleware")
    store = stackwright.state / "store.git"
    kind = subprocess.run(
        ["git", "-C", store, "cat-file", "-t", row["Tree"]], capture_output=True, text=True, check=True
    )
    assert kind.stdout == "tree\n"
    assert (
        subprocess.run(
            ["git", "-C", store, "rev-parse", "--is-bare-repository"], capture_output=True, text=True, check=True
        ).stdout
        == "true\n"
    )


def test_a_patch_that_does_not_apply_shows_the_hunk_the_lines_expected_and_found(
    stackwright: Stackwright, distribution: Path
) -> None:
    patch = next((distribution / "patches/oslo.middleware/2026.2").glob("*.patch"))
    lines = patch.read_text().split("\n")
    context = next(
        number for number, line in enumerate(lines) if number > lines.index("---") + 8 and line.startswith(" import")
    )
    lines[context] += "_of_old"
    patch.write_text("\n".join(lines))
    message = stackwright("patch", "status", "oslo.middleware", status=1).stderr
    assert "hunk 1" in message
    assert "expected:" in message
    assert "found:" in message
    assert lines[context].strip() in message
    assert patch.name in message


def test_git_and_path_sources_become_trees_too(distribution: Path, tmp_path: Path) -> None:
    stackwright = Stackwright(distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})
    project = tmp_path / "mine"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "mine"\nversion = "1.0"\n'
    )
    (project / "mine.py").write_text("HELLO = 1\n")
    git = ["git", "-C", str(project), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "mine"]):
        subprocess.run([*git, *words], check=True)
    release = distribution / "releases/2026.2.yaml"
    release.write_text(
        release.read_text()
        + f"  mine: {{source: {{git: 'file://{project}', ref: main, version: '1.0'}}}}\n"
        + f"  mine-too: {{source: {{path: {project}, version: '1.0'}}, distribution-name: mine-too}}\n"
    )
    (by_git,) = stackwright.json("build", "mine")
    (by_path,) = stackwright.json("build", "mine-too")
    assert by_git["Version"] == by_path["Version"] == "1.0"
    assert by_git["Tree"] == by_path["Tree"]


def test_nothing_is_fetched_twice(stackwright: Stackwright) -> None:
    stackwright("patch", "status")
    assert "downloading" not in stackwright("patch", "status").stderr


def test_a_tampered_download_is_found_and_fetched_again(distribution: Path, tmp_path: Path) -> None:
    ours = {"STACKWRIGHT_CACHE": str(tmp_path / "cache")}
    stackwright = Stackwright(distribution, tmp_path / "state", ours)
    stackwright("patch", "status", "oslo.middleware")
    (archive,) = (tmp_path / "cache/downloads").rglob("oslo*middleware*.tar.gz")
    good = archive.read_bytes()
    archive.chmod(0o600)
    archive.write_bytes(good[:-100] + bytes(100))
    other = Stackwright(distribution, tmp_path / "other-state", ours)
    for memo in (tmp_path / "cache").glob("memo.sqlite*"):
        memo.unlink()
    message = other("patch", "status", "oslo.middleware").stderr
    assert "downloading" in message
    assert archive.read_bytes() == good


def test_without_network_the_error_says_what_was_wanted(distribution: Path, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a network namespace")
    stackwright = Stackwright(distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})
    done = subprocess.run(
        ["unshare", "--net", *stackwright.argv, "patch", "status"],
        capture_output=True,
        text=True,
        check=False,
        env={**stackwright.env, "UV_CACHE_DIR": str(tmp_path / "uv")},
    )
    assert done.returncode == 3, done.stderr
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_cache_is_where_it_is_said_to_be(stackwright: Stackwright) -> None:
    stackwright("patch", "status")
    assert list((CACHE / "downloads").rglob("nova-*.tar.gz"))
