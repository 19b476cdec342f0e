from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.distribution.writing import put, with_source
from stackwright.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = """\
python: "3.11"
pins: {exclude-newer: 2026-10-15}
components:
  # The service.
  nova: {source: {pypi: nova, version: 34.0.0}}  # as it is
  glance:
    source:
      pypi: glance  # theirs
      version: 33.0.0
    # of our own
    distribution-name: glance
"""
SOURCE = {"git": "ssh://x/y", "ref": "stable/2026.1"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "2026.2.yaml"
    file.write_text(RELEASE)
    return file


def test_one_source_is_another_and_everything_else_is_as_it_was(file: Path) -> None:
    flow = with_source(file, "nova", SOURCE)
    assert flow == RELEASE.replace("{pypi: nova, version: 34.0.0}", "{git: 'ssh://x/y', ref: stable/2026.1}")
    block = with_source(file, "glance", SOURCE)
    old = "pypi: glance  # theirs\n      version: 33.0.0\n"
    assert block == RELEASE.replace(old, "{git: 'ssh://x/y', ref: stable/2026.1}\n")
    assert file.read_text() == RELEASE


def test_what_would_be_no_release_is_not_given(file: Path) -> None:
    with pytest.raises(InputError, match="the key 'gti' is unknown"):
        with_source(file, "nova", {"gti": "x"})
    with pytest.raises(InputError, match="no component 'cinder' with a source"):
        with_source(file, "cinder", SOURCE)


def test_a_file_is_put_in_its_place_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "claims.yaml"
    put(file, "first\n")
    assert file.stat().st_mode & 0o777 == 0o644
    file.chmod(0o600)
    put(file, "second\n")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("second\n", 0o600)
    with pytest.raises(UnicodeEncodeError):
        put(file, "\ud800")
    assert file.read_text() == "second\n"
    assert list(tmp_path.iterdir()) == [file]
