"""Layers: the same files make the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.build.image.layer import FILE, Kind, Member, layer, walk, write
from stackwright.errors import EnvironmentLacksError, InputError

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS = [
    Member("etc", Kind.DIRECTORY, 0o755),
    Member("etc/service.conf", Kind.FILE, 0o640, 0, 42, b"[DEFAULT]\n"),
    Member("etc/link", Kind.LINK, 0o777, target="/etc/service.conf"),
    Member("etc/n\udcf6n-utf8", Kind.FILE, 0o644, content=b""),
]


def test_the_same_members_in_any_order_make_the_same_bytes(tmp_path: Path) -> None:
    first = write(MEMBERS, tmp_path / "first")
    assert write(reversed(MEMBERS), tmp_path / "second") == first
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    content = (tmp_path / "first").read_bytes()
    assert first == (hashlib.sha256(content).hexdigest(), hashlib.sha256(gzip.decompress(content)).hexdigest())
    assert write([replace(MEMBERS[1], mode=0o600)], tmp_path / "third") != first


def test_members_are_what_was_said(tmp_path: Path) -> None:
    write(MEMBERS, tmp_path / "layer")
    with tarfile.open(tmp_path / "layer", errors="surrogateescape") as tar:
        found = {member.name: member for member in tar}
        assert list(found) == sorted(found, key=os.fsencode)
        conf = found["etc/service.conf"]
        assert (conf.mode, conf.uid, conf.gid, conf.uname, conf.mtime) == (0o640, 0, 42, "", 315532800)
        stream = tar.extractfile(conf)
        assert stream is not None
        assert stream.read() == b"[DEFAULT]\n"
        assert found["etc/link"].linkname == "/etc/service.conf"


def test_a_folder_is_walked_with_its_links_as_they_are(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a/tests").mkdir(parents=True)
    (root / "a/file").write_text("text")
    (root / "a/tests/file").write_text("left out")
    (root / "out").symlink_to("../../outside")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    members = {member.path: member for member in walk(root, "opt/", leave_out=lambda path: path == "a/tests")}
    assert sorted(members) == ["opt/a", "opt/a/file", "opt/loop", "opt/out"]
    assert members["opt/out"].target == "../../outside"


def test_a_name_that_would_take_a_file_away_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".wh.passwd").touch()
    with pytest.raises(InputError) as refused:
        list(walk(tmp_path))
    assert refused.value.where.file == tmp_path / ".wh.passwd"


def test_a_layer_is_made_once_for_the_same_inputs(tmp_path: Path) -> None:
    cache, made = ArtifactCache(tmp_path), []

    def members() -> list[Member]:
        made.append(1)
        return MEMBERS

    first = layer(cache, "test", {"inputs": 1}, members)
    again = layer(cache, "test", {"inputs": 1}, members)
    assert first == again
    assert len(made) == 1
    assert first.descriptor.size == first.file.stat().st_size
    assert layer(cache, "test", {"inputs": 2}, members).descriptor == first.descriptor
    assert len(made) == 2


def test_a_layer_that_cannot_be_finished_is_not_there(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)

    def members() -> list[Member]:
        raise OSError(28, "No space left on device")

    with pytest.raises(EnvironmentLacksError) as full:
        layer(cache, "test", {}, members)
    assert "the disk is full" in full.value.what
    assert not list(tmp_path.rglob(FILE))
