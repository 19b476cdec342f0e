from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.build.debian.builder import SourcePackage
from stackwright.build.debian.failures import NOT_FOUND, apt_failed, build_failed
from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError, RunFailedError, StackwrightError
from stackwright.tools.process import ProgramFailedError

LOG = Path("/state/builds/deb.log")
UNMET = """\
Reading package lists...
The following packages have unmet dependencies:
 builddeps:./build-dependencies.dsc : Depends: python3-pear (>= 9) but it is not going to be installed
                                      Depends: apple but it is not installable
E: Unable to correct problems, you have held broken packages.
"""
SCRIPT = """\
Setting up pear (1.0-3) ...
cannot make the orchard
dpkg: error processing package pear (--configure):
 installed pear package post-installation script subprocess returned error exit status 7
Errors were encountered while processing:
 pear
"""
FETCH = """\
Err:1 http://deb.example.org/debian trixie/main amd64 pear all 1.0-3
  404  Not Found [IP: 192.0.2.1 80]
E: Failed to fetch http://deb.example.org/debian/pool/pear_1.0-3_all.deb  404  Not Found [IP: 192.0.2.1 80]
"""
FULL = "dpkg: error processing archive x.deb (--unpack):\n cannot copy: No space left on device\n"


@pytest.mark.parametrize(
    ("said", "family", "told"),
    [
        (UNMET, InputError, ["Depends: python3-pear (>= 9) but it is not going to be installed", "Depends: apple"]),
        ("E: Unable to locate package apple\n", InputError, ["apple: there is no such package"]),
        (
            SCRIPT,
            CheckFailedError,
            ["the post-installation script of the package pear fails", "cannot make the orchard"],
        ),
        (FETCH, EnvironmentLacksError, ["http://deb.example.org/debian/pool/pear_1.0-3_all.deb: 404  Not Found"]),
        (FULL, EnvironmentLacksError, ["the disk is full"]),
        ("E: strange\n", EnvironmentLacksError, ["apt cannot install what it needs", "E: strange"]),
    ],
)
def test_what_apt_says_becomes_an_error_that_tells_what_to_do(
    said: str, family: type[StackwrightError], told: list[str]
) -> None:
    error = apt_failed(said, "pear 1.0-3", LOG)
    assert type(error) is family
    for text in told:
        assert text in str(error)
    assert str(LOG) in str(error)


def test_only_a_mirror_that_has_gone_on_is_asked_again() -> None:
    assert NOT_FOUND.search(FETCH)
    assert NOT_FOUND.search("E: Unable to locate package apple\n")
    assert not NOT_FOUND.search(UNMET)
    assert not NOT_FOUND.search(SCRIPT)


def test_tests_that_fail_are_told_as_such() -> None:
    source = SourcePackage("pear", "1.0-3", Path("/d/pear.dsc"))
    output = "FAIL: test_pear\ndh_auto_test: error: pybuild --test returned exit code 13\n"
    failed = ProgramFailedError(["dpkg-buildpackage"], 2, output, LOG)
    error = build_failed(source, failed, LOG, tests=True)
    assert type(error) is RunFailedError
    assert error.why == "its own tests fail"
    assert build_failed(source, failed, LOG, tests=False).why == ""
