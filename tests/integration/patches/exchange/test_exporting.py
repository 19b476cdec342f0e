"""Series go out to real git, quilt and dpkg-source."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from stackwright.errors import InputError
from stackwright.patches import apply, parse
from stackwright.patches.exchange.exporting import write_directory
from stackwright.patches.exchange.mails import split
from tests.exchange import MESSAGES, Place, messages, place
from tests.upstream import Upstream, numbered

__all__ = ["place"]


def test_a_mailbox_is_taken_by_git_am_and_by_import(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    before = place.files()
    mails, notes = place.exporter().mailbox()
    assert notes == ()
    place.upstream.branch("applied", "base")
    place.upstream.git("am", "--quiet", "--keep-non-patch", stdin=mails.decode())
    assert place.tree("applied") == place.tree("ours")
    applied = place.upstream.git("rev-list", "--reverse", "base..applied").split()
    assert messages(place, applied) == messages(place, place.commits)
    shutil.rmtree(place.directory)
    place.bring("-", stdin=mails)
    assert place.files() == before


def test_what_is_no_mail_becomes_one(place: Place) -> None:
    (place.root / "x.patch").write_text(place.upstream.git("show", place.commits[0]) + "\n")
    place.bring(place.root / "x.patch")
    mails, notes = place.exporter().mailbox()
    assert notes == ("x.patch was written anew, as a mail of git",)
    assert parse(mails).message.rstrip() == MESSAGES[0].rstrip()


def test_a_mail_that_git_would_cut_in_two_is_told(place: Place) -> None:
    magic = "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001"
    place.upstream.commit({"nova/api.py": numbered(38)}, f"Quote a mail\n\n{magic}\n")
    place.upstream.git("tag", "-f", "base", "HEAD^")
    place.bring(f"{place.upstream.directory}#base..ours")
    mails, notes = place.exporter().mailbox()
    assert "0001-Quote-a-mail.patch, line 6: git am takes this for the beginning of a mail" in notes[0]
    assert [part.content for part in split(mails)] == [mails]


def test_a_branch_is_the_original_commits_again(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    base = place.upstream.git("rev-parse", "base")
    place.upstream.switch("master")
    status = place.upstream.git("status", "--porcelain", "--branch")
    tip, there = place.exporter(base).branch(place.upstream.directory, "stacked")
    assert not there
    exported = place.upstream.git("rev-list", "--reverse", "base..stacked").split()
    assert exported[-1] == tip
    assert messages(place, exported) == messages(place, place.commits)
    assert place.upstream.git("status", "--porcelain", "--branch") == status
    assert place.exporter(base).branch(place.upstream.directory, "stacked") == (tip, True)


def test_a_branch_in_another_repository_on_a_base_of_its_own(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    other = Upstream(place.root / "other")
    tip, _ = place.exporter().branch(other.directory, "nova")
    assert other.git("rev-parse", "nova^{tree}") == place.tree("ours")
    assert len(other.git("rev-list", "nova").split()) == 4
    other.git("fsck", "--strict", "--full")
    base = place.upstream.git("rev-parse", "base")
    with pytest.raises(InputError, match="lacks the upstream commit"):
        place.exporter(base).branch(other.directory, "with-history")
    (place.directory / "series").write_text("0001-Say-seven.patch\n")
    with pytest.raises(InputError, match="there is a branch nova already") as caught:
        place.exporter().branch(other.directory, "nova")
    assert tip in caught.value.why
    with pytest.raises(InputError, match="cannot be the name of a branch"):
        place.exporter().branch(other.directory, "a..b")
    with pytest.raises(InputError, match="there is no git repository"):
        place.exporter().branch(place.root, "x")
    with pytest.raises(InputError, match="the work tree"):
        place.exporter().branch(other.directory, "master")


def test_quilt_pushes_what_is_given_to_it(place: Place) -> None:
    if shutil.which("quilt") is None:
        pytest.skip("quilt is not installed")
    place.bring(f"{place.upstream.directory}#base..ours")
    with (place.directory / "series").open("a") as stream:
        stream.write("p0.diff -p0\n")
    (place.directory / "p0.diff").write_text("--- run.sh\n+++ run.sh\n@@ -1 +1,2 @@\n true\n+true\n")
    work = place.root / "work"
    place.store.export(place.tree(), work)
    exported = place.exporter().quilt()
    assert any("dpkg-source wants -p1" in note for note in exported.notes)
    write_directory(work / "patches", exported)
    subprocess.run(["quilt", "push", "-a"], cwd=work, check=True, capture_output=True)
    shutil.rmtree(work / "patches")
    shutil.rmtree(work / ".pc")
    assert place.store.import_directory(work) == apply(place.store, place.tree(), place.series).tree


@pytest.mark.parametrize("form", ["quilt", "debian"])
def test_dpkg_source_applies_what_is_given_to_it(place: Place, form: str) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    work = place.root / "work"
    place.store.export(place.tree(), work)
    exporter = place.exporter()
    exported = exporter.quilt() if form == "quilt" else exporter.debian()
    assert [note for note in exported.notes if "nova/empty.py" in note]  # it runs `patch -E`
    write_directory(work / "debian" / "patches", exported)
    (work / "debian/source").mkdir()
    (work / "debian/source/format").write_text("3.0 (quilt)\n")
    (work / "debian/control").write_text("Source: nova\nMaintainer: a <a@b>\n\nPackage: nova\nArchitecture: all\n")
    (work / "debian/changelog").write_text(
        "nova (1-1) unstable; urgency=low\n\n  * x\n\n -- a <a@b>  Fri, 20 Nov 2026 13:00:00 +0100\n"
    )
    subprocess.run(["dpkg-source", "--before-build", "."], cwd=work, check=True, capture_output=True)
    shutil.rmtree(work / "debian")
    shutil.rmtree(work / ".pc")
    (work / "nova/empty.py").touch()
    assert place.store.import_directory(work) == place.tree("ours")


def test_debians_headers_lose_nothing(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    exported = place.exporter().debian()
    first = exported.files["0001-Say-seven.patch"].decode()
    assert first.startswith("Description: Say seven\n Because it matters.\n .\n   indented\n .\n Bug: ")
    assert "\nBug: https://bugs.example.org/7\n" in first
    assert "\nLast-Update: 2023-11-14\n" in first
    assert (
        "\nForwarded: https://review.example.org/1\n"
        in exported.files["0002-Bring-new-files-and-move-one.patch"].decode()
    )
    folder = place.root / "dep3"
    write_directory(folder, exported)
    shutil.rmtree(place.directory)
    place.bring(folder)
    again = messages(place, list(map(str, place.exporter().commits)))
    assert again == messages(place, place.commits)


def test_a_binary_file_cannot_be_given_to_patch(place: Place) -> None:
    place.upstream.commit({"a.png": bytes(range(256))}, "Picture")
    place.bring(f"{place.upstream.directory}#base..ours")
    with pytest.raises(InputError, match=r"the binary file a\.png, which cannot be given away as quilt") as caught:
        place.exporter().quilt()
    assert caught.value.fix == "export it as git:DIR#BRANCH or mbox:FILE"


def test_a_directory_with_another_series_is_left_alone(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    folder = place.root / "quilt"
    folder.mkdir()
    (folder / "series").write_text("theirs.patch\n")
    with pytest.raises(InputError, match="there is another file of this name"):
        write_directory(folder, place.exporter().quilt())
    assert [file.name for file in folder.iterdir()] == ["series"]
