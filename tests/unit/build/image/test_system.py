"""The Debian systems under images: what of them is in a layer."""

from __future__ import annotations

import json
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.build.image.contents import entries
from stackwright.build.image.layer import Layer
from stackwright.build.image.system import SYSTEMS, System, SystemPlan, is_left_out, require_python, require_suite
from stackwright.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO, BEGAN = 1_600_000_000, 1_700_000_000
SHADOW = "root:*:20700:0:99999:7:::\n"


def a_system(cache: ArtifactCache, day: str, packages: tuple[str, ...], files: dict[str, str]) -> System:
    """Give a system as `SystemPlan.make` leaves it."""
    plan = SystemPlan("bookworm", "amd64", packages)
    system = System(plan, cache.directory / SYSTEMS / f"{plan.wanted}-{day}")
    common = {"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/shadow": SHADOW}
    for path, text in {**common, **files}.items():
        file = system.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    inputs = {"began": BEGAN, "packages": list(packages)}
    provenance = {"inputs": inputs, "tools": {}, "outputs": dict.fromkeys(packages, "1")}
    (system.directory / "provenance.json").write_text(json.dumps(provenance))
    return system


def members(layer: Layer) -> dict[str, tuple[str, int, int, int, str]]:
    return {path: entry.told for path, entry in entries(layer.file, layer.descriptor.digest)}


@pytest.fixture
def cache(tmp_path: Path) -> ArtifactCache:
    return ArtifactCache(tmp_path)


def test_what_a_machine_leaves_in_a_system_is_in_no_layer(cache: ArtifactCache) -> None:
    files = {
        "etc/resolv.conf": "nameserver 10.0.0.1",
        "etc/apt/sources.list": "deb http://user:secret@mirror/ bookworm main",
        "var/log/dpkg.log": "now",
        "usr/share/doc/libc6/copyright": "licence",
        "usr/share/doc/libc6/changelog.gz": "long",
        "usr/share/locale/de/x.mo": "text",
        "usr/bin/true": "program",
    }
    found = members(a_system(cache, "20261101", ("libc6",), files).layer(cache))
    assert {"usr/bin/true", "usr/share/doc/libc6/copyright", "var/log", "tmp", "dev"} <= found.keys()
    for path in files.keys() - {"usr/bin/true", "usr/share/doc/libc6/copyright"}:
        assert path not in found
    assert found["tmp"][1] == 0o1777


def test_two_systems_of_the_same_packages_make_the_same_layer(cache: ArtifactCache) -> None:
    first = a_system(cache, "20261101", ("libc6",), {"usr/bin/true": "program"})
    second = a_system(cache, "20261102", ("libc6",), {"usr/bin/true": "program"})
    (second.root / "etc/shadow").write_text(SHADOW.replace("20700", "20701"))
    assert first.layer(cache).descriptor == second.layer(cache).descriptor


def test_files_of_packages_keep_their_times_and_those_of_the_moment_do_not(cache: ArtifactCache) -> None:
    system = a_system(cache, "20261101", ("libc6",), {"usr/lib/old.py": "", "usr/lib/new.pyc": ""})
    os.utime(system.root / "usr/lib/old.py", (LONG_AGO, LONG_AGO))
    with tarfile.open(system.layer(cache).file) as tar:
        assert (tar.getmember("usr/lib/old.py").mtime, tar.getmember("usr/lib/new.pyc").mtime) == (LONG_AGO, 315532800)


def test_the_layer_above_has_what_is_more_and_what_is_otherwise(cache: ArtifactCache) -> None:
    base = a_system(cache, "20261101", ("libc6",), {"usr/bin/true": "program", "var/lib/dpkg/status": "one"})
    more = {"usr/bin/true": "program", "var/lib/dpkg/status": "two", "usr/lib/libvirt.so": "library"}
    above = members(a_system(cache, "20261101", ("libc6", "libvirt0"), more).layer_above(base, cache))
    assert sorted(path for path, told in above.items() if told[0] != "folder") == [
        "usr/lib/libvirt.so",
        "var/lib/dpkg/status",
    ]
    assert {"usr", "usr/lib", "var", "var/lib", "var/lib/dpkg"} == {
        path for path in above if above[path][0] == "folder"
    }


def test_the_newest_system_of_a_plan_is_taken(cache: ArtifactCache) -> None:
    plan = SystemPlan("bookworm", "amd64", ("libc6",))
    assert plan.newest(cache) is None
    a_system(cache, "20261101", ("libc6",), {})
    newer = a_system(cache, "20261130", ("libc6",), {})
    a_system(cache, "20261201", ("libc6", "libvirt0"), {})
    found = plan.newest(cache)
    assert found is not None
    assert found.key == newer.key


def test_a_suite_has_to_have_the_python_of_the_release() -> None:
    require_suite("bookworm")
    require_python("3.11", "bookworm", "2026.2")
    with pytest.raises(InputError) as refused:
        require_python("3.11", "trixie", "2026.2")
    assert refused.value.fix == "--base bookworm"
    with pytest.raises(InputError) as unknown:
        require_suite("bookwurm")
    assert "bookworm" in unknown.value.fix


def test_licences_stay() -> None:
    assert not is_left_out("usr/share/doc/libc6/copyright")
    assert is_left_out("usr/share/doc/libc6/README")
    assert not is_left_out("usr/share/doc/libc6")
