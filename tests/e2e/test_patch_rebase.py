"""Moving forward: a series is brought to another release, conflicts go to a person once, and nothing is ever lost."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Stackwright
from tests.upstream import Upstream, numbered

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = 'python: "3.11"\npins: {{exclude-newer: 2026-10-15}}\ncomponents:\n  {component}: {{source: {{{source}}}}}\n'
SITE = "release: '2026.1'\ntarget: local\nregion: RegionOne\nservices: [keystone]\n"
# Of oslo.middleware 6.6.0: its neighbours are others in 8.2.0.
STRIPPED = """\
Description: Strip what the health check tells
Author: Ada <ada@example.org>
Last-Update: 2026-05-04

--- a/oslo_middleware/healthcheck/__init__.py
+++ b/oslo_middleware/healthcheck/__init__.py
@@ -57,7 +57,7 @@

 def _expand_template(contents: str, params: dict[str, ty.Any]) -> ty.Any:
     tpl = jinja2.Template(source=contents, undefined=jinja2.StrictUndefined)
-    return tpl.render(**params)
+    return tpl.render(**params).strip()


 Reason = ty.TypedDict("Reason", {"reason": str, "details": str, "class": str})
"""
INDENTED = """\
Description: Indent the health check by two
Author: Bo <bo@example.org>

--- a/oslo_middleware/healthcheck/__init__.py
+++ b/oslo_middleware/healthcheck/__init__.py
@@ -519,7 +519,7 @@

     @staticmethod
     def _pretty_json_dumps(contents: dict[str, ty.Any]) -> str:
-        return json.dumps(contents, indent=4, sort_keys=True)
+        return json.dumps(contents, indent=2, sort_keys=True)

     @staticmethod
     def _are_results_healthy(
"""


def write_distribution(root: Path, component: str, sources: dict[str, str]) -> Path:
    for folder in ("releases", "sites"):
        (root / folder).mkdir(parents=True)
    (root / "distribution.yaml").write_text("name: ours\n")
    (root / "sites/local.yaml").write_text(SITE)
    for release, source in sources.items():
        (root / f"releases/{release}.yaml").write_text(RELEASE.format(component=component, source=source))
    return root


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """A component whose 2026.2 has renamed one file, changed another, and merged a patch of ours."""
    upstream = Upstream(tmp_path / "upstream")
    upstream.commit({"nova/api.py": numbered(40), "nova/old.py": numbered(40, prefix="old"), "nova/c.py": "c\n"})
    upstream.branch("stable/2026.1")
    upstream.branch("ours")
    upstream.branch("stable/2026.2", "stable/2026.1")
    upstream.commit({"nova/api.py": numbered(40).replace("line 7\n", "theirs\n"), "nova/merged.py": "merged\n"})
    upstream.git("mv", "nova/old.py", "nova/new.py")
    upstream.commit({}, "Rename")
    upstream.branch("stable/2026.3")
    upstream.commit({"nova/api.py": "x\n" + upstream.read("nova/api.py").replace("line 12\n", "twelve\n")})
    return upstream


@pytest.fixture
def nova(tmp_path: Path, upstream: Upstream) -> Stackwright:
    """A distribution with four patches on that component's 2026.1."""
    releases = ("2026.1", "2026.2", "2026.3")
    sources = {name: f'git: "{upstream.url}", ref: stable/{name}, version: 1.0.0' for name in releases}
    root = write_distribution(tmp_path / "distribution", "nova", sources)
    series = root / "patches/nova/2026.1"
    series.mkdir(parents=True)
    upstream.switch("ours")
    changes = {
        "end.patch": {"nova/c.py": "c\nours\n"},
        "seven.patch": {"nova/api.py": numbered(40).replace("line 7\n", "ours\n").replace("line 30\n", "thirty\n")},
        "nine.patch": {"nova/old.py": numbered(40, prefix="old").replace("old 9\n", "nine\n")},
        "merged.patch": {"nova/merged.py": "merged\n"},
    }
    for name, files in changes.items():
        upstream.commit(files, f"Add {name}\n\nBecause.\n")
        (series / name).write_text(upstream.patch())
    (series / "series").write_text("# ours\n" + "".join(f"{name}\n" for name in changes))
    cache = {
        "STACKWRIGHT_CACHE": str(tmp_path / "cache"),
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "a@example.org",
    }
    return Stackwright(root, tmp_path / "state", cache)


def files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def tree(stackwright: Stackwright, name: str = "nova-2026.2") -> Path:
    return stackwright.state / "rebases" / name / "tree"


def resolve(stackwright: Stackwright) -> None:
    """Resolve the conflict of `seven.patch` as a person does."""
    directory = tree(stackwright)
    file = directory / "nova/api.py"
    assert "<<<<<<< upstream\ntheirs\n||||||| before\nline 7\n=======\nours\n>>>>>>> patch\n" in file.read_text()
    file.write_text(numbered(40).replace("line 7\n", "theirs and ours\n").replace("line 30\n", "thirty\n"))
    subprocess.run(["git", "add", "nova/api.py"], cwd=directory, check=True)


def rows(stackwright: Stackwright, *words: str, status: int = 0) -> list[tuple[str, str]]:
    found = stackwright.json("patch", "rebase", *words, status=status)
    return [(row["Patch"], row["What"]) for row in found]


def test_a_dry_run_tells_of_every_patch_and_writes_nothing(nova: Stackwright) -> None:
    before = files(nova.distribution)
    assert rows(nova, "nova", "2026.1", "2026.2", "--dry-run", status=1) == [
        ("end.patch", "kept"), ("seven.patch", "conflict"), ("nine.patch", "three-way"), ("merged.patch", "upstream"),
    ]  # fmt: skip
    assert files(nova.distribution) == before
    assert nova("patch", "rebase", "--continue", status=2).stderr.startswith("error: ")


def test_a_conflict_is_resolved_once_and_then_for_every_release_and_person(nova: Stackwright, tmp_path: Path) -> None:
    before = files(nova.distribution)
    done = nova("patch", "rebase", "nova", "2026.1", "2026.2", status=1)
    place = nova.distribution / "patches/nova/2026.1/series"
    assert f"error: {place}:3:1: the patch seven.patch is in conflict" in done.stderr
    assert f"resolve it in {tree(nova)}" in done.stderr
    assert files(nova.distribution) == before
    done = nova("patch", "rebase", "--continue", status=1)
    assert f"{tree(nova)}/nova/api.py:7: a conflict" in done.stderr
    resolve(nova)
    assert rows(nova, "--continue") == [
        ("end.patch", "kept"), ("seven.patch", "by hand"), ("nine.patch", "three-way"), ("merged.patch", "upstream"),
    ]  # fmt: skip
    series = nova.distribution / "patches/nova/2026.2"
    assert (series / "series").read_text() == (
        "# ours\nend.patch\nseven.patch\nnine.patch\n# left out: merged.patch (upstream has all of its changes)\n"
    )
    assert (series / "end.patch").read_bytes() == before["patches/nova/2026.1/end.patch"]
    head = (place.parent / "seven.patch").read_text().partition("---\n")[0]
    assert (series / "seven.patch").read_text().startswith(head)
    assert "-theirs\n+theirs and ours\n" in (series / "seven.patch").read_text()
    assert "nova/new.py" in (series / "nine.patch").read_text()
    nova("patch", "status", "--release", "2026.2")
    nova("check")

    # Another person's clone, another release: the same conflict, at another line.
    clone = tmp_path / "clone"
    shutil.copytree(nova.distribution, clone)
    other = replace(nova, distribution=clone, state=tmp_path / "other-state")
    found = other.json("patch", "rebase", "nova", "2026.1", "2026.3")
    assert [row["What"] for row in found] == ["kept", "resolution", "three-way", "upstream"]
    assert found[1]["Detail"].startswith("as resolved for 2026.2 by Ada on ")
    assert "-theirs\n+theirs and ours\n" in (clone / "patches/nova/2026.3/seven.patch").read_text()
    other("patch", "status", "--release", "2026.3")

    (kept,) = other.json("patch", "resolutions", "list")
    assert (kept["Patch"], kept["By"], kept["Files"]) == ("seven.patch", "Ada <a@example.org>", "nova/api.py")
    other("patch", "resolutions", "forget", "nova", kept["ID"][:6])
    assert other.json("patch", "resolutions", "list") == []
    assert rows(other, "nova", "2026.1", "2026.3", "--replace", "--dry-run", status=1)[1][1] == "conflict"


def test_a_resolution_that_was_tampered_with_is_named_and_not_used(nova: Stackwright) -> None:
    nova("patch", "rebase", "nova", "2026.1", "2026.2", status=1)
    resolve(nova)
    nova("patch", "rebase", "--continue")
    (file,) = (nova.distribution / "patches/nova/.resolutions").iterdir()
    file.write_text(file.read_text().replace("+theirs and ours", "+something else"))
    before = files(nova.distribution)
    done = nova("patch", "rebase", "nova", "2026.1", "2026.3", status=2)
    assert f"error: {file}: the resolution is damaged and is not used" in done.stderr
    assert f"stackwright patch resolutions forget nova {file.stem}" in done.stderr
    assert files(nova.distribution) == before
    listed = nova("patch", "resolutions", "list", status=2)
    assert "damaged" in listed.stdout
    assert str(file) in listed.stderr


def test_an_abort_leaves_everything_as_it_was(nova: Stackwright) -> None:
    before = files(nova.distribution)
    nova("patch", "rebase", "nova", "2026.1", "2026.2", status=1)
    resolve(nova)
    nova("patch", "rebase", "--abort")
    assert files(nova.distribution) == before
    assert "no such rebase is under way" in nova("patch", "rebase", "--abort", status=2).stderr
    assert not tree(nova).exists()


def test_killed_on_its_way_the_same_command_goes_on(nova: Stackwright) -> None:
    before = files(nova.distribution)
    for seconds in (0.5, 1.0, 1.5):
        running = nova.start("patch", "rebase", "nova", "2026.1", "2026.2")
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        assert files(nova.distribution) == before
    nova("patch", "rebase", "nova", "2026.1", "2026.2", status=1)
    resolve(nova)
    running = nova.start("patch", "rebase", "--continue")
    try:
        running.wait(0.8)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    if not (nova.distribution / "patches/nova/2026.2/series").exists():
        nova("patch", "rebase", "nova", "2026.1", "2026.2")
    assert "+theirs and ours\n" in (nova.distribution / "patches/nova/2026.2/seven.patch").read_text()
    nova("patch", "status", "--release", "2026.2")


def test_what_cannot_be_is_said(nova: Stackwright) -> None:
    for words, what in {
        ("nova", "2026.1"): "what is to be brought where?",
        ("nova", "2026.1", "2026.9"): "there is no release '2026.9'",
        ("novva", "2026.1", "2026.2"): "release 2026.1 has no component 'novva'",
        ("nova", "2026.2", "2026.3"): "release 2026.2 has no patches of nova",
        ("nova", "2026.1", "2026.1"): "2026.1 is the release that the series is for",
        ("nova", "2026.1", "2026.2", "--onto", "stable/2026.22"): "stable/2026.22",
    }.items():
        assert what in nova("patch", "rebase", *words, status=2).stderr
    nova("patch", "rebase", "nova", "2026.1", "2026.2", status=1)
    done = nova("patch", "rebase", "nova", "2026.1", "2026.2", "--share", status=2)
    assert "another rebase of nova to 2026.2 is under way" in done.stderr
    assert "patch rebase nova 2026.1 2026.2" in done.stderr


def test_a_branch_that_moved_under_its_series(nova: Stackwright, upstream: Upstream) -> None:
    made_for = upstream.git("rev-parse", "stable/2026.1")
    upstream.switch("stable/2026.1")
    upstream.commit({"nova/old.py": numbered(40, prefix="old").replace("old 11\n", "eleven\n")})
    done = nova("patch", "rebase", "nova", "2026.1", "2026.1", "--onto", "stable/2026.1", status=1)
    assert "the patch nine.patch does not apply" in done.stderr
    assert "say what it was made for (--base REF)" in done.stderr
    found = rows(nova, "nova", "2026.1", "2026.1", "--base", made_for)
    assert dict(found)["nine.patch"] == "three-way"
    nova("patch", "status", "--release", "2026.1")


def test_a_real_library_from_one_sdist_to_another(tmp_path: Path) -> None:
    sources = {"2026.1": "pypi: oslo.middleware, version: 6.6.0", "2026.2": "pypi: oslo.middleware, version: 8.2.0"}
    root = write_distribution(tmp_path / "distribution", "oslo.middleware", sources)
    series = root / "patches/oslo.middleware/2026.1"
    series.mkdir(parents=True)
    (series / "strip.patch").write_text(STRIPPED)
    (series / "indent.patch").write_text(INDENTED)
    (series / "series").write_text("strip.patch\nindent.patch\n")
    stackwright = Stackwright(root, tmp_path / "state")
    stackwright("patch", "status", "--release", "2026.1")
    found = rows(stackwright, "oslo.middleware", "2026.1", "2026.2", status=1)
    assert found == [("strip.patch", "three-way"), ("indent.patch", "conflict")]
    directory = tree(stackwright, "oslo.middleware-2026.2")
    file = directory / "oslo_middleware/healthcheck/__init__.py"
    text = file.read_text()
    start, end = text.index("<<<<<<< upstream"), text.index(">>>>>>> patch\n") + len(">>>>>>> patch\n")
    upstreams = text[start:end].partition("\n")[2].partition("|||||||")[0]
    file.write_text(text[:start] + upstreams.replace("indent=4", "indent=2") + text[end:])
    subprocess.run(["git", "commit", "--quiet", "--all", "--no-edit"], cwd=directory, check=True)
    stackwright("patch", "rebase", "--continue")
    stackwright("patch", "status", "--release", "2026.2")
    new = (root / "patches/oslo.middleware/2026.2/strip.patch").read_text()
    assert new.startswith(STRIPPED.partition("---")[0])
    assert " def _expand_template(contents: str, params: dict[str, Any]) -> Any:\n" in new
