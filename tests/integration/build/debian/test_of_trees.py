"""Source packages of upstream trees, with a packaging of ours."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import sha256_of
from stackwright.errors import InputError
from tests.debian import CONTROL, LINES, difference
from tests.orchard import DEBIANS, OURS, OWN, made, mail, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.orchard import Orchard

RULES = "#!/usr/bin/make -f\n%:\n\tdh $@\n"
CHANGELOG = (
    "pear ({version}) unstable; urgency=medium\n\n  * New.\n\n"
    " -- Ada Ours <ada@example.org>  Wed, 01 Jan 2025 00:00:00 +0000\n"
)
PACKAGING = {"debian/control": CONTROL.format(name="pear"), "debian/rules": RULES}


def laid(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        (folder / path).chmod(0o755 if path == "debian/rules" else 0o644)
    return folder


@pytest.fixture
def grown(orchard: Orchard) -> Orchard:
    """An orchard whose pear is a folder of upstream's, with a packaging in the distribution."""
    laid(orchard.root / "upstream", {"pear.py": LINES, "debian/control": "upstream's own"})
    laid(orchard.distribution / "packaging/pear", PACKAGING)
    of_path(orchard)
    orchard.series("pear", {"ours.patch": mail("Ours", difference("pear.py", LINES, DEBIANS))})
    return orchard


def of_path(orchard: Orchard, version: str = "1.1.0", packaging: str = "{path: packaging/pear}") -> None:
    source = f"{{path: {orchard.root}/upstream, version: {version}}}"
    orchard.components(pear=f"source: {source}, packaging: {packaging}")


def test_the_tree_becomes_the_tarball_and_the_series_patches_on_it(grown: Orchard, tmp_path: Path) -> None:
    dsc = made(grown)
    assert dsc.name == "pear_1.1.0-0+carried1.dsc"
    tree = unpacked(dsc, tmp_path / "x")
    assert (tree / "pear.py").read_text() == DEBIANS
    assert (tree / "debian/control").read_text() == CONTROL.format(name="pear")
    assert (tree / "debian/changelog").read_text().startswith("pear (1.1.0-0+carried1) unstable")
    listed = subprocess.run(
        ["tar", "--list", "--file", str(dsc.with_name("pear_1.1.0.orig.tar.gz"))], check=True, capture_output=True
    ).stdout
    assert listed.split() == [b"pear-1.1.0/debian/control", b"pear-1.1.0/pear.py"]


def test_made_elsewhere_it_is_the_same(grown: Orchard, tmp_path: Path) -> None:
    first = {path.name: sha256_of(path) for path in made(grown).parent.iterdir() if path.suffix != ".json"}
    state = grown.root / "again"
    grown.root = state
    second = {path.name: sha256_of(path) for path in made(grown).parent.iterdir() if path.suffix != ".json"}
    assert first == second
    assert tmp_path in state.parents


def test_a_new_upstream_version_is_an_entry_of_the_changelog(grown: Orchard, tmp_path: Path) -> None:
    laid(grown.distribution / "packaging/pear", {"debian/changelog": CHANGELOG.format(version="2:1.0.0-4")})
    tree = unpacked(made(grown), tmp_path / "x")
    assert (tree / "debian/changelog").read_text().startswith("pear (2:1.1.0-0+carried1) unstable")


def test_a_revision_that_the_changelog_has_is_kept(grown: Orchard) -> None:
    laid(grown.distribution / "packaging/pear", {"debian/changelog": CHANGELOG.format(version="1:1.1.0-2")})
    assert made(grown).name == "pear_1.1.0-2+carried1.dsc"


def test_a_version_that_would_go_down_is_refused(grown: Orchard) -> None:
    laid(grown.distribution / "packaging/pear", {"debian/changelog": CHANGELOG.format(version="2.0-1")})
    with pytest.raises(InputError, match=r"r\.yaml:4:\d+.*1\.1\.0-0 would sort below 2\.0-1"):
        made(grown)


def test_a_candidate_sorts_before_the_release(grown: Orchard) -> None:
    of_path(grown, "1.1.0.0rc1")
    assert made(grown).name == "pear_1.1.0~rc1-0+carried1.dsc"


def test_patches_of_the_packaging_come_first(grown: Orchard, tmp_path: Path) -> None:
    laid(
        grown.distribution / "packaging/pear",
        {"debian/patches/series": "# first\nown.patch\n", "debian/patches/own.patch": OWN},
    )
    grown.series("pear", {"ours.patch": mail("Ours", difference("pear.py", DEBIANS, OURS))})
    tree = unpacked(made(grown), tmp_path / "x")
    assert (tree / "pear.py").read_text() == OURS
    assert (tree / "debian/patches/series").read_text() == "# first\nown.patch\ncarried/ours.patch\n"


def test_a_packaging_branch_of_a_repository_has_upstreams_tag_merged(grown: Orchard, tmp_path: Path) -> None:
    """The workflow with tags: the branch is upstream's files and the folder `debian`; only that is taken of it."""
    repository = laid(tmp_path / "packaging.git-work", {"pear.py": "of another tag\n", **PACKAGING})
    for words in (["init", "-b", "debian/r"], ["add", "."], ["commit", "-m", "Package"]):
        subprocess.run(["git", *words], cwd=repository, check=True, capture_output=True)
    upstream = laid(tmp_path / "upstream-work", {"pear.py": LINES})
    for words in (["init"], ["add", "."], ["commit", "-m", "Grow"], ["tag", "1.2.0"]):
        subprocess.run(["git", *words], cwd=upstream, check=True, capture_output=True)
    grown.components(pear=f"source: {{git: {upstream}, ref: 1.2.0}}, packaging: {{git: {repository}, ref: debian/r}}")
    dsc = made(grown)
    assert dsc.name == "pear_1.2.0-0+carried1.dsc"
    assert (unpacked(dsc, tmp_path / "x") / "pear.py").read_text() == DEBIANS


def test_what_a_packaging_lacks_is_told(grown: Orchard) -> None:
    (grown.distribution / "packaging/pear/debian/rules").unlink()
    with pytest.raises(InputError, match=r"r\.yaml:4:\d+: the packaging has no file debian/rules"):
        made(grown)


@pytest.mark.parametrize(
    ("packaging", "told"),
    [
        ("{}", "the packaging is nowhere"),
        ("{git: https://example.org/p}", "the packaging is nowhere"),
        ("{path: a, ref: b}", "packaging cannot have both 'path' and 'ref'"),
        ("{paths: a}", "the key 'paths' is unknown"),
    ],
)
def test_a_packaging_that_is_written_wrongly_is_told(grown: Orchard, packaging: str, told: str) -> None:
    of_path(grown, packaging=packaging)
    with pytest.raises(InputError) as caught:
        made(grown)
    assert told in str(caught.value)
    assert "r.yaml:4:" in str(caught.value)


def test_a_debian_source_has_no_other_packaging(orchard: Orchard) -> None:
    orchard.components(pear='source: {debian: pear, version: "1-1", dsc: a.dsc}, packaging: {path: a}')
    with pytest.raises(InputError, match="a debian source has its packaging with it"):
        made(orchard)
