from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.build.backports.suites import IndexedSource, newest, read_index
from stackwright.errors import InputError

INDEX = b"""\
Package: nova
Binary: nova-api, nova-common,
 python3-nova
Version: 2:31.0.0-6
Build-Depends: debhelper-compat (= 11),
 python3-all,
Build-Depends-Indep:
 python3-oslo.config (>= 1:9),
 python3-pbr

Package: nova-more
Version: 1-1

Package: nova
Version: 2:30.0.0-1
Binary: nova-api

Package: nova
Version: 2:99.0.0-1
Extra-Source-Only: yes
"""
FILE = Path("Sources")


def test_the_packages_that_are_asked_for_are_read_with_all_that_their_builds_need() -> None:
    found = newest(read_index(INDEX, ["nova", "glance"], FILE))
    assert found == {
        "nova": IndexedSource(
            "nova",
            "2:31.0.0-6",
            ("nova-api", "nova-common", "python3-nova"),
            "debhelper-compat (= 11), python3-all, python3-oslo.config (>= 1:9), python3-pbr",
        )
    }


def test_what_is_kept_only_because_something_was_built_with_it_is_no_candidate() -> None:
    assert all(one.version != "2:99.0.0-1" for one in read_index(INDEX, ["nova"], FILE))


def test_a_version_that_cannot_be_compared_is_told_with_its_index() -> None:
    with pytest.raises(InputError) as raised:
        list(read_index(b"Package: nova\nVersion: new one\n", ["nova"], FILE))
    assert str(raised.value).startswith("Sources: the index has a version of nova that cannot be compared")
