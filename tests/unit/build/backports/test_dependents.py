from __future__ import annotations

from stackwright.build.backports.dependents import (
    Dependent,
    broken_by,
    broken_relations,
    imported,
    modules_in,
)

OLD = {"python3-oslo.config": "1:9.1-1", "python3-oslo.config-doc": "1:9.1-1"}
NEW = {"python3-oslo.config": "1:10.0-1~bpo12+1"}


def dependent(depends: str, field: str = "Depends") -> Dependent:
    return Dependent("nova", "2-1", "ours", {field: depends})


def whys(depends: str, field: str = "Depends") -> list[str]:
    return [one.why for one in broken_relations([dependent(depends, field)], OLD, NEW)]


def test_a_relation_that_the_new_version_does_not_meet_breaks() -> None:
    assert whys("python3-oslo.config (<< 1:10~)") == ["python3-oslo.config would be 1:10.0-1~bpo12+1"]
    assert whys("python3-oslo.config (>= 1:9)") == []
    assert whys("python3-oslo.config (= 1:9.1-1)", "Build-Depends-Indep") != []


def test_a_package_that_is_gone_breaks_whoever_needs_it() -> None:
    assert whys("python3-oslo.config-doc") == ["python3-oslo.config-doc would be gone"]


def test_what_is_not_met_now_is_not_broken_by_the_change() -> None:
    assert whys("python3-oslo.config (<< 1:9)") == []


def test_an_alternative_of_another_package_still_does() -> None:
    assert whys("python3-oslo.config (<< 1:10~) | python3-configless") == []
    assert whys("python3-oslo.config (<< 1:10~) | python3-oslo.config-doc") != []


def test_what_the_new_package_says_it_breaks() -> None:
    new = Dependent("python3-oslo.config", "1:10.0-1", "ours", {"Breaks": "nova (<< 3), glance (<< 3)"})
    found = [(one.package, one.what) for one in broken_by([new], [dependent("")])]
    assert found == [("nova", "Breaks: nova (<< 3)")]


def test_modules_are_what_is_where_python_looks_for_it() -> None:
    paths = [
        "usr/lib/python3/dist-packages/oslo_config/__init__.py",
        "usr/lib/python3/dist-packages/oslo_config/cfg.py",
        "usr/lib/python3/dist-packages/wrapt/_wrappers.cpython-311-x86_64-linux-gnu.so",
        "usr/lib/python3/dist-packages/oslo_config-9.1.egg-info/x.py",
        "usr/share/oslo_config/other.py",
    ]
    assert modules_in(paths) == {"oslo_config", "oslo_config.cfg", "wrapt._wrappers"}


def test_imports_are_read_from_the_text_wherever_they_stand() -> None:
    text = "import a.b as c\nfrom d import e\n\ndef f():\n    from .g import h\n    from d.i import j\n"
    assert imported(text) == {"a.b", "d", "d.e", "d.i", "d.i.j"}
    assert imported("print 'two'") == frozenset()
