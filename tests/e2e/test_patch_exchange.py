"""Promise 6 of patch series at scale, the way in and out: `patch import`, `patch import-all`, `patch export`."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.upstream import Upstream, numbered

from .conftest import EXAMPLE, Stackwright

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = """\
python: "3.11"
pins: {{exclude-newer: 2026-10-15}}
components:
  # The service.
  nova: {{source: {{path: {nova}}}}}  # as it lies here
  oslo.utils:
    source:
      path: {nova}
    # of our own
    distribution-name: oslo-utils
"""
PKG_INFO = "Metadata-Version: 2.1\nName: nova\nVersion: 1.0\n"


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    upstream = Upstream(tmp_path / "nova")
    upstream.commit(
        {"PKG-INFO": PKG_INFO, "nova/api.py": numbered(60), "nova/old.py": numbered(30, prefix="old")}, "Begin"
    )
    upstream.git("tag", "1.0")
    upstream.branch("ours")
    changed = numbered(60)
    for number, word in ((7, "seven"), (30, "thirty"), (55, "fifty-five")):
        changed = changed.replace(f"line {number}\n", f"{word}\n")
        upstream.commit({"nova/api.py": changed}, f"Say {word}\n\nBug: https://bugs.example.org/{number}\n")
    upstream.switch("master")
    return upstream


@pytest.fixture
def ours(tmp_path: Path, upstream: Upstream) -> Stackwright:
    root = tmp_path / "distribution"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("patches", "releases", "values"))
    (root / "releases").mkdir()
    for release in ("2026.1", "2026.2"):
        (root / "releases" / f"{release}.yaml").write_text(RELEASE.format(nova=upstream.directory))
    return Stackwright(root, tmp_path / "state")


def series(ours: Stackwright, component: str = "nova", release: str = "2026.2") -> dict[str, str]:
    folder = ours.distribution / "patches" / component / release
    return {file.name: file.read_text() for file in folder.iterdir()} if folder.exists() else {}


def test_commits_come_in_and_go_out_as_commits_mails_and_files(
    ours: Stackwright, upstream: Upstream, tmp_path: Path
) -> None:
    done = ours("patch", "import", "nova", f"{upstream.directory}#1.0..ours")
    assert done.stdout.splitlines()[0] == "0001-Say-seven.patch: imported"
    before = series(ours)
    assert before["series"].splitlines() == [
        "0001-Say-seven.patch", "0002-Say-thirty.patch", "0003-Say-fifty-five.patch",
    ]  # fmt: skip
    assert {row["State"] for row in ours.json("patch", "status", "nova", "--release", "2026.2")} == {"applies"}

    branch = ours("patch", "export", "nova", "--to", f"git:{upstream.directory}#given").stdout
    assert "3 commits on" in branch
    assert upstream.git("rev-parse", "given^{tree}") == upstream.git("rev-parse", "ours^{tree}")
    shown = "--format=%an %ae %ad%n%B"
    assert upstream.git("log", "-3", shown, "given") == upstream.git("log", "-3", shown, "ours")
    assert upstream.git("symbolic-ref", "--short", "HEAD") == "master"
    assert upstream.git("status", "--porcelain") == ""
    assert "is already" in ours("patch", "export", "nova", "--to", f"git:{upstream.directory}#given").stdout

    ours("patch", "export", "nova", "--to", f"mbox:{tmp_path / 'all.mbox'}")
    assert ours("patch", "export", "nova").stdout == (tmp_path / "all.mbox").read_text()
    upstream.branch("applied", "1.0")
    upstream.git("am", "--quiet", str(tmp_path / "all.mbox"))
    assert upstream.git("rev-parse", "applied^{tree}") == upstream.git("rev-parse", "ours^{tree}")
    upstream.switch("master")
    shutil.rmtree(ours.distribution / "patches")
    ours("patch", "import", "nova", str(tmp_path / "all.mbox"))
    assert series(ours) == before

    for form in ("quilt", "dep3"):
        ours("patch", "export", "nova", "--to", f"{form}:{tmp_path / form}")
        shutil.rmtree(ours.distribution / "patches")
        ours("patch", "import", "nova", str(tmp_path / form))
        assert {row["State"] for row in ours.json("patch", "status", "nova", "--release", "2026.2")} == {"applies"}
    assert series(ours)["0001-Say-seven.patch"].startswith("Description: Say seven\n Bug: https://bugs.example.org/7\n")


def test_a_second_import_finds_that_everything_is_there(ours: Stackwright, upstream: Upstream) -> None:
    ours("patch", "import", "nova", f"{upstream.directory}#1.0..ours")
    before = series(ours)
    said = ours("patch", "import", "nova", f"{upstream.directory}#1.0..ours").stdout
    assert said.count("the same is there already (") == 3
    assert series(ours) == before


def test_a_dry_run_shows_how_they_would_stand_and_changes_nothing(
    ours: Stackwright, upstream: Upstream, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    for number in (1, 2, 3):
        (folder / f"{number}.patch").write_text(upstream.patch(f"ours~{3 - number}"))
    said = ours("patch", "import", "nova", str(folder), "--dry-run").stdout
    assert said.splitlines() == ["1.patch: applies", "2.patch: applies", "3.patch: applies"]
    (folder / "2.patch").write_text((folder / "2.patch").read_text().replace(" line 29\n", " line xx\n"))
    done = ours("patch", "import", "nova", str(folder), "--dry-run", status=1)
    assert done.stdout.splitlines() == ["1.patch: applies", "2.patch: conflict", "3.patch: applies"]
    assert "nova/api.py, hunk 1" in done.stderr
    assert not (ours.distribution / "patches").exists()


def test_standard_input_is_read(ours: Stackwright, upstream: Upstream) -> None:
    argv = [*ours.argv, "patch", "import", "nova", "-"]
    subprocess.run(argv, input=upstream.patch("ours"), env=ours.env, check=True, capture_output=True, text=True)
    assert series(ours) == {
        "0001-Say-fifty-five.patch": upstream.patch("ours"),
        "series": "0001-Say-fifty-five.patch\n",
    }


def test_a_hotfix_of_installed_files_is_brought_to_the_tree(
    ours: Stackwright, upstream: Upstream, tmp_path: Path
) -> None:
    site = tmp_path / "venv/lib/python3.11/site-packages"
    shutil.copytree(upstream.directory / "nova", site / "nova.orig")
    shutil.copytree(upstream.directory / "nova", site / "nova")
    (site / "nova/api.py").write_text(numbered(60).replace("line 9\n", "nine\n"))
    (site / "nova/new.py").write_text("new\n")
    (site / "nova/old.py").unlink()
    diff = subprocess.run(
        ["diff", "-ruN", f"{site}/nova.orig", f"{site}/nova"], capture_output=True, text=True, check=False
    ).stdout
    (tmp_path / "hot.patch").write_text(diff)
    said = ours("patch", "import", "nova", str(tmp_path / "hot.patch")).stdout
    assert f"{site}/nova/api.py is nova/api.py of the tree" in said
    (row,) = ours.json("patch", "status", "nova", "--release", "2026.2")
    assert row["State"] == "applies"
    assert "+++ b/nova/new.py" in series(ours)["hot.patch"]


@pytest.fixture
def theirs(tmp_path: Path, upstream: Upstream) -> Path:
    """A repository that has series in several layouts, and one for a release that nobody has."""
    root = tmp_path / "theirs"
    shown = [upstream.git("show", f"ours~{number}") + "\n" for number in (2, 1, 0)]
    for name in ("nova-2026.1", "nova-2019.2"):
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "patch001-seven.patch").write_text(shown[0])
        (folder / "upstream002-0123456-thirty.patch").write_text(shown[1])
        (folder / "ORDER").write_text("patch001-seven.patch\nupstream002-0123456-thirty.patch\n")
        (folder / "config.yaml").write_text("repo: https://opendev.org/openstack/nova\nbranch: stable/2026.1\n")
    folder = root / "patches/nova/2026.2"
    folder.mkdir(parents=True)
    upstream.git("format-patch", "--quiet", "-o", str(folder), "1.0..ours")
    folder = root / "python-oslo.utils/debian"
    (folder / "patches").mkdir(parents=True)
    (folder / "meta_data.yaml").write_text("debname: oslo.utils\n")
    (folder / "patches/one.patch").write_text(upstream.patch("ours"))
    (folder / "patches/series").write_text("one.patch\n")
    return root


def test_a_whole_repository_is_brought_in_and_what_has_no_place_is_said(ours: Stackwright, theirs: Path) -> None:
    said = ours("patch", "import-all", str(theirs), "--release", "2026.1", "--dry-run", "-f", "csv", status=1)
    assert not (ours.distribution / "patches").exists()
    assert said.stdout.count('"applies"') == 3
    done = ours("patch", "import-all", str(theirs), "--release", "2026.1", "-f", "csv", status=1)
    assert '"nova-2026.1","numbered","nova","2026.1","2","0","imported"' in done.stdout
    assert '"patches/nova/2026.2","directory","nova","2026.2","3","0","imported"' in done.stdout
    assert '"python-oslo.utils","starlingx","oslo.utils","2026.1","1","0","imported"' in done.stdout
    assert "nova-2019.2: there is no release '2019.2'" in done.stderr
    rows = ours.json("patch", "status")
    assert len(rows) == 6
    assert {row["State"] for row in rows} == {"applies"}
    shutil.rmtree(theirs / "nova-2019.2")
    again = ours("patch", "import-all", str(theirs), "--release", "2026.1", "-f", "csv").stdout
    assert again.count('"nothing new"') == 3


def test_their_source_is_shown_and_written_where_that_is_asked_for(ours: Stackwright, theirs: Path) -> None:
    file = ours.distribution / "releases/2026.1.yaml"
    before = file.read_text()
    argv = ("patch", "import", "nova", str(theirs / "nova-2026.1"), "--release", "2026.1")
    said = ours(*argv).stdout
    assert "nova: {source: {git: https://opendev.org/openstack/nova, ref: stable/2026.1}}" in said
    source = "{git: 'https://opendev.org/openstack/nova', ref: stable/2026.1}"
    assert file.read_text() == before
    ours(*argv, "--write-source")
    assert file.read_text() == before.replace(before[before.index("{path:") : before.index("}}") + 1], source, 1)
    ours("check")


def test_backports_are_annotated_when_asked(ours: Stackwright, theirs: Path) -> None:
    ours("patch", "import", "nova", str(theirs / "nova-2026.1"), "--release", "2026.1", "--annotate")
    text = series(ours, release="2026.1")["upstream002-0123456-thirty.patch"]
    assert "    Origin: backport, commit:0123456\n    (cherry picked from commit 0123456)\n" in text


DIFF = "--- a/nova/api.py\n+++ b/nova/api.py\n@@ -1,3 +1,3 @@\n line 1\n-line 2\n+two\n line 3\n"

BINARY = "diff --git a/x.png b/x.png\nindex 1..2 100644\n"
MAIL = "From: a@b\nSubject: x\n"


@pytest.mark.parametrize(
    ("content", "line", "what", "fix"),
    [
        ("Just words.\n", 1, "this is not a patch: there is no diff in it", "give what git format-patch"),
        ("", 1, "this is not a patch: it is empty", "give what git format-patch"),
        ("<!DOCTYPE html>\n", 1, "it is a web page", "download the patch itself"),
        ("Subject: x\n\n" + DIFF.replace("\n", "\r\n"), 3, "the line ends of Windows", "sed -i"),
        (DIFF.replace("-1,3 +1,3", "-1,4 +1,4"), 3, "the hunk is damaged", "make the patch anew"),
        (DIFF.replace("b/nova/api.py", "b/../x"), 1, "the patch leaves its tree by '../x'", "take this change out"),
        (DIFF.replace("nova/api.py", ".git/hooks/x"), 1, "which is git's own", "take this change out"),
        (DIFF.replace("a/nova/api.py", "/etc/x").replace("b/nova/api.py", "/etc/x"), 1, "the tree has no file", "take"),
        (BINARY + "Binary files a/x.png and b/x.png differ\n", 3, "but not how", "git format-patch"),
        (DIFF + "Binary files /a/x.pyc and /b/x.pyc differ\n", 8, "but not how", "git format-patch"),
        ("diff --cc x\n--- a/x\n+++ b/x\n", 1, "the difference of a merge", "git format-patch BASE..BRANCH"),
        (MAIL + "Content-Transfer-Encoding: base64\n\nZGlmZg==\n", 1, "encoded as base64", "git mailinfo"),
        (MAIL + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\n" + DIFF, 1, "an attachment", "git mailinfo"),
    ],
)  # fmt: skip
def test_bad_patches_are_refused_with_their_place_and_the_way_to_mend(
    ours: Stackwright, tmp_path: Path, content: str, line: int, what: str, fix: str
) -> None:
    file = tmp_path / "bad.patch"
    file.write_bytes(content.encode())
    message = ours("patch", "import", "nova", str(file), status=2).stderr
    assert f"error: {file}:{line}: " in message
    assert what in message
    assert fix in message.rpartition("fix: ")[2]
    assert not (ours.distribution / "patches").exists()


END = "--- a/nova/api.py\n+++ b/nova/api.py\n@@ -59,2 +59,2 @@\n line 59\n-line 60\n+sixty\n"
RENAME = (
    'diff --git a/nova/api.py "b/nova/\\303\\274.py"\n'
    'similarity index 100%\nrename from nova/api.py\nrename to "nova/\\303\\274.py"\n'
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(DIFF.removesuffix("\n"), id="no newline at the end of the patch"),
        pytest.param(END + "\\ No newline at end of file\n", id="no newline at the end of the file"),
        pytest.param(DIFF.replace("+two", "+tw\xf6"), id="text that is not UTF-8"),
        pytest.param(DIFF.replace("+two\n", "+two\r\n"), id="mixed line ends"),
        pytest.param("diff --git a/nova/api.py b/nova/api.py\nold mode 100644\nnew mode 100755\n", id="mode"),
        pytest.param(RENAME, id="a rename, a quoted path"),
    ],
)
def test_odd_patches_come_in_as_they_are_and_apply(ours: Stackwright, tmp_path: Path, content: str) -> None:
    file = tmp_path / "odd.patch"
    file.write_bytes(content.encode("latin-1"))
    ours("patch", "import", "nova", str(file))
    assert (ours.distribution / "patches/nova/2026.2/odd.patch").read_bytes() == file.read_bytes()
    assert [row["State"] for row in ours.json("patch", "status", "nova", "--release", "2026.2")] == ["applies"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "nova", "nowhere.patch"), "there is no such file or directory"),
        (("import", "novva", "-"), "did you mean 'nova'?"),
        (("import", "nova", "-", "--release", "2026.3"), "there is no release '2026.3'"),
        (("import", "nova", "{nova}#1.0..orus"), "did you mean 'ours'?"),
        (("import", "nova", "{nova}"), "there are no patches in this directory"),
        (("import", "nova", "{nova}#1.0..ours", "--after", "x"), "the series has no patch 'x'"),
        (("import-all", "{nova}"), "there is no series in it"),
        (("export", "nova"), "nova has no patches for 2026.2"),
        (("export", "nova", "--to", "mbx:x"), "did you mean 'mbox'?"),
        (("export", "nova", "--to", "git:x"), "names no branch"),
    ],
)
def test_a_slip_is_answered_with_the_way_on(
    ours: Stackwright, upstream: Upstream, words: tuple[str, ...], said: str
) -> None:
    done = ours("patch", *(word.format(nova=upstream.directory) for word in words), status=2)
    assert said in done.stderr
