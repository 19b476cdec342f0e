"""``init``: a new distribution works at once, and nothing is overwritten."""

from __future__ import annotations

import json
import re
import resource
from datetime import date
from pathlib import Path

import pytest

from stackwright.distribution import PypiSource, init, load, schema
from stackwright.distribution.schemas import MODELS
from stackwright.errors import EnvironmentLacksError, InputError


def test_a_new_distribution_loads(tmp_path: Path) -> None:
    init(tmp_path / "new/cloud", "minicloud")
    distribution = load(tmp_path / "new/cloud")
    assert distribution.name == "minicloud"
    release = distribution.release(distribution.site().release)
    assert (release.name, release.python, release.pins.exclude_newer) == ("2026.2", "3.11", date(2026, 10, 15))
    assert {name: component.source for name, component in release.components.items()} == {
        "keystone": PypiSource(pypi="keystone", version="30.0.0"),
        "glance": PypiSource(pypi="glance", version="33.0.0"),
        "placement": PypiSource(pypi="openstack-placement", version="16.0.0"),
        "nova": PypiSource(pypi="nova", version="34.0.0"),
        "neutron": PypiSource(pypi="neutron", version="29.0.0"),
    }
    assert distribution.site().services == ("core",)


@pytest.mark.parametrize("name", ["2026.10", "true", "1e3", "null", "a"])
def test_any_name_comes_back(tmp_path: Path, name: str) -> None:
    init(tmp_path, name)
    assert load(tmp_path).name == name


def test_what_it_writes_is_what_it_says(tmp_path: Path) -> None:
    written = init(tmp_path, "x")
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert {str(path.relative_to(tmp_path)) for path in written} == {
        "distribution.yaml",
        "releases/2026.2.yaml",
        "sites/local.yaml",
        "patches/README.md",
        ".schema/distribution.json",
        ".schema/release.json",
        ".schema/site.json",
        ".schema/value-schema.json",
        ".schema/values.json",
    }


def test_every_file_names_its_schema(tmp_path: Path) -> None:
    """The line is what yaml-language-server, and with it most editors, looks for."""
    kinds = {}
    for file in init(tmp_path, "x"):
        if file.suffix == ".yaml":
            line = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text())
            assert line is not None
            kinds[file.name] = json.loads((file.parent / line[1]).read_text())
    assert kinds == {
        "distribution.yaml": schema(MODELS["distribution"]),
        "2026.2.yaml": schema(MODELS["release"]),
        "local.yaml": schema(MODELS["site"]),
    }


def test_the_lines_that_are_commented_out_would_work(tmp_path: Path) -> None:
    for file in init(tmp_path, "x"):
        if file.suffix == ".yaml":
            file.write_text(re.sub(r"^# ([a-z-]+: )(?!\$schema)", r"\1", file.read_text(), flags=re.MULTILINE))
    distribution = load(tmp_path)
    assert distribution.maintainer == "Name <mail>"
    assert distribution.site().ports == {"keystone-public": 5000}
    assert distribution.site().values.global_ == {"debug": True}


def test_the_readme_of_patches_is_right(tmp_path: Path) -> None:
    """The library that it shows how to add can be added."""
    init(tmp_path, "x")
    line = re.search(r"`(oslo\.middleware: .*)`", (tmp_path / "patches/README.md").read_text())
    assert line is not None
    with (tmp_path / "releases/2026.2.yaml").open("a") as release:
        release.write(f"  {line[1]}\n")
    (tmp_path / "patches/oslo.middleware/2026.2").mkdir(parents=True)
    assert load(tmp_path).series_directory("oslo.middleware", "2026.2").is_dir()


def test_a_fresh_git_clone_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    init(tmp_path, "x")
    assert load(tmp_path).name == "x"


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError) as caught:
        init(tmp_path, "x")
    assert str(caught.value) == (
        f"{tmp_path}: the directory is not empty\n"
        "  why: it has 'thesis.txt' in it, and nothing is overwritten\n"
        "  fix: name a new directory"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_not_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        init(tmp_path / "file", "x")
    assert str(caught.value) == f"{tmp_path}/file: this is not a directory\n  fix: name a new directory"


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", ".x", 'a"b', "a\nb"])
def test_a_name_that_cannot_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a distribution"):
        init(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(EnvironmentLacksError) as caught:
            init(tmp_path / "new", "x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.what == "the distribution cannot be written: File too large"
    assert caught.value.fix == "mend that, remove what was written, and repeat"
