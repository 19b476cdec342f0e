from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import qemu_user

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's interpreters, and the rules of qemu's package: neither has any yet."""
    monkeypatch.setattr(qemu_user, "REGISTRY", tmp_path)
    monkeypatch.setattr(qemu_user, "RULES", tmp_path)
    return tmp_path


def test_a_machine_that_runs_them_already_is_told_nothing(registry: Path) -> None:
    (registry / "qemu-aarch64").write_text("enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: F\n")
    assert qemu_user.argv("aarch64", ["true"]) == ["unshare", "--mount", "--propagation", "private", "true"]


def test_one_that_does_not_gets_a_list_for_the_command_alone(registry: Path) -> None:
    (registry / "qemu-aarch64").write_text("disabled\n")
    words = qemu_user.argv("aarch64", ["mmdebstrap", "it's"])
    assert "unshare --user" in words[words.index("-ec") + 1]
    assert words[-3:] == [str(registry / "qemu-aarch64.conf"), "mmdebstrap", "it's"]


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
@pytest.mark.usefixtures("registry")
def test_what_is_not_installed_is_named() -> None:
    with pytest.raises(EnvironmentLacksError) as lacking:
        qemu_user.require("aarch64")
    assert lacking.value.fix == "apt-get install qemu-user-static"


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_a_kernel_that_takes_no_rule_is_told_with_its_own_words(registry: Path) -> None:
    (registry / "qemu-aarch64.conf").write_text("nonsense\n")
    with pytest.raises(EnvironmentLacksError) as lacking:
        qemu_user.require("aarch64")
    assert "programs of aarch64 cannot be run here" in lacking.value.what
    assert lacking.value.why
