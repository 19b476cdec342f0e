"""Series come in from the layouts of others."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from stackwright.errors import InputError
from stackwright.patches import apply
from stackwright.patches.exchange import layouts
from stackwright.patches.exchange.layouts import Layout
from tests.exchange import Place, place
from tests.upstream import numbered

__all__ = ["place"]


def test_a_range_of_commits_becomes_files_as_git_names_and_writes_them(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    place.upstream.git("format-patch", "-o", str(place.root / "git"), "base..ours")
    assert [patch.name for patch in place.series.patches] == sorted(
        file.name for file in (place.root / "git").iterdir()
    )
    assert apply(place.store, place.tree(), place.series).tree == place.tree("ours")


def test_the_settings_of_the_repository_play_no_part(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    before = place.files()
    for setting in ("format.attach=x", "diff.noprefix=true", "format.signOff=true", "diff.context=1"):
        place.upstream.git("config", *setting.split("="))
    shutil.rmtree(place.directory)
    place.bring(f"{place.upstream.directory}#base..ours")
    assert place.files() == before


def test_a_merge_is_refused_with_the_way_to_do_without(place: Place) -> None:
    place.upstream.branch("side", "base")
    place.upstream.commit({"other": "x\n"})
    place.upstream.switch("ours")
    place.upstream.git("merge", "--quiet", "--no-edit", "side")
    with pytest.raises(InputError) as caught:
        place.bring(f"{place.upstream.directory}#base..ours")
    assert "merges: it is no patch" in str(caught.value)
    assert f"git -C {place.upstream.directory} rebase base ours" in caught.value.fix
    assert not place.directory.exists()


@pytest.mark.parametrize(
    ("commits", "said"),
    [
        ("base..orus", "did you mean 'ours'?"),
        ("ours..base", "there are no commits in the range"),
        ("", "which commits are meant?"),
        ("base...ours", "#base..ours"),
        ("base", "has no parent"),
    ],
)
def test_a_range_that_means_nothing(place: Place, commits: str, said: str) -> None:
    with pytest.raises(InputError, match=r".") as caught:
        place.bring(f"{place.upstream.directory}#{commits}", layout=Layout.GIT)
    assert said in str(caught.value)


def test_a_mailbox_is_taken_apart_and_its_mails_keep_their_bytes(place: Place) -> None:
    written = place.upstream.git("format-patch", "--stdout", "--cover-letter", "base..ours") + "\n\n"
    (place.root / "all.mbox").write_text(written)
    plan = place.bring(place.root / "all.mbox")
    assert plan.coming[0].name == "0001-Say-seven.patch"
    assert "".join(patch.file.read_text() for patch in place.series.patches if patch.file) in written
    assert len(place.series.patches) == 3


def test_what_is_there_already_is_not_taken_twice(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#base..ours")
    before = place.files()
    mail = place.upstream.patch(place.commits[0])  # other bytes: a signature, the commit's id
    plan = place.bring("-", stdin=mail.encode())
    assert [str(skipped.same_as) for skipped in plan.skipped] == [f"{place.directory / 'series'}:1:1"]
    assert place.files() == before


def test_a_patch_goes_where_it_is_told_to(place: Place) -> None:
    place.bring(f"{place.upstream.directory}#{place.commits[0]}")
    place.bring(f"{place.upstream.directory}#{place.commits[2]}")
    (place.root / "mine.diff").write_text(place.upstream.git("diff", place.commits[0], place.commits[1]) + "\n")
    place.bring(place.root / "mine.diff", after="0001-Say-seven.patch")
    assert [patch.name for patch in place.series.patches] == [
        "0001-Say-seven.patch", "mine.diff", "0002-nder-etwas-mit-Klammern.patch",
    ]  # fmt: skip
    with pytest.raises(InputError, match="has no patch"):
        place.bring(place.root / "mine.diff", after="0001-say")


def test_no_file_is_overwritten(place: Place) -> None:
    place.directory.mkdir(parents=True)
    (place.directory / "series").write_text("# none yet\n")
    (place.directory / "x.patch").write_text("mine\n")
    (place.root / "x.patch").write_text(place.upstream.patch())
    before = place.files()
    with pytest.raises(InputError) as caught:
        place.bring(place.root / "x.patch")
    assert "there is another x.patch already" in str(caught.value)
    assert place.files() == before


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_written(place: Place) -> None:
    folder = place.root / "theirs"
    folder.mkdir()
    (folder / "1.patch").write_text(place.upstream.patch())
    (folder / "2.patch").write_text("--- a/x\n+++ b/../../x\n@@ -1 +1 @@\n-a\n+b\n")
    (folder / "3.patch").write_text("words\n")
    with pytest.raises(InputError) as caught:
        place.bring(folder)
    assert f"{folder}/2.patch:1: the patch leaves its tree by" in str(caught.value)
    assert f"{folder}/3.patch:1: this is not a patch" in str(caught.value)
    assert not place.directory.exists()


def test_the_place_of_an_error_in_a_mailbox_is_that_in_the_mailbox(place: Place) -> None:
    first, second = (place.upstream.patch(commit) for commit in place.commits[:2])
    data = first + second.replace("--- /dev/null\n+++ b/link", "--- /dev/null\n+++ b/../link").replace(
        "diff --git a/link b/link", "diff --git a/../link b/../link"
    )
    (place.root / "all.mbox").write_text(data)
    line = data[: data.index("diff --git a/../link")].count("\n") + 1
    with pytest.raises(InputError) as caught:
        place.bring(place.root / "all.mbox")
    assert str(caught.value).startswith(f"{place.root / 'all.mbox'}:{line}: the patch leaves its tree")


def test_a_quilt_directory_with_options_comments_and_a_file_in_no_series(place: Place) -> None:
    folder = place.root / "pkg" / "debian" / "patches"
    (folder / "upstream").mkdir(parents=True)
    (folder / "upstream" / "one.patch").write_text(
        "Description: one\n---\n" + place.upstream.git("diff", "--no-prefix", f"{place.commits[0]}^!") + "\n"
    )
    (folder / "two.patch").write_text(place.upstream.patch(place.commits[1]))
    (folder / "off.patch").write_text(place.upstream.patch(place.commits[2]))
    (folder / "dead.patch").write_text("x")
    (folder / "series").write_text("# ours\nupstream/one.patch -p0 # why\n\n# disabled: off.patch\ntwo.patch\n")
    plan = place.bring(place.root / "pkg")
    assert (place.directory / "series").read_text() == (
        "upstream-one.patch -p0  # why\n# disabled: off.patch\ntwo.patch\n"
    )
    assert plan.coming[0].notes == ("named upstream-one.patch here",)
    assert apply(place.store, place.tree(), place.series).tree == place.tree(place.commits[1])
    assert layouts.read(str(place.root / "pkg")).notes == (f"{folder / 'dead.patch'}: in no series",)


def test_a_numbered_directory_with_backports_and_disabled_patches(place: Place) -> None:
    folder = place.root / "nova-2026.2"
    folder.mkdir()
    sha = place.commits[0]
    shown = [place.upstream.git("show", "--format=medium", commit) + "\n" for commit in place.commits]
    (folder / "patch002-files.patch").write_text(shown[1])
    (folder / f"upstream001-{sha[:12]}-seven.patch").write_text(shown[0])
    (folder / "nopatch003-etwas.patch").write_text(shown[2])
    (folder / "patch004-dead.patch").write_text(shown[2])
    (folder / "ORDER").write_text(f"# order\nupstream001-{sha[:12]}-seven.patch\npatch002-files.patch\n")
    (folder / "config.yaml").write_text(
        "repo: https://opendev.org/openstack/nova\nbranch: stable/2024.1\nshallow_clone: true\ndirectory: nova\n"
    )
    foreign = layouts.read(str(folder))
    assert (foreign.layout, foreign.upstream and foreign.upstream.ref) == (Layout.NUMBERED, "stable/2024.1")
    assert foreign.notes == (f"{folder / 'patch004-dead.patch'}: not in ORDER",)
    place.bring(folder)
    assert (place.directory / "patch002-files.patch").read_text() == shown[1]
    assert place.series.disabled[0].name == "nopatch003-etwas.patch"
    assert apply(place.store, place.tree(), place.series).tree == place.tree(place.commits[1])
    shutil.rmtree(place.directory)
    place.bring(folder, annotate=True)
    backport = place.series.patches[0]
    assert backport.message.endswith(f"\nOrigin: backport, commit:{sha[:12]}\n(cherry picked from commit {sha[:12]})")
    assert backport.metadata.cherry_picked_from == (sha[:12],)
    assert backport.metadata.upstream
    assert backport.metadata.upstream.state == "Backport"


def test_a_starlingx_package_has_two_series_and_one_is_ours(place: Place) -> None:
    folder = place.root / "python-nova" / "debian"
    for name in ("patches", "deb_patches"):
        (folder / name).mkdir(parents=True)
        (folder / name / "1.patch").write_text(place.upstream.patch(place.commits[0]))
        (folder / name / "series").write_text("1.patch\n")
    (folder / "meta_data.yaml").write_text("debname: nova\ndebver: 1.0\n")
    for source in (folder, folder.parent):
        foreign = layouts.read(str(source))
        assert foreign.layout is Layout.STARLINGX
        assert [patch.name for patch in foreign.patches] == ["1.patch"]
        assert "deb_patches: 1 patches of the folder debian" in foreign.notes[0]


def test_a_folder_of_a_release_beside_its_source_refs(place: Place) -> None:
    folder = place.root / "theirs" / "patches" / "nova" / "2025.2"
    folder.mkdir(parents=True)
    place.upstream.git("format-patch", "--quiet", "-o", str(folder), "base..ours")
    refs = place.root / "theirs" / "source-refs.yaml"
    for text, ref, repository in [
        ("nova: 2025.10\n", "2025.10", ""),
        ("2025.2:\n  nova: {repo: https://x/nova, ref: stable/2025.2}\n", "stable/2025.2", "https://x/nova"),
    ]:
        refs.write_text(text)
        upstream = layouts.read(str(folder)).upstream
        assert upstream
        assert (upstream.ref, upstream.repository) == (ref, repository)
    assert len(place.bring(folder).coming) == 3


def test_a_diff_of_installed_files_is_brought_to_the_tree(place: Place) -> None:
    site = place.root / "usr/lib/python3/dist-packages/nova"
    site.mkdir(parents=True)
    (site / "api.py.orig").write_text(numbered(40))
    (site / "api.py").write_text(numbered(40).replace("line 7\n", "seven\n"))
    (site / "added.py").write_text("new\n")
    one = subprocess.run(["diff", "-u", f"{site}/api.py.orig", f"{site}/api.py"], capture_output=True, check=False)
    other = subprocess.run(
        ["diff", "-ruN", f"{site}/added.py.orig", f"{site}/added.py"], capture_output=True, check=False
    )
    (place.root / "hot.diff").write_bytes(b"diff -ruN x y\n" + one.stdout + b"diff -ruN x y\n" + other.stdout)
    plan = place.bring(place.root / "hot.diff")
    assert plan.coming[0].notes == (
        f"{site}/api.py is nova/api.py of the tree", f"{site}/added.py is nova/added.py of the tree",
    )  # fmt: skip
    patched = apply(place.store, place.tree(), place.series).tree
    assert place.store.read(patched, "nova/api.py") == numbered(40).replace("line 7\n", "seven\n").encode()
    assert place.store.read(patched, "nova/added.py") == b"new\n"


def test_a_diff_of_installed_files_that_the_tree_has_not(place: Place) -> None:
    data = b"--- /etc/cron.d/x.orig\n+++ /etc/cron.d/x\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(InputError, match=r"the tree has no file that '/etc/cron.d/x' could be") as caught:
        place.bring("-", stdin=data)
    assert "standard input" in str(caught.value)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ("1.patch\n1.patch\n", ":2:1: 1.patch is named twice"),
        ("2.patch\n", ":1:1: there is no file 2.patch\n  fix: did you mean '1.patch'?"),
        ("../../secret.patch\n", ":1:1: ../../secret.patch is outside the series' folder"),
        ("1.patch -R\n", ":1:9: the option '-R' is unknown"),
        (".\n", ":1:1: there is no file ."),
    ],
)
def test_a_series_of_others_that_is_wrong(place: Place, series: str, said: str) -> None:
    folder = place.root / "pkg" / "patches"
    folder.mkdir(parents=True)
    (folder / "1.patch").write_text(place.upstream.patch())
    (place.root / "secret.patch").write_text(place.upstream.patch())
    for name in ("series", "ORDER") if "-R" not in series else ("series",):
        (folder / name).write_text(series)
        with pytest.raises(InputError) as caught:
            place.bring(folder, layout=Layout.QUILT if name == "series" else Layout.NUMBERED)
        assert str(caught.value).startswith(f"{folder / name}{said}")
    assert not place.directory.exists()
