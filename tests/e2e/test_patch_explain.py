"""Why a series broke, and what upstream has already: by the real command, on real histories."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.upstream import Upstream, numbered

from .conftest import Stackwright

API = "nova/api.py"
BASE = numbered(60)
IDS = [f"I{number:040x}" for number in range(10)]


def changed(text: str, number: int, word: str) -> str:
    return text.replace(f"line {number}\n", f"{word} {number}\n")


@dataclass
class Nova:
    """An upstream of nova, and a distribution that carries patches on its branch."""

    upstream: Upstream
    stackwright: Stackwright

    @property
    def folder(self) -> Path:
        return self.stackwright.distribution / "patches/nova/2026.2"

    def carry(self, name: str, files: dict[str, str | bytes | None], message: str) -> None:
        self.upstream.branch("ours")
        self.upstream.commit(files, message)
        (self.folder / name).write_text(self.upstream.patch())
        with (self.folder / "series").open("a") as series:
            series.write(f"{name}\n")
        self.upstream.switch("master")

    def source(self, text: str) -> None:
        file = self.stackwright.distribution / "releases/2026.2.yaml"
        lines = [f"  nova: {{source: {{{text}}}}}" if line.startswith("  nova:") else line
                 for line in file.read_text().splitlines()]  # fmt: skip
        file.write_text("\n".join(lines) + "\n")

    def files(self) -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in self.stackwright.distribution.rglob("*") if file.is_file()}


@pytest.fixture
def nova(distribution: Path, tmp_path: Path) -> Nova:
    upstream = Upstream(tmp_path / "upstream")
    upstream.commit({API: BASE, "README": "begin\n"}, "Begin it all")
    upstream.git("tag", "34.0.0")
    shutil.rmtree(distribution / "patches")
    found = Nova(
        upstream, Stackwright(distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})
    )
    found.folder.mkdir(parents=True)
    found.source(f"git: {upstream.url}, ref: master, version: 34.0.0")
    return found


def break_it(nova: Nova) -> tuple[str, str]:
    """Carry a patch, and break it by a merge of a topic; gives the commit and the merge."""
    nova.carry("colour.patch", {API: changed(BASE, 30, "ours")}, "Colour it\n\nWhy.\n")
    for number in range(4):
        nova.upstream.commit({"README": f"{number}\n"}, f"Noise {number}")
    nova.upstream.branch("topic")
    message = f"Rework it\n\nWhy.\n\nChange-Id: {IDS[1]}\nReviewed-on: https://review.example.org/c/nova/+/1\n"
    commit = nova.upstream.commit({API: changed(changed(BASE, 31, "theirs"), 55, "theirs")}, message)
    nova.upstream.switch("master")
    nova.upstream.commit({"README": "late\n"}, "More noise")
    nova.upstream.git("merge", "--quiet", "--no-ff", "-m", 'Merge "Rework it"', "topic")
    merge = nova.upstream.git("rev-parse", "HEAD")
    nova.upstream.commit({"README": "later\n"}, "Yet more noise")
    return commit, merge


def test_the_first_upstream_commit_that_breaks_a_series_is_named_with_its_part_of_the_conflict(nova: Nova) -> None:
    commit, merge = break_it(nova)
    done = nova.stackwright("patch", "explain", "nova", "2026.2", status=1)
    said = done.stdout
    assert f"colour.patch: conflict, since {commit[:12]} Rework it" in said
    assert f'merged by:  {merge[:12]} Merge "Rework it"' in said
    assert "author:     Ada Upstream <ada@example.org>" in said
    assert f"Change-Id:  {IDS[1]}" in said
    assert "review:     https://review.example.org/c/nova/+/1" in said
    assert f"{API}, hunk 1 (line 1" in said
    assert "+theirs 31" in said
    assert "theirs 55" not in said
    assert "a three-way merge leaves nova/api.py in conflict" in said


def test_what_it_says_to_type_next_can_be_typed(nova: Nova) -> None:
    nova.carry("colour.patch", {API: changed(BASE, 30, "ours")}, "Colour it\n\nWhy.\n")
    nova.upstream.commit({API: changed(BASE, 27, "theirs")}, "Change the context")
    said = nova.stackwright("patch", "explain", "nova", "2026.2", status=1).stdout
    assert "a three-way merge solves it" in said
    words = shlex.split(said.splitlines()[-1])
    assert words[words.index("patch") :][:5] == ["patch", "rebase", "nova", "2026.2", "2026.2"]
    nova.stackwright(*words[words.index("patch") :])
    assert "1 patches apply" in nova.stackwright("patch", "explain", "nova", "2026.2").stdout


def test_programs_are_told_the_same_as_json(nova: Nova) -> None:
    commit, merge = break_it(nova)
    (row,) = nova.stackwright.json("patch", "explain", "nova", "2026.2", "colour.patch", status=1)["patches"]
    cause = row["cause"]
    assert (row["patch"], row["solved"], row["in_conflict"]) == ("colour.patch", False, [API])
    assert (cause["commit"], cause["merge"]["commit"], cause["change_id"]) == (commit, merge, IDS[1])
    assert [problem["path"] for problem in cause["problems"]] == [API]


def test_a_series_that_applies_ends_with_0(nova: Nova) -> None:
    break_it(nova)
    done = nova.stackwright("patch", "explain", "nova", "2026.2", "--against", "34.0.0")
    assert "34.0.0" in done.stdout
    assert "1 patches apply" in done.stdout


def test_it_works_without_the_network_once_it_was_fetched(nova: Nova) -> None:
    break_it(nova)
    before = nova.stackwright("patch", "explain", "nova", "2026.2", status=1).stdout
    nova.upstream.directory.rename(nova.upstream.directory.with_name("away"))
    assert nova.stackwright("patch", "explain", "nova", "2026.2", status=1).stdout == before


def test_a_source_without_history_says_so_and_takes_a_repository(nova: Nova) -> None:
    commit, _ = break_it(nova)
    nova.source("pypi: nova, version: 34.0.0")
    wrong = nova.stackwright("patch", "explain", "nova", "2026.2", status=2).stderr
    assert "releases/2026.2.yaml:" in wrong
    assert "the source of nova has no history: pypi nova 34.0.0" in wrong
    assert "--repository" in wrong
    beside = ("--repository", str(nova.upstream.directory))
    assert "1 patches apply" in nova.stackwright("patch", "explain", "nova", "2026.2", *beside).stdout
    said = nova.stackwright("patch", "explain", "nova", "2026.2", *beside, "--against", "master", status=1).stdout
    assert commit[:12] in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowa", "2026.2"], "did you mean 'nova'?"),
        (["nova", "2026.3"], "2026.2"),
        (["nova", "2026.2", "color.patch"], "did you mean 'colour.patch'?"),
        (["nova", "2026.2", "--against", "mastre"], "did you mean 'master'"),
        (["nova", "2026.2", "--since", "34.0.1"], "did you mean '34.0.0'"),
        (["nova", "2026.2", "--repository", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(nova: Nova, words: list[str], said: str) -> None:
    break_it(nova)
    status = 3 if "--repository" in words else 2
    assert said in nova.stackwright("patch", "explain", *words, status=status).stderr


def merge_some(nova: Nova) -> dict[str, str]:
    """Carry four patches of which upstream merges three; gives the commits by patch."""
    for number, (name, subject) in enumerate({"a": "Fix a", "b": "Fix the b", "c": "Fix the c", "d": "Fix d"}.items()):
        trailer = f"\nChange-Id: {IDS[number]}\n" if name in "ad" else ""
        nova.carry(f"{name}.patch", {f"nova/{name}.py": f"{name} of ours\nmore\n"}, f"{subject}\n\nWhy.\n{trailer}")
    merged = {"a.patch": nova.upstream.commit({"nova/a.py": "a of ours\nmore\n"}, f"Other\n\nChange-Id: {IDS[0]}\n")}
    merged["b.patch"] = nova.upstream.commit({"nova/b.py": "b as reviewed\nmore\n"}, "fix the b.\n\nBetter.\n")
    merged["c.patch"] = nova.upstream.commit({"nova/c.py": "c of ours\nmore\n"}, "Say it otherwise\n")
    nova.upstream.commit({"nova/d.py": "else\n"}, f"Speak of d\n\nIt is\nChange-Id: {IDS[3]}\nthat I mean.\n")
    return merged


def test_what_upstream_has_is_listed_with_what_shows_it_and_nothing_is_dropped(nova: Nova) -> None:
    merged = merge_some(nova)
    before = nova.files()
    rows = nova.stackwright.json("patch", "upstreamed", status=1)
    assert [(row["Patch"], row["Known by"], row["Commit"], row["Merged"]) for row in rows] == [
        ("a.patch", "Change-Id", merged["a.patch"], "same"),
        ("b.patch", "subject", merged["b.patch"], "after changes (2 lines differ)"),
        ("c.patch", "patch-id", merged["c.patch"], "same"),
    ]
    assert nova.files() == before
    said = nova.stackwright("patch", "upstreamed", "nova", "--release", "2026.2", "--diff", status=1).stdout
    assert "-+b of ours\n++b as reviewed\n" in said


def test_nothing_is_upstream_where_it_was_not_merged_yet(nova: Nova) -> None:
    merge_some(nova)
    assert nova.stackwright.json("patch", "upstreamed", "nova", "--against", "34.0.0") == []


def test_explain_says_of_a_merged_patch_that_it_was_merged(nova: Nova) -> None:
    merge_some(nova)
    said = nova.stackwright("patch", "explain", "nova", "2026.2", "a.patch", status=1).stdout
    assert "it brings what the patch makes, as it is or changed: upstream has it" in said
    words = shlex.split(said.splitlines()[-1])
    nova.stackwright(*words[words.index("patch") :], status=1)


def test_a_mirror_that_has_only_the_files_that_were_needed_is_enough(nova: Nova) -> None:
    nova.upstream.git("config", "uploadpack.allowFilter", "true")
    nova.upstream.git("config", "uploadpack.allowAnySHA1InWant", "true")
    commit, _ = break_it(nova)
    nova.upstream.commit({API: None, "nova/api/core.py": changed(BASE, 31, "theirs")}, "Move it")
    merge_some(nova)
    patches = nova.stackwright.json("patch", "explain", "nova", "2026.2", status=1)["patches"]
    assert patches[0]["cause"]["commit"] in (commit, nova.upstream.git("log", "-1", "--format=%H", "--", API))
    assert len(nova.stackwright.json("patch", "upstreamed", "nova", status=1)) == 3
    (mirror,) = (nova.stackwright.state.parent / "cache/mirrors").glob("*.git")
    missing = subprocess.run(
        ["git", "-C", str(mirror), "rev-list", "--objects", "--all", "--missing=print"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert any(line.startswith("?") for line in missing.splitlines())


def test_a_component_that_is_in_no_release_is_answered_with_the_nearest(nova: Nova) -> None:
    assert "did you mean 'nova'?" in nova.stackwright("patch", "upstreamed", "nowa", status=2).stderr


def test_a_repository_needs_a_component(nova: Nova) -> None:
    wrong = nova.stackwright("patch", "upstreamed", "--repository", str(nova.upstream.directory), status=2).stderr
    assert "name the component" in wrong


def test_sources_without_history_are_told_of_and_left_out(nova: Nova) -> None:
    nova.carry("colour.patch", {API: changed(BASE, 30, "ours")}, "Colour it\n\nWhy.\n")
    nova.source("pypi: nova, version: 34.0.0")
    done = nova.stackwright("patch", "upstreamed")
    assert "nova 2026.2" in done.stderr
    assert "not looked at: the source of nova has no history" in done.stderr
