from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import apt

if TYPE_CHECKING:
    from pathlib import Path

STATUS = """\
Package: memcached
Status: install ok installed
Version: 1.6.18-1
Description: cache
 Package: not-a-field

Package: removed
Status: deinstall ok config-files

Package: half
Status: install ok half-configured
"""


def test_only_what_is_wholly_installed_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "STATUS", tmp_path / "status")
    apt.STATUS.write_text(STATUS)
    assert apt.missing(["memcached", "removed", "half", "unknown"]) == ("removed", "half", "unknown")


def test_who_is_not_root_is_told_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(EnvironmentLacksError) as caught:
        apt.install(["memcached", "haproxy"], tmp_path / "log")
    assert caught.value.fix == "apt-get install memcached haproxy"


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(apt, "POLICY", tmp_path / "policy-rc.d")
    return tmp_path / "policy-rc.d"


def test_services_stay_down_while_packages_are_installed(policy: Path) -> None:
    with apt._services_stay_down():
        assert policy.read_text().endswith("exit 101\n")
        assert policy.stat().st_mode & 0o111
    assert not policy.exists()


def test_a_policy_of_the_machine_is_left_alone(policy: Path) -> None:
    policy.write_text("#!/bin/sh\nexit 0\n")
    with apt._services_stay_down():
        assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_policy_that_a_run_which_was_cut_off_has_left_goes(policy: Path) -> None:
    policy.write_text(apt.POLICY_TEXT)
    with apt._services_stay_down():
        assert policy.exists()
    assert not policy.exists()
