"""uv itself, the package index and a full disk."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.tools import process, python, uv
from stackwright.tools.process import ProgramFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = python.interpreter("3.11")
DAY = date(2026, 10, 15)
ARM = "aarch64-manylinux_2_36"


def names(lock: str) -> dict[str, str]:
    return dict(line.removesuffix(" \\").split("==") for line in lock.splitlines() if "==" in line)


def test_a_lock_goes_back_in_time_and_keeps_to_the_constraints() -> None:
    then = uv.compile_lock(["iso8601"], python=PYTHON, exclude_newer=date(2022, 1, 1))
    assert names(then) == {"iso8601": "1.0.2"}
    held = names(uv.compile_lock(["oslo.i18n"], python=PYTHON, exclude_newer=DAY, constraints=["pbr==6.1.1"]))
    assert held["pbr"] == "6.1.1"


def test_the_day_begins_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    # pbr 7.1.3 was uploaded on 2026-10-07 at 10:38 UTC.
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    assert names(uv.compile_lock(["pbr"], python=PYTHON, exclude_newer=date(2026, 10, 8)))["pbr"] == "7.1.3"
    assert names(uv.compile_lock(["pbr"], python=PYTHON, exclude_newer=date(2026, 10, 7)))["pbr"] != "7.1.3"


def test_a_lock_does_not_depend_on_what_the_user_set_up_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = uv.compile_lock(["oslo.i18n"], python=PYTHON, exclude_newer=DAY)
    monkeypatch.setenv("UV_RESOLUTION", "lowest")
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2020-01-01")
    assert uv.compile_lock(["oslo.i18n"], python=PYTHON, exclude_newer=DAY) == plain


def test_requirements_that_cannot_be_met_are_the_users_to_mend() -> None:
    with pytest.raises(InputError, match="no set of versions fits") as caught:
        uv.compile_lock(["oslo.i18n==6.0.0", "oslo.i18n>=6.1"], python=PYTHON, exclude_newer=DAY)
    assert "you require oslo-i18n==6.0.0 and oslo-i18n>=6.1" in str(caught.value)


def test_what_is_known_to_require_nothing_is_not_built_to_find_that_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Its setup.py wants pkg-config and libvirt's headers.
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    lock = uv.compile_lock(["libvirt-python==9.0.0"], python=PYTHON, exclude_newer=DAY, alone=["libvirt-python==9.0.0"])
    assert names(lock) == {"libvirt-python": "9.0.0"}


def test_no_network_is_the_machines_lack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(EnvironmentLacksError, match="the package index cannot be reached"):
        uv.compile_lock(["oslo.i18n"], python=PYTHON)
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(EnvironmentLacksError, match="the package index cannot be reached"):
        uv.compile_lock(["oslo.i18n"], python=PYTHON)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system with 64 KiB of room."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    disk = tmp_path / "small"
    disk.mkdir()
    process.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)])
    yield disk
    process.run(["umount", str(disk)])


def test_a_full_disk_is_the_machines_lack(small_disk: Path, tmp_path: Path) -> None:
    lock = uv.compile_lock(["pbr"], python=PYTHON, exclude_newer=DAY)
    environment = small_disk / "environment"
    uv.create_environment(environment, python=PYTHON)
    with pytest.raises(EnvironmentLacksError, match="the disk is full"):
        uv.install(environment, lock, exclude_newer=DAY, log=tmp_path / "log")
    source = tmp_path / "source.py"
    source.write_text("x = (" + "'many words', " * 5000 + ")\n" + "".join(f"y{n} = 'word {n}'\n" for n in range(5000)))
    with pytest.raises(EnvironmentLacksError, match="the disk is full"):
        python.byte_compile(PYTHON, [(source, small_disk / "source.pyc")])


def test_an_environment_is_exactly_its_lock_and_can_be_moved(tmp_path: Path) -> None:
    lock = uv.compile_lock(["pbr", "setuptools"], python=PYTHON, exclude_newer=DAY)
    uv.create_environment(tmp_path / "a", python=PYTHON)
    uv.install(tmp_path / "a", lock, exclude_newer=DAY, log=tmp_path / "log")
    moved = (tmp_path / "a").rename(tmp_path / "b")
    assert process.run([str(moved / "bin" / "pbr"), "--version"]).text.strip() == names(lock)["pbr"]
    installed = {path.name for path in moved.glob("lib/python3.11/site-packages/*.dist-info")}
    assert installed == {f"{name}-{version}.dist-info" for name, version in names(lock).items()}


def test_an_environment_for_another_platform_has_its_wheels(tmp_path: Path) -> None:
    lock = uv.compile_lock(["wrapt"], python=PYTHON, exclude_newer=DAY, platform=ARM)
    uv.create_environment(tmp_path / "a", python=PYTHON)
    uv.install(tmp_path / "a", lock, exclude_newer=DAY, log=tmp_path / "log", platform=ARM)
    (library,) = (tmp_path / "a").glob("lib/python3.11/site-packages/wrapt/*.so")
    assert library.name.endswith("aarch64-linux-gnu.so")


def test_what_has_no_wheel_for_another_platform_is_named(tmp_path: Path) -> None:
    # It has an sdist alone, and that has C in it.
    only = "libvirt-python==9.0.0"
    lock = uv.compile_lock([only], python=PYTHON, exclude_newer=DAY, alone=[only], platform=ARM)
    uv.create_environment(tmp_path / "a", python=PYTHON)
    with pytest.raises(EnvironmentLacksError, match=f"{only} has no wheel for {ARM}"):
        uv.install(tmp_path / "a", lock, exclude_newer=DAY, log=tmp_path / "log", platform=ARM)


def test_a_failed_build_shows_its_last_lines_and_its_log(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "setup.py").write_text("raise SystemExit('the moon is in the wrong place')\n")
    log = tmp_path / "log"
    with pytest.raises(ProgramFailedError) as caught:
        uv.build_wheel(
            project, tmp_path / "out", python=PYTHON, exclude_newer=DAY, build_constraints=[], env={}, log=log
        )
    assert "the moon is in the wrong place" in str(caught.value)
    assert str(log) in str(caught.value)
