"""Wheels of real projects by their real build backends."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.build import scratch
from stackwright.build.wheel import find_wheel
from stackwright.build.wheelfile import version_of
from stackwright.errors import EnvironmentLacksError
from stackwright.tools.process import ProgramFailedError

from .conftest import Workshop, a_release

if TYPE_CHECKING:
    from collections.abc import Callable

I18N = a_release({"oslo.i18n": {"version": "6.9.0"}})
EDIT = {
    "oslo_i18n/_greeting.py": "def greet():\n    return 'hello'\n",
    "oslo_i18n/greetings/words.json": '{"hello": "hallo"}\n',
}


def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def test_what_a_patch_adds_arrives_in_the_wheel(workshop: Workshop) -> None:
    tree = workshop.patched(workshop.upstream("oslo.i18n", "6.9.0"), EDIT)
    plan = workshop.plan_wheel(I18N, "oslo.i18n", tree, upstream="6.9.0", patches=2)
    assert find_wheel(plan, workshop.cache) is None
    wheel = workshop.wheel(plan)
    assert wheel.path.name == "oslo_i18n-6.9.0.post2-py3-none-any.whl"
    assert set(EDIT) <= set(names(wheel.path))
    assert find_wheel(plan, workshop.cache) == wheel
    provenance = workshop.cache.provenance("wheels", plan.key)
    assert provenance.inputs["tree"] == tree
    assert provenance.tools.keys() >= {"uv", "pbr", "setuptools"}
    assert provenance.outputs == {wheel.path.name: wheel.sha256}


def test_built_twice_it_is_the_same_to_the_last_bit(
    workshop: Workshop, tmp_path: Path, fetch: Callable[[str, str], Path]
) -> None:
    wheels = []
    for place in (workshop, Workshop(tmp_path / "elsewhere", fetch)):
        tree = place.patched(place.upstream("oslo.i18n", "6.9.0"), EDIT)
        wheels.append(place.wheel(place.plan_wheel(I18N, "oslo.i18n", tree, upstream="6.9.0")))
    first, second = wheels
    assert first.key == second.key
    assert first.path != second.path
    assert first.path.read_bytes() == second.path.read_bytes()


@pytest.mark.parametrize(
    ("name", "version", "backend"),
    [
        ("pluggy", "1.6.0", "setuptools-scm"),
        ("hatch-vcs", "0.5.0", "hatchling"),
        ("typing-extensions", "4.16.0", "flit-core"),
        ("WebOb", "1.8.11", "setuptools"),
    ],
)
def test_projects_without_pbr_get_the_version_too(workshop: Workshop, name: str, version: str, backend: str) -> None:
    release = a_release({name: {"version": version}})
    tree = workshop.patched(workshop.upstream(name, version), {"README.md": "Patched.\n"})
    wheel = workshop.wheel(workshop.plan_wheel(release, name, tree, upstream=version))
    assert version_of(wheel.path) == f"{version}.post1"
    assert backend in workshop.cache.provenance("wheels", wheel.key).tools


def test_an_old_project_is_built_by_the_pbr_of_its_time(workshop: Workshop) -> None:
    release = a_release({"oslo.i18n": {"version": "6.0.0"}}, day="2023-06-01")
    tree = workshop.patched(workshop.upstream("oslo.i18n", "6.0.0"), EDIT)
    wheel = workshop.wheel(workshop.plan_wheel(release, "oslo.i18n", tree, upstream="6.0.0"))
    assert wheel.path.name == "oslo.i18n-6.0.0.post1-py3-none-any.whl"
    assert set(EDIT) <= set(names(wheel.path))
    assert workshop.cache.provenance("wheels", wheel.key).tools["pbr"] == "5.11.1"


def test_pbr_takes_the_version_of_a_patched_development_version(workshop: Workshop) -> None:
    tree = workshop.upstream("oslo.i18n", "6.9.0")
    plan = workshop.plan_wheel(I18N, "oslo.i18n", tree, upstream="6.9.1.dev12", patches=3)
    assert workshop.wheel(plan).path.name == "oslo_i18n-6.9.1.dev12+patched.3-py3-none-any.whl"


def test_a_build_that_fails_says_why_and_leaves_nothing(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MEMORY", tmp_path / "memory")
    monkeypatch.setattr(scratch, "ENOUGH", 1)
    scratch.MEMORY.mkdir()
    broken = {"setup.py": "\nraise SystemExit('this patch is not right')\n"}
    tree = workshop.patched(workshop.upstream("oslo.i18n", "6.9.0"), broken)
    plan = workshop.plan_wheel(I18N, "oslo.i18n", tree, upstream="6.9.0")
    with pytest.raises(ProgramFailedError) as caught:
        workshop.wheel(plan)
    assert "this patch is not right" in str(caught.value)
    assert str(workshop.log) in str(caught.value)
    assert find_wheel(plan, workshop.cache) is None
    for base in (scratch.fast_base(), workshop.cache.directory / "unfinished"):
        assert [path for path in base.iterdir() if path.is_dir()] == []


def test_a_second_build_needs_no_network(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = workshop.upstream("oslo.i18n", "6.9.0")
    workshop.wheel(workshop.plan_wheel(I18N, "oslo.i18n", upstream, upstream="6.9.0"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    edited = workshop.patched(upstream, EDIT)
    workshop.wheel(workshop.plan_wheel(I18N, "oslo.i18n", edited, upstream="6.9.0"))
    monkeypatch.setenv("UV_CACHE_DIR", str(workshop.directory / "no-cache"))
    again = workshop.patched(edited, EDIT)
    with pytest.raises(EnvironmentLacksError, match="the package index cannot be reached"):
        workshop.wheel(workshop.plan_wheel(I18N, "oslo.i18n", again, upstream="6.9.0"))
