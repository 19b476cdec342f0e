from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.build.debian.verify import other_packages

if TYPE_CHECKING:
    from pathlib import Path

BUILDINFO = """\
Format: 1.0
Source: pear
Installed-Build-Depends:
 bash (= 5.2.37-2+b10),
 debhelper (= 13.24.2),
 {more}
Environment:
 DEB_BUILD_OPTIONS="nocheck"
"""


def written(file: Path, more: str) -> Path:
    file.write_text(BUILDINFO.format(more=more))
    return file


def test_what_two_builds_had_in_other_versions_is_named(tmp_path: Path) -> None:
    one = written(tmp_path / "one", "dh-python (= 6.1),\n gone (= 1)")
    other = written(tmp_path / "other", "dh-python (= 6.2),\n come (= 1:2-3)")
    assert other_packages(one, other) == (
        "come not there, then 1:2-3",
        "dh-python 6.1, then 6.2",
        "gone 1, then not there",
    )
    assert other_packages(one, one) == ()
