from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import python

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_systems_own_interpreter_is_taken_before_others_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "python3.11"
    other.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    system = Path("/usr/bin/python3.11")
    assert python.interpreter("3.11") == (system if system.exists() else other)


def test_another_is_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "python3.99"
    other.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert python.interpreter("3.99") == other


def test_an_interpreter_that_is_not_there_is_the_machines_lack() -> None:
    with pytest.raises(EnvironmentLacksError, match=r"no Python 3\.98") as caught:
        python.interpreter("3.98")
    assert "apt-get install python3.98" in str(caught.value)


def test_a_source_that_is_not_python_is_passed_over(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("x = 1\n")
    bad.write_text("print 'this was once Python'\n")
    python.byte_compile(Path(sys.executable), [(path, path.with_suffix(".pyc")) for path in (bad, good)])
    assert good.with_suffix(".pyc").exists()
    assert not bad.with_suffix(".pyc").exists()
