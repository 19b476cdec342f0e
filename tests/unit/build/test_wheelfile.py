from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from pathlib import Path

from stackwright.build.wheelfile import requirements, restamped, version_of

METADATA = """\
Metadata-Version: 2.4
Name: some.thing
Version: 1.2.0
Requires-Dist: oslo.config>=9.0
Requires-Dist: tzdata; sys_platform == "win32"

Version: 1.2.0 is the best of all.
"""


def make_wheel(directory: Path) -> Path:
    path = directory / "some_thing-1.2.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("some_thing/__init__.py", "")
        archive.writestr("some_thing-1.2.0.data/data/etc/thing.ini", "[thing]\n")
        archive.writestr("some_thing-1.2.0.dist-info/METADATA", METADATA)
        archive.writestr("some_thing-1.2.0.dist-info/RECORD", "wrong\n")
    return path


def test_it_tells_what_it_requires(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    assert [str(requirement) for requirement in requirements(wheel)] == [
        "oslo.config>=9.0",
        'tzdata; sys_platform == "win32"',
    ]
    assert version_of(wheel) == "1.2.0"


def test_another_version_is_in_all_the_places_that_have_it_and_nowhere_else(tmp_path: Path) -> None:
    wheel = restamped(make_wheel(tmp_path), "1.2.0.post3")
    assert wheel.name == "some_thing-1.2.0.post3-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert names == [
            "some_thing/__init__.py",
            "some_thing-1.2.0.post3.data/data/etc/thing.ini",
            "some_thing-1.2.0.post3.dist-info/METADATA",
            "some_thing-1.2.0.post3.dist-info/RECORD",
        ]
        metadata = archive.read(names[2]).decode()
        assert metadata == METADATA.replace("Version: 1.2.0\n", "Version: 1.2.0.post3\n", 1)
        record = {row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read(names[3]).decode()))}
        assert list(record) == names
        digest = base64.urlsafe_b64encode(hashlib.sha256(metadata.encode()).digest()).decode().rstrip("=")
        assert record[names[2]] == [f"sha256={digest}", str(len(metadata))]
        assert record[names[3]] == ["", ""]


def test_the_same_wheel_and_version_give_the_same_bytes(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    first = restamped(wheel, "2").read_bytes()
    assert restamped(wheel, "2").read_bytes() == first
