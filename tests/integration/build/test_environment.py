"""Environments of real packages: what they hold, who shares them, and what a changed patch costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackwright.build.environment import build_environment, find_environment
from stackwright.errors import InputError, RunFailedError
from stackwright.tools import process, uv

from .conftest import Workshop, a_release, python

# oslo.middleware requires oslo.i18n; WebOb requires neither.
RELEASE = a_release({"oslo.middleware": {"version": "8.2.0"}, "oslo.i18n": {"version": "6.9.0"}})
GREETING = {"oslo_i18n/_greeting.py": "WORD = 'hello'\n"}
SITE = "lib/python3.11/site-packages"


def inode(path: Path) -> int:
    return path.stat().st_ino


def test_components_have_the_releases_versions_and_the_rest_those_of_its_day(workshop: Workshop) -> None:
    pins = workshop.plan(RELEASE, "oslo.middleware", "PyMySQL").closure.pins
    assert (pins["oslo-middleware"], pins["oslo-i18n"], pins["pbr"]) == ("8.2.0", "6.9.0", "7.1.3")
    assert "pymysql" in pins
    before = a_release({"oslo.i18n": {"version": "6.0.0"}}, day="2023-06-01")
    assert workshop.plan(before, "oslo.i18n").closure.pins == {"oslo-i18n": "6.0.0", "pbr": "5.11.1"}


def test_a_constraints_file_pins_what_is_no_component(workshop: Workshop, tmp_path: Path) -> None:
    constraints = tmp_path / "upper-constraints.txt"
    constraints.write_text("# of the requirements team\noslo.i18n===6.5.0\npbr===6.1.1  # as tested\n\n")
    release = a_release({"oslo.i18n": {"version": "6.9.0"}}, constraints=constraints)
    pins = workshop.plan(release, "oslo.i18n").closure.pins
    assert (pins["oslo-i18n"], pins["pbr"]) == ("6.9.0", "6.1.1")
    constraints.write_text("pbr===7.0.0\n")
    assert workshop.plan(release, "oslo.i18n").closure.pins["pbr"] == "7.0.0"
    constraints.unlink()
    with pytest.raises(InputError, match="the constraints file cannot be read"):
        workshop.plan(release, "oslo.i18n")


def test_a_constraint_holds_back_what_a_day_would_let_in(workshop: Workshop, tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("pbr<6.1\n")
    components = {"oslo.i18n": {"version": "6.0.0"}}
    at_that_day = a_release(components, day="2025-06-01")
    with_both = a_release(components, day="2025-06-01", constraints=constraints)
    with_the_file = a_release(components, constraints=constraints)
    versions = {
        name: workshop.plan(release, "oslo.i18n", "iso8601==2.1.0").closure.pins["pbr"]
        for name, release in (("day", at_that_day), ("both", with_both), ("file", with_the_file))
    }
    assert versions == {"day": "6.1.1", "both": "6.0.0", "file": "6.0.0"}
    with pytest.raises(InputError, match="filtered by `exclude-newer`"):
        workshop.plan(with_both, "oslo.i18n", "alembic==1.16.3")  # came later than that day


def test_planning_again_runs_nothing(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = workshop.plan(RELEASE, "oslo.middleware")
    monkeypatch.setattr("subprocess.Popen", lambda command, **_: pytest.fail(f"it ran {command}"))
    assert workshop.plan(RELEASE, "oslo.middleware") == plan
    assert workshop.plan(RELEASE, "oslo.middleware", "oslo.middleware").key == plan.key


def test_a_patched_library_is_in_each_environment_that_has_it_and_in_no_other(workshop: Workshop) -> None:
    tree = workshop.patched(workshop.upstream("oslo.i18n", "6.9.0"), GREETING)
    wheels = {"oslo.i18n": workshop.plan_wheel(RELEASE, "oslo.i18n", tree, upstream="6.9.0")}
    plain, patched = (workshop.plan(RELEASE, "oslo.middleware", wheels=chosen) for chosen in ({}, wheels))
    assert plain.closure == patched.closure
    assert plain.key != patched.key
    assert patched.built == (wheels["oslo.i18n"],)
    without = [workshop.plan(RELEASE, "WebOb", wheels=chosen) for chosen in ({}, wheels)]
    assert without[0].key == without[1].key

    environment = workshop.environment(patched)
    program = "import oslo_i18n._greeting as g, importlib.metadata as m; print(g.WORD, m.version('oslo.i18n'))"
    assert python(environment, program) == "hello 6.9.0.post1"
    provenance = workshop.cache.provenance("environments", patched.key)
    assert provenance.inputs["built"] == {"oslo.i18n": {"tree": tree, "wheel": wheels["oslo.i18n"].key}}
    assert provenance.inputs["pins"]["oslo-i18n"] == "6.9.0.post1"


def test_an_environment_is_whole_and_works_where_it_is(workshop: Workshop) -> None:
    plan = workshop.plan(RELEASE, "oslo.middleware")
    assert find_environment(plan, workshop.cache) is None
    environment = workshop.environment(plan)
    assert find_environment(plan, workshop.cache) == environment
    listed = process.run(
        [uv.uv_path(), "pip", "list", "--format", "json", "--python", str(environment.path / "bin" / "python")]
    ).text
    assert {package["name"]: package["version"] for package in json.loads(listed)} == dict(plan.closure.pins)
    assert process.run([str(environment.path / "bin" / "pbr"), "--version"]).text.strip() == "7.1.3"
    assert str(workshop.cache.directory / "unfinished") not in "".join(
        path.read_text(errors="replace") for path in (environment.path / "bin").iterdir() if path.is_file()
    )


def test_all_sources_but_tests_have_bytecode_that_python_uses(workshop: Workshop) -> None:
    environment = workshop.environment(workshop.plan(RELEASE, "oslo.middleware"))
    site = environment.path / SITE
    sources = [path for path in site.rglob("*.py") if "tests" not in path.parts]
    assert len(sources) > 300
    for source in sources:
        assert (source.parent / "__pycache__" / f"{source.stem}.cpython-311.pyc").exists(), source
    # With another source beside it, bytecode shows that it is what is taken, and which file it says it is of.
    source = site / "oslo_i18n" / "_factory.py"
    source.unlink()
    source.write_text("raise SystemExit('the source was read')\n")
    program = "import oslo_i18n._factory as f; print(f.TranslatorFactory.__init__.__code__.co_filename)"
    assert python(environment, program) == str(source)


def test_a_changed_patch_costs_what_it_changes(workshop: Workshop) -> None:
    upstream = workshop.upstream("oslo.i18n", "6.9.0")
    environments = []
    compiled = []
    for text in ("A = 1\n", "A = 2\n"):
        tree = workshop.patched(upstream, {"oslo_i18n/_edited.py": text})
        wheel = workshop.plan_wheel(RELEASE, "oslo.i18n", tree, upstream="6.9.0")
        environments.append(
            workshop.environment(workshop.plan(RELEASE, "oslo.middleware", wheels={"oslo.i18n": wheel}))
        )
        compiled.append({path.name for path in (workshop.cache.directory / "bytecode").rglob("*.pyc")})
    first, second = (environment.path / SITE for environment in environments)
    assert len(compiled[1] - compiled[0]) == 1
    for unchanged in ("oslo_middleware/cors.py", "oslo_i18n/__pycache__/log.cpython-311.pyc"):
        assert inode(first / unchanged) == inode(second / unchanged)
    for changed in ("oslo_i18n/_edited.py", "oslo_i18n/__pycache__/_edited.cpython-311.pyc"):
        assert inode(first / changed) != inode(second / changed)
    program = "import oslo_i18n._edited as e; print(e.A)"
    assert [python(environment, program) for environment in environments] == ["1", "2"]


def test_what_a_patch_requires_in_addition_comes_at_the_same_pins(workshop: Workshop) -> None:
    upstream = workshop.upstream("oslo.i18n", "6.9.0")
    tree = workshop.patched(upstream, {"requirements.txt": "\niso8601>=1.0\nno-such-thing; sys_platform == 'win32'\n"})
    plan = workshop.plan(
        RELEASE,
        "oslo.i18n",
        wheels={"oslo.i18n": workshop.plan_wheel(RELEASE, "oslo.i18n", tree, upstream="6.9.0")},
    )
    assert "iso8601" not in plan.closure.pins
    environment = workshop.environment(plan)
    program = "import importlib.metadata as m; print(m.version('iso8601'), m.version('oslo.i18n'), m.version('pbr'))"
    assert python(environment, program) == "2.1.0 6.9.0.post1 7.1.3"


def test_what_a_patch_requires_and_the_pins_do_not_allow_is_said(workshop: Workshop) -> None:
    tree = workshop.patched(workshop.upstream("oslo.i18n", "6.9.0"), {"requirements.txt": "\npbr>=99\n"})
    wheel = workshop.plan_wheel(RELEASE, "oslo.i18n", tree, upstream="6.9.0")
    plan = workshop.plan(RELEASE, "oslo.i18n", wheels={"oslo.i18n": wheel})
    with pytest.raises(InputError, match="no set of versions fits") as caught:
        workshop.environment(plan)
    assert "pbr>=99" in str(caught.value)
    assert find_environment(plan, workshop.cache) is None


def test_a_patch_cannot_bring_in_a_patched_library_unpatched(workshop: Workshop) -> None:
    release = a_release({"oslo.i18n": {"version": "6.9.0"}, "iso8601": {"version": "2.1.0"}})
    i18n = workshop.patched(workshop.upstream("oslo.i18n", "6.9.0"), {"requirements.txt": "\niso8601\n"})
    iso = workshop.patched(workshop.upstream("iso8601", "2.1.0"), {"README.rst": "\n"})
    wheels = {
        "oslo.i18n": workshop.plan_wheel(release, "oslo.i18n", i18n, upstream="6.9.0"),
        "iso8601": workshop.plan_wheel(release, "iso8601", iso, upstream="2.1.0"),
    }
    with pytest.raises(InputError, match="a patch requires iso8601, which has patches itself") as caught:
        workshop.environment(workshop.plan(release, "oslo.i18n", wheels=wheels))
    assert "add iso8601 to the requirements" in str(caught.value)
    workshop.environment(workshop.plan(release, "oslo.i18n", "iso8601", wheels=wheels))


def test_a_component_from_no_index_is_resolved_from_its_tree(workshop: Workshop) -> None:
    release = a_release({"oslo.i18n": {"path": "/somewhere"}, "pbr": {"version": "7.1.3"}})
    tree = workshop.patched(
        workshop.upstream("oslo.i18n", "6.9.0"),
        {"requirements.txt": "\niso8601>=1.0\n", "oslo_i18n/own.json": "{}\n"},
    )
    wheels = {"oslo.i18n": workshop.plan_wheel(release, "oslo.i18n", tree, upstream="99.0.0.dev4", patches=0)}
    plan = workshop.plan(release, "oslo.i18n>=99.0.0.dev1", wheels=wheels)
    assert plan.closure.pins.keys() == {"iso8601", "oslo-i18n", "pbr", "setuptools"}
    environment = workshop.environment(plan)
    assert python(environment, "import importlib.metadata as m; print(m.version('oslo.i18n'))") == "99.0.0.dev4"
    assert (environment.path / SITE / "oslo_i18n" / "own.json").exists()


@pytest.mark.parametrize("day", ["2023-06-01", "2025-06-01", "2026-10-15"])
@pytest.mark.parametrize("upstream", ["6.0.0", "6.0.0.0rc1", "6.0.1.dev12"])
def test_each_pbr_can_read_the_version_of_a_patched_wheel_when_a_service_runs(
    workshop: Workshop, day: str, upstream: str
) -> None:
    release = a_release({"oslo.i18n": {"version": "6.0.0"}}, day=day)
    tree = workshop.upstream("oslo.i18n", "6.0.0")
    wheels = {"oslo.i18n": workshop.plan_wheel(release, "oslo.i18n", tree, upstream=upstream, patches=3)}
    environment = workshop.environment(workshop.plan(release, "oslo.i18n", "setuptools", wheels=wheels))
    program = "import pbr.version as v; i = v.VersionInfo('oslo.i18n'); print(i.version_string(), i.release_string())"
    short, long = python(environment, program).split()
    assert short in ("6.0.0", "6.0.1")
    assert long.startswith("6.0.")


def test_without_its_wheels_an_environment_is_not_built(workshop: Workshop) -> None:
    tree = workshop.patched(workshop.upstream("oslo.i18n", "6.9.0"), GREETING)
    wheels = {"oslo.i18n": workshop.plan_wheel(RELEASE, "oslo.i18n", tree, upstream="6.9.0")}
    plan = workshop.plan(RELEASE, "oslo.i18n", wheels=wheels)
    with pytest.raises(RunFailedError, match=r"oslo\.i18n: its wheel has not been built yet"):
        build_environment(plan, cache=workshop.cache, memo=workshop.memo, log=workshop.log)
