"""What a customization has changed, as a layer says it (layer.md of the OCI image-spec: Whiteouts)."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from stackwright.build.image.customization import HIDES, changes, unpack
from stackwright.build.image.layer import Kind, Member, walk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root: an overlay marks what is gone by devices")


def test_what_is_gone_and_what_is_hidden_is_said(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/new").write_text("text")
    os.mknod(tmp_path / "etc/gone", stat.S_IFCHR, os.makedev(0, 0))
    os.mknod(tmp_path / "gone", stat.S_IFCHR, os.makedev(0, 0))
    (tmp_path / "var/hidden").mkdir(parents=True)
    os.setxattr(tmp_path / "var/hidden", HIDES, b"y")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp/left-over").write_text("left out")
    assert sorted(member.path for member in changes(tmp_path)) == [
        ".wh.gone",
        "etc",
        "etc/.wh.gone",
        "etc/new",
        "var",
        "var/hidden",
        "var/hidden/.wh..wh..opq",
    ]


def test_members_come_back_as_they_were(tmp_path: Path) -> None:
    members = [
        Member("a/link", Kind.LINK, 0o777, 1, 2, target="../nowhere"),
        Member("a/b/file", Kind.FILE, 0o4755, 5, 6, b"text"),
        Member("a/b", Kind.DIRECTORY, 0o750, 3, 4),
        Member("a", Kind.DIRECTORY, 0o755),
    ]
    unpack(members, tmp_path)
    found = {one.path: one for one in walk(tmp_path)}
    for member in members:
        one = found[member.path]
        assert (one.kind, one.mode, one.uid, one.gid, one.target) == (
            member.kind, member.mode, member.uid, member.gid, member.target
        )  # fmt: skip
    assert found["a/b/file"].read() == b"text"
