"""Issue: patch series at scale, 1 and 2: the whole matrix, with the reason for each patch that needs a hand."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.browser import browser
from tests.team import Team
from tests.upstream import numbered

from .conftest import COMMAND, Stackwright

if TYPE_CHECKING:
    from pathlib import Path


def changed(number: int, word: str) -> str:
    return numbered(60).replace(f"line {number}\n", f"{word}\n")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Two components and three releases; what upstream did in between makes each state appear once."""
    team = Team(tmp_path)
    nova = team.component("nova", {"nova/api.py": numbered(60), "nova/db.py": numbered(60)})
    team.component("glance", {"glance/store.py": numbered(60)}).branch("stable/2025.1")
    nova.branch("stable/2025.1")
    nova.switch("master")
    nova.commit({"nova/db.py": "new\n" + numbered(60)}, "Move everything down")
    nova.branch("stable/2025.2")
    nova.switch("master")
    nova.commit({"nova/api.py": changed(20, "zwanzig")}, "Speak another language")
    team.release("2025.1", {"nova": "stable/2025.1", "glance": "stable/2025.1"})
    team.release("2025.2", {"nova": "stable/2025.2"})
    api = team.carried("nova", {"nova/api.py": changed(20, "twenty")}, "Say twenty", start="stable/2025.1")
    db = team.carried("nova", {"nova/db.py": changed(30, "thirty")}, "Say thirty", start="stable/2025.1")
    for release in ("2025.1", "2025.2"):
        team.add("nova", release, "api.patch", api)
        team.add("nova", release, "db.patch", db)
    store = team.carried("glance", {"glance/store.py": changed(1, "one")}, "Say one", start="stable/2025.1")
    team.add("glance", "2025.1", "store.patch", store)
    return team


@pytest.fixture
def stackwright(team: Team, tmp_path: Path) -> Stackwright:
    return Stackwright(team.distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})


def states(rows: list[dict[str, str]]) -> dict[tuple[str, ...], str]:
    keys = ("Component", "Release", "Against", "Patch")
    return {tuple(row[key] for key in keys if key in row): row["State"] for row in rows}


def test_the_whole_matrix_of_components_and_releases(stackwright: Stackwright) -> None:
    assert states(stackwright.json("patch", "status")) == {
        ("nova", "2025.1", "api.patch"): "applies",
        ("nova", "2025.1", "db.patch"): "applies",
        ("nova", "2025.2", "api.patch"): "applies",
        ("nova", "2025.2", "db.patch"): "applies with offset",
        ("glance", "2025.1", "store.patch"): "applies",
    }


def test_further_refs_are_columns_too_and_what_breaks_there_is_said(stackwright: Stackwright) -> None:
    found = states(stackwright.json("patch", "status", "nova", "--against", "master", status=1))
    assert found["nova", "2025.2", "master", "api.patch"] == "conflict"
    assert found["nova", "2025.2", "", "api.patch"] == "applies"
    said = stackwright("patch", "status", "nova", "--against", "master", status=1).stderr
    assert "the patch api.patch does not apply" in said
    assert "zwanzig" in said


def test_a_further_ref_may_be_another_release(stackwright: Stackwright) -> None:
    found = states(stackwright.json("patch", "status", "nova", "--release", "2025.1", "--against", "2025.2"))
    assert found["nova", "2025.1", "2025.2", "db.patch"] == "applies with offset"


def test_a_ref_that_is_nowhere_is_answered_with_the_nearest(stackwright: Stackwright) -> None:
    said = stackwright("patch", "status", "--against", "stable/2025.3", status=2).stderr
    assert "stable/2025.3" in said
    assert "did you mean 'stable/2025." in said


def test_a_patch_upstream_has_one_that_is_disabled_and_one_in_no_series(team: Team, stackwright: Stackwright) -> None:
    folder = team.folder("nova", "2025.2")
    upstream = team.upstreams["nova"]
    upstream.switch("stable/2025.2")
    upstream.commit({"nova/api.py": changed(20, "twenty")}, "Say twenty after all")
    upstream.switch("master")
    (folder / "series").write_text("api.patch\n# disabled: db.patch # until 2026.1\n")
    (folder / "lost.patch").write_bytes((folder / "db.patch").read_bytes())
    found = states(stackwright.json("patch", "status", "nova", "--release", "2025.2", status=1))
    assert found == {
        ("nova", "2025.2", "api.patch"): "already upstream",
        ("nova", "2025.2", "db.patch"): "disabled",
        ("nova", "2025.2", "lost.patch"): "in no series",
    }


def test_as_a_grid_and_for_programs_and_as_a_page(stackwright: Stackwright, tmp_path: Path) -> None:
    rows = stackwright.json("patch", "status", "--grid", "--json", str(tmp_path / "m.json"))
    assert {row["Component"]: (row["2025.1"], row["2025.2"]) for row in rows} == {
        "nova": ("2 ok", "2 ok"),
        "glance": ("1 ok", ""),
    }
    matrix = json.loads((tmp_path / "m.json").read_text())
    assert [len(cell["patches"]) for cell in matrix["cells"]] == [2, 2, 1]
    assert all(len(cell["commit"]) == 40 for cell in matrix["cells"])
    stackwright("patch", "status", "--html", str(tmp_path / "m.html"))
    page = (tmp_path / "m.html").read_text()
    assert "db.patch" in page
    assert "default-src 'none'" in page


def test_the_page_of_a_real_run_leads_a_browser_down_to_the_hunk(stackwright: Stackwright, tmp_path: Path) -> None:
    stackwright("patch", "status", "--against", "master", "--html", str(tmp_path / "m.html"), status=1)
    with browser() as chromium:
        chromium.open(tmp_path / "m.html")
        assert chromium.text("#sentence").startswith("None of 5 patches needs a hand.")
        chromium.open(tmp_path / "m.html", "nova/2025.2@master/api.patch")
        panel = chromium.text("#panel")
        assert "conflict" in panel
        assert "zwanzig" in panel
        assert chromium.complaints() == []


def test_nothing_is_checked_out_and_nothing_of_the_distribution_changes(stackwright: Stackwright, team: Team) -> None:
    before = {file: file.read_bytes() for file in team.distribution.rglob("*") if file.is_file()}
    stackwright("patch", "status", "--against", "master", status=1)
    assert {file: file.read_bytes() for file in team.distribution.rglob("*") if file.is_file()} == before
    assert not list(stackwright.state.rglob("api.py"))


def test_one_unreachable_repository_does_not_hide_the_others(team: Team, stackwright: Stackwright) -> None:
    release = team.distribution / "releases/2025.1.yaml"
    release.write_text(release.read_text().replace("upstream/glance", "upstream/gone"))
    done = stackwright("patch", "status", "--release", "2025.1", "-f", "json", status=1)
    assert states(json.loads(done.stdout))["nova", "2025.1", "api.patch"] == "applies"
    assert "upstream/gone" in done.stderr


def test_without_a_change_the_answer_is_the_same_and_without_a_network(team: Team, stackwright: Stackwright) -> None:
    first = stackwright.json("patch", "status")
    (team.directory / "upstream").rename(team.directory / "moved")
    assert stackwright.json("patch", "status") == first


def test_one_content_serves_several_releases_and_becomes_one_file(team: Team, stackwright: Stackwright) -> None:
    rows = {row["Patch"]: row for row in stackwright.json("patch", "dedupe")}
    assert rows["api.patch"]["Releases"] == "2025.1, 2025.2"
    assert rows["api.patch"]["Files"] == 2
    merged = stackwright("patch", "dedupe", "--merge").stderr
    assert "patches/nova/shared/api.patch takes the place of patches/nova/2025.1/api.patch" in merged
    assert not (team.folder("nova", "2025.2") / "db.patch").exists()
    assert set(states(stackwright.json("patch", "status", "nova")).values()) == {"applies", "applies with offset"}
    assert all(row["Files"] == 1 for row in stackwright.json("patch", "dedupe"))


def test_a_release_overlays_its_own_form_of_a_shared_patch(team: Team, stackwright: Stackwright) -> None:
    stackwright("patch", "dedupe", "--merge")
    shared = team.distribution / "patches/nova/shared/api.patch"
    own = team.folder("nova", "2025.2") / "api.patch"
    own.write_text(shared.read_text().replace("+twenty", "+TWENTY"))
    rows = [row for row in stackwright.json("patch", "dedupe") if row["Patch"] == "api.patch"]
    assert {row["Releases"] for row in rows} == {"2025.1", "2025.2"}


def test_a_shared_patch_that_no_release_names_is_in_no_series(team: Team, stackwright: Stackwright) -> None:
    stackwright("patch", "dedupe", "--merge")
    assert set(states(stackwright.json("patch", "status", "nova")).values()) == {"applies", "applies with offset"}
    for release in ("2025.1", "2025.2"):
        series = team.folder("nova", release) / "series"
        series.write_text(series.read_text().replace("db.patch\n", ""))
    found = states(stackwright.json("patch", "status", "nova", status=1))
    assert found["nova", "2025.2", "../shared/db.patch"] == "in no series"


def test_two_patches_of_one_name_and_other_content_are_not_merged(team: Team, stackwright: Stackwright) -> None:
    (team.distribution / "patches/nova/shared").mkdir()
    (team.distribution / "patches/nova/shared/api.patch").write_text("another")
    said = stackwright("patch", "dedupe", "nova", "--merge", status=2).stderr
    assert "another patch has the name api.patch" in said
    assert (team.folder("nova", "2025.1") / "api.patch").exists()


def test_the_range_that_a_patch_serves_unchanged(stackwright: Stackwright) -> None:
    done = stackwright(
        "patch", "range", "nova", "api.patch", "--release", "2025.1", "--against", "master", "-f", "json"
    )
    rows = {row["Release"]: row["State"] for row in json.loads(done.stdout)}
    assert rows == {"2025.1": "applies", "2025.2": "applies", "master": "conflict"}
    assert "api.patch serves 2025.1 to 2025.2 unchanged" in done.stderr


def test_two_changes_that_are_green_alone_and_break_together_have_a_check_of_their_own(
    team: Team, stackwright: Stackwright
) -> None:
    def key() -> str:
        rows = json.loads(stackwright("ci", "checks").stdout)
        (found,) = [row["key"] for row in rows if (row["component"], row["release"]) == ("glance", "2025.1")]
        return str(found)

    series = team.folder("glance", "2025.1") / "series"
    kept = series.read_text()
    text = team.carried("glance", {"glance/store.py": changed(40, "a")}, "Say a", start="stable/2025.1")
    other = team.carried("glance", {"glance/store.py": changed(41, "b")}, "Say b", start="stable/2025.1")
    (series.parent / "a.patch").write_text(text)
    (series.parent / "b.patch").write_text(other)
    keys = set()
    for lines, status in (
        ("a.patch\n# disabled: b.patch\n", 0),
        ("b.patch\n# disabled: a.patch\n", 0),
        ("a.patch\nb.patch\n", 1),
    ):
        series.write_text(kept + lines)
        keys.add(key())
        stackwright("patch", "status", "glance", status=status)
    assert len(keys) == 3
    series.write_text(kept + "a.patch\nb.patch\n")
    assert key() in keys


def test_definitions_of_ci_are_what_their_houses_take(team: Team, stackwright: Stackwright, tmp_path: Path) -> None:
    for house, schema in (("github", "vendor.github-workflows"), ("gitlab", "vendor.gitlab-ci")):
        file = tmp_path / f"{house}.yaml"
        file.write_text(stackwright("ci", house).stdout)
        subprocess.run(
            [COMMAND.with_name("check-jsonschema"), "--builtin-schema", schema, str(file)],
            check=True,
            capture_output=True,
        )
    children = tmp_path / "children.yaml"
    children.write_text(stackwright("ci", "checks", "--gitlab").stdout)
    subprocess.run(
        [COMMAND.with_name("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(children)], check=True
    )
    written = stackwright("ci", "github", "--write").stdout.strip()
    assert written == str(team.distribution / ".github/workflows/patches.yaml")
    (team.distribution / ".github/workflows/patches.yaml").write_text("ours\n")
    assert "--force" in stackwright("ci", "github", "--write", status=2).stderr


def test_archives_are_the_same_to_the_byte_and_say_what_is_in_them(stackwright: Stackwright, tmp_path: Path) -> None:
    hashes = []
    for attempt in ("one", "two"):
        rows = stackwright.json("patch", "archive", "nova", "--output", str(tmp_path / attempt))
        hashes.append({row["File"]: row["SHA-256"] for row in rows})
    assert hashes[0] == hashes[1]
    assert hashes[0].keys() == {"2025.1/nova-1.0.post2.tar.gz", "2025.2/nova-1.0.post2.tar.gz"}
    (told,) = json.loads((tmp_path / "one/2025.2/manifest.json").read_text())["archives"]
    assert told["ref"] == "stable/2025.2"
    assert len(told["commit"]) == 40
    assert [patch["name"] for patch in told["patches"]] == ["api.patch", "db.patch"]
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path / "one/2025.2", check=True, capture_output=True)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "-xzf", tmp_path / "one/2025.2/nova-1.0.post2.tar.gz", "-C", unpacked], check=True)
    assert "twenty\n" in (unpacked / "nova-1.0.post2/nova/api.py").read_text()
    tree = subprocess.run(
        ["sh", "-ec", "git init -q . && git add -A -f && git write-tree"],
        cwd=unpacked / "nova-1.0.post2", check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert tree.stdout.strip() == told["tree"]
