"""Source packages of ours on Debian's, made and unpacked by the real dpkg-source."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import sha256_of
from stackwright.build.debian.making import State
from stackwright.build.debian.source import make_source
from stackwright.errors import CheckFailedError, InputError, StackwrightError
from tests.debian import CONTROL, LINES, difference
from tests.debian import replace as replaced
from tests.orchard import DEBIANS, OURS, OWN, WISHES, Orchard, control, made, mail, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE = mail("A line of ours", difference("pear.py", DEBIANS, OURS))
FRUIT = mail("Another fruit", control("a fruit", "a fruit of ours"))


def files(directory: Path) -> Mapping[str, str]:
    return {path.name: sha256_of(path) for path in sorted(directory.iterdir()) if path.name != "provenance.json"}


def test_it_unpacks_to_the_patched_tree_with_our_patches_behind_debians(orchard: Orchard, tmp_path: Path) -> None:
    tree = unpacked(made(orchard), tmp_path / "x")
    assert (tree / "pear.py").read_text() == OURS
    assert (tree / "debian/patches/series").read_text() == "three.patch\ncarried/ours.patch\n"
    patch = (tree / "debian/patches/carried/ours.patch").read_text()
    assert patch.startswith("Description: A line of ours\n Because.\nAuthor: Ada Ours <ada@example.org>\n")
    assert (tree / "debian/patches/three.patch").read_text() == OWN


def test_its_changelog_tells_what_is_carried_and_its_date_follows_from_the_one_before(
    orchard: Orchard, tmp_path: Path
) -> None:
    tree = unpacked(made(orchard), tmp_path / "x")
    assert (
        (tree / "debian/changelog")
        .read_text()
        .startswith(
            "pear (2:1.0-3+carried1) unstable; urgency=medium\n\n  * Carry 1 patches of orchard:\n"
            "    ours.patch: A line of ours\n\n -- Ada Ours <ada@example.org>  Wed, 01 Jan 2025 00:00:01 +0000\n\n"
            "pear (2:1.0-3) unstable"
        )
    )
    asked = subprocess.run(["dpkg-parsechangelog", "-SVersion"], cwd=tree, check=True, capture_output=True, text=True)
    assert asked.stdout.strip() == "2:1.0-3+carried1"


def test_made_twice_it_is_the_same_to_the_last_bit(orchard: Orchard) -> None:
    first = files(made(orchard).parent)
    other = Orchard(orchard.root / "other")
    other.own(orchard.distribution / "debian/pear_1.0-3.dsc")
    other.series("pear", {"ours.patch": LINE})
    second = files(made(other).parent)
    assert len(first) == 3
    assert first == second


def test_patches_of_the_packaging_change_it_and_are_no_patches_in_it(orchard: Orchard, tmp_path: Path) -> None:
    orchard.series("pear", {"fruit.patch": FRUIT, "ours.patch": LINE})
    tree = unpacked(made(orchard), tmp_path / "x")
    assert (tree / "debian/control").read_text() == CONTROL.format(name="pear").replace("a fruit", "a fruit of ours")
    assert (tree / "debian/patches/series").read_text() == "three.patch\ncarried/ours.patch\n"


def test_a_patch_of_both_is_told_to_be_parted(orchard: Orchard) -> None:
    both = mail("Both", difference("pear.py", DEBIANS, OURS), control("a fruit", "a fruit of ours"))
    orchard.series("pear", {"both.patch": both})
    with pytest.raises(InputError, match=r"both\.patch:1: both\.patch changes files of upstream's and of the folder"):
        made(orchard)


def test_new_files_and_programs_come_along(orchard: Orchard, tmp_path: Path) -> None:
    new = mail(
        "New", "\n\ndiff --git a/run b/run\nnew file mode 100755\n--- /dev/null\n+++ b/run\n@@ -0,0 +1 @@\n+#!/bin/sh\n"
    )
    orchard.series("pear", {"new.patch": new})
    tree = unpacked(made(orchard), tmp_path / "x")
    assert (tree / "run").stat().st_mode & 0o777 == 0o755


def test_a_patch_that_is_disabled_is_not_in_it(orchard: Orchard, tmp_path: Path) -> None:
    orchard.series("pear", {"ours.patch": LINE, "off.patch": FRUIT})
    orchard.write("patches/pear/r/series", "ours.patch\n# disabled: off.patch\n")
    tree = unpacked(made(orchard), tmp_path / "x")
    assert (tree / "debian/patches/series").read_text() == "three.patch\ncarried/ours.patch\n"
    assert [path.name for path in (tree / "debian/patches/carried").iterdir()] == ["ours.patch"]


def test_a_native_package_has_its_files_changed(orchard: Orchard, tmp_path: Path) -> None:
    orchard.own(orchard.packager.build(version="2.0", form="3.0 (native)"))
    orchard.components(pear='source: {debian: pear, version: "2.0", dsc: debian/pear_2.0.dsc}')
    orchard.series("pear", {"ours.patch": mail("Ours", difference("pear.py", LINES, DEBIANS))})
    dsc = made(orchard)
    assert dsc.name == "pear_2.0+carried1.dsc"
    assert (unpacked(dsc, tmp_path / "x") / "pear.py").read_text() == DEBIANS


def test_an_old_format_is_refused(orchard: Orchard) -> None:
    orchard.own(orchard.packager.build(form="1.0", changed={"pear.py": DEBIANS}))
    with pytest.raises(InputError, match=r"pear 2:1\.0-3 has the format 1\.0, which has no place for patches"):
        made(orchard)


def test_a_tarball_that_was_changed_is_refused(orchard: Orchard) -> None:
    tarball = orchard.distribution / "debian/pear_1.0.orig.tar.gz"
    tarball.write_bytes(tarball.read_bytes() + b"x")
    with pytest.raises(CheckFailedError, match=r"pear_1\.0\.orig\.tar\.gz is not what it has to be"):
        made(orchard)


def test_a_source_package_that_contradicts_itself_is_refused(orchard: Orchard) -> None:
    replaced(orchard.distribution / "debian/pear_1.0-3.dsc", "pear_1.0-3.debian.tar.xz", b"nothing")
    with pytest.raises(StackwrightError, match="cannot be unpacked"):
        made(orchard)


def test_a_component_without_patches_is_told(orchard: Orchard) -> None:
    orchard.series("pear", {})
    with pytest.raises(InputError, match="pear has no patches in r: Debian's own package is as good"):
        made(orchard)
    with pytest.raises(InputError, match="nothing in orchard becomes a Debian package"):
        orchard.making.names()


def test_what_is_carried_counts_the_commits_that_changed_the_series(orchard: Orchard) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=orchard.distribution, check=True, capture_output=True)

    def version() -> str:
        return orchard.making.source("pear", WISHES).version

    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    assert version() == "2:1.0-3+carried1"
    orchard.series("pear", {"ours.patch": LINE.replace("Because.", "Because of it.")})
    assert version() == "2:1.0-3+carried2"
    git("commit", "-am", "two")
    assert version() == "2:1.0-3+carried2"
    orchard.write("sites/other.yaml", (orchard.distribution / "sites/local.yaml").read_text())
    git("add", ".")
    git("commit", "-m", "elsewhere")
    assert version() == "2:1.0-3+carried2"


def test_nothing_is_made_by_looking(orchard: Orchard) -> None:
    looked = orchard.making.look("pear", WISHES)
    assert (looked.version, looked.state, looked.place) == ("2:1.0-3+carried1", State.TO_BUILD, None)
    assert not (orchard.root / "cache/source-packages").exists()


def test_a_tree_that_dpkg_would_make_otherwise_is_found(orchard: Orchard) -> None:
    """Of a patch that patch(1) reads otherwise than git does, only the result tells."""
    making = orchard.making
    plan, _ = making.plan("pear", WISHES)
    wrong = replace(plan, result=making.store.import_directory(orchard.distribution))
    with pytest.raises(CheckFailedError, match="does not unpack to the patched tree") as caught:
        make_source(wrong, store=making.store, cache=making.cache)
    assert "pear.py" in caught.value.details
    assert not list((orchard.root / "cache/source-packages").glob("*"))


def test_upstreams_files_are_what_they_were(orchard: Orchard) -> None:
    place = made(orchard)
    assert sha256_of(place.with_name("pear_1.0.orig.tar.gz")) == sha256_of(
        orchard.distribution / "debian/pear_1.0.orig.tar.gz"
    )
