from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError, ManyInputsError
from stackwright.patches import digest, read_series
from stackwright.patches.series import unlisted

if TYPE_CHECKING:
    from pathlib import Path


def diff(path: str) -> str:
    return f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "patches" / "nova" / "2026.2"
    directory.mkdir(parents=True)
    for name in ("0001-api.patch", "0002-db.patch"):
        (directory / name).write_text(diff(name))
    (directory.parent / "shared").mkdir()
    (directory.parent / "shared" / "fix.patch").write_text(diff("shared"))
    return directory


def write(directory: Path, text: str) -> Path:
    (directory / "series").write_text(text)
    return directory


def test_the_order_the_options_and_the_comments(directory: Path) -> None:
    series = read_series(
        write(directory, "# ours\n\n0002-db.patch -p1 # why\n../shared/fix.patch\n\t0001-api.patch -p0\n")
    )
    assert [(patch.name, patch.strip) for patch in series.patches] == [
        ("0002-db.patch", 1),
        ("../shared/fix.patch", 1),
        ("0001-api.patch", 0),
    ]
    assert str(series.patches[2].listed) == f"{directory}/series:5:2"


def test_a_folder_that_is_not_there_is_an_empty_series(tmp_path: Path) -> None:
    assert read_series(tmp_path / "patches" / "nova" / "2025.1").patches == ()


def test_patches_without_a_series_file_are_not_overlooked(directory: Path) -> None:
    with pytest.raises(InputError, match="no series file") as caught:
        read_series(directory)
    assert f"(cd {directory} && ls *.patch >series)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("0001-api.patch\n\n 0001-apy.patch\n", "3:2", "did you mean '0001-api.patch'?"),
        ("0001-api.patch\n./0001-api.patch\n", "2:1", "named twice"),
        ("0001-api.patch -R\n", "1:16", "option '-R' is unknown"),
        ("../shared/fixx.patch\n", "1:1", "did you mean '../shared/fix.patch'?"),
        ("../../../outside.patch\n", "1:1", "outside the distribution's patches"),
        ("/etc/passwd\n", "1:1", "outside the distribution's patches"),
        ("link.patch\n", "1:1", "outside the distribution's patches"),
        ("../shared\n", "1:1", "there is no file ../shared"),
    ],
)
def test_a_wrong_line_is_named(directory: Path, text: str, place: str, message: str) -> None:
    (directory / "link.patch").symlink_to("/etc/hostname")
    (directory.parents[2] / "outside.patch").write_text(diff("x"))
    with pytest.raises(InputError) as caught:
        read_series(write(directory, text))
    assert str(caught.value).startswith(f"{directory}/series:{place}: ")
    assert message in str(caught.value)


def test_all_wrong_lines_are_told_together(directory: Path) -> None:
    (directory / "0002-db.patch").write_text("not a patch")
    with pytest.raises(ManyInputsError) as caught:
        read_series(write(directory, "none.patch\n0001-api.patch -x\n0002-db.patch\n"))
    assert len(caught.value.errors) == 3
    assert "0002-db.patch:1: this is not a patch" in str(caught.value)


def test_the_digest_is_of_the_changes_and_their_order(directory: Path) -> None:
    both = digest(read_series(write(directory, "0001-api.patch\n0002-db.patch\n")))
    assert digest(read_series(write(directory, "0002-db.patch\n0001-api.patch\n"))) != both
    assert digest(read_series(write(directory, "0001-api.patch -p0\n0002-db.patch\n"))) != both
    patch = directory / "0001-api.patch"
    patch.write_text("Subject: said better\n\n" + patch.read_text())
    assert digest(read_series(write(directory, "0001-api.patch\n0002-db.patch # same\n"))) == both
    patch.write_text(patch.read_text().replace("+b", "+c"))
    assert digest(read_series(write(directory, "0001-api.patch\n0002-db.patch\n"))) != both


def test_a_release_has_its_own_form_of_a_shared_patch_as_soon_as_it_has_a_file_of_that_name(directory: Path) -> None:
    write(directory, "fix.patch\n")
    (shared,) = read_series(directory).patches
    assert shared.file == directory.parent / "shared" / "fix.patch"
    (directory / "fix.patch").write_text(diff("own"))
    (own,) = read_series(directory).patches
    assert own.paths == {"own"}


def test_a_disabled_patch_is_kept_and_not_applied(directory: Path) -> None:
    series = read_series(write(directory, "0001-api.patch\n# disabled: 0002-db.patch -p2 # until 2027.1\n"))
    assert [patch.name for patch in series.patches] == ["0001-api.patch"]
    (line,) = series.disabled
    assert (line.name, line.strip, line.comment, str(line.here)) == (
        "0002-db.patch",
        2,
        "until 2027.1",
        f"{directory}/series:2:13",
    )
    assert unlisted(series) == ()


def test_a_disabled_patch_has_to_be_there_too(directory: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file 0003\.patch"):
        read_series(write(directory, "0001-api.patch\n0002-db.patch\n# disabled: 0003.patch\n"))
