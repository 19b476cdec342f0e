"""Promise: upstream's own style checks run on patches; what is wrong since a patch is told from what was before."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from tests.widget import FILES, team_with_widget

from .conftest import CACHE, EXAMPLE, Stackwright
from .test_upgrade_forecast_of_a_site import text_of
from .test_upstream_tests import carry, command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.team import Team

TOX = """\
[testenv:pep8]
skip_install = true
deps = hacking==8.1.0
commands =
  flake8 {posargs}
  doc8 doc
[flake8]
exclude = .git
[flake8:local-plugins]
extension = W301 = checks:no_colours
paths = ./widget/hacking
"""
PLUGIN = '''\
from hacking import core


@core.flake8ext
def no_colours(logical_line):
    """W301: no colours."""
    if "COLOUR" in logical_line:
        yield 0, "W301: no colours"
'''
OLD = "def old():\n    # TODO: mend it\n    return 1\n"
LINT = "widget/lint.py"
OLDS = f"{LINT}:2:7: H101 Use TODO(NAME)"


def team_with_style(directory: Path) -> Team:
    """Give the team of the small project, which has style checks and something that they find."""
    # What the tests of `stackwright test` write is not all in good style.
    ours = "[flake8]\nexclude = .git\nper-file-ignores =\n  widget/tests/*.py: E,F,W\n"
    tox = FILES["tox.ini"] + TOX.replace("[flake8]\nexclude = .git\n", ours)
    return team_with_widget(
        directory,
        **{"tox.ini": tox, "widget__hacking__checks": PLUGIN, "widget__lint": OLD},
        widget__hacking____init__="",
    )


def new(path: str, text: str) -> dict[str, str | bytes | None]:
    return {path: text}


def checks(told: str) -> int:
    """Give how often a file was looked at now."""
    match = re.search(r"(\d+) checks? of (a )?files? now", told)
    assert match, told
    return int(match[1])


def added(path: str, text: str) -> str:
    """Give a patch that adds a file, as `git format-patch` writes it."""
    lines = text.splitlines()
    body = "".join(f"+{line}\n" for line in lines)
    head = "Mon Sep 17 00:00:00 2001\nFrom: Ada <ada@example.org>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"
    return (
        f"From {'1' * 40} {head}Subject: [PATCH] Add {path}\n\n---\n"
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
        f"@@ -0,0 +1,{len(lines)} @@\n{body}-- \n2.39\n"
    )


def test_a_patch_that_breaks_a_rule_of_a_real_component_is_found(tmp_path: Path) -> None:
    distribution = shutil.copytree(EXAMPLE, tmp_path / "minicloud")
    folder = distribution / "patches/oslo.middleware/2026.2"
    patches = {
        "good.patch": added("oslo_middleware/good.py", "VALUE = 1\n"),
        "hacking.patch": added("oslo_middleware/todo.py", "# TODO: name somebody\nVALUE = 1\n"),
        "unused.patch": added("oslo_middleware/unused.py", "import os\n\nVALUE = 1\n"),
        "form.patch": added("oslo_middleware/form.py", "VALUE = {'one':1}\n"),
        "last.patch": added("oslo_middleware/last.py", "VALUE = 2\n"),
    }
    for name, text in patches.items():
        (folder / name).write_text(text)
    with (folder / "series").open("a") as series:
        series.write("".join(f"{name}\n" for name in patches))
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "downloads").symlink_to(CACHE / "downloads")
    stackwright = Stackwright(distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(cache)})
    words = ("test", "oslo.middleware", "2026.2", "--pep8")
    done = stackwright(*words, "-f", "json", status=1)
    assert [(row["Kind"], row["Test"], row["Patch"]) for row in json.loads(done.stdout)] == [
        ("regression", "oslo_middleware/form.py:1:1: format would be formatted otherwise", "form.patch"),
        ("regression", "oslo_middleware/todo.py:1:3: H101 Use TODO(NAME)", "hacking.patch"),
        ("regression", "oslo_middleware/unused.py:1:8: F401 `os` imported but unused", "unused.patch"),
    ]
    assert "H101 Use TODO(NAME) (since hacking.patch): failed\n    # TODO: name somebody\n" in done.stderr
    assert "    -VALUE = {'one':1}\n    +VALUE = {'one': 1}\n" in done.stderr
    assert "flake8 (hacking==8.1.0)" in done.stderr
    assert "not run of its style checks: trailing-whitespace, " in done.stderr
    assert ", check-yaml, mypy\n" in done.stderr
    assert checks(stackwright(*words, status=1).stderr) == 0
    assert not (stackwright.state / "proofs").exists()  # they are no tests


def test_what_upstream_has_too_is_known_wherever_its_line_is_now(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    moved = "def new():\n    return 2\n\n\n" + OLD
    more = moved + "\n\ndef newer():\n    # TODO: mend it\n    return 3\n"
    carry(team, moves=new(LINT, moved), quiet=new("doc/a.rst", "A\n"), adds=new(LINT, more))
    stackwright = command(team, tmp_path)
    rows = stackwright.json("test", "widget", "r", "--pep8", status=1)
    assert [(row["Kind"], row["Test"], row["Patch"]) for row in rows] == [
        ("regression", f"{LINT}:11:7: H101 Use TODO(NAME)", "adds.patch"),
        ("known", f"{LINT}:6:7: H101 Use TODO(NAME)", ""),
    ]
    told = stackwright("test", "widget", "r", "--pep8", status=1).stderr
    assert "3 patches; 1 file, 0 checks of files now by flake8 (hacking==8.1.0); 1 regression, 1 known finding" in told
    assert "not run of its style checks: doc8" in told


def test_nothing_new_is_no_failure_and_all_files_may_be_checked(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    stackwright = command(team, tmp_path)
    rows = stackwright.json("test", "widget", "r", "--pep8", "--all")
    assert [(row["Kind"], row["Test"]) for row in rows] == [
        ("known", "widget/config.py:2:1: W301 no colours"),
        ("known", OLDS),
    ]
    carry(team, good=new(LINT, OLD.replace("mend", "mend all of")))
    # The line is another one: whoever touches it mends it.
    (row,) = stackwright.json("test", "widget", "r", "--pep8", status=1)
    assert row["Test"] == OLDS
    told = stackwright("test", "widget", "r", "--pep8", "--skip").stderr
    assert "1 patch; 1 file would be checked" in told


def test_after_each_patch_what_comes_and_goes_is_found_too(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    carry(team, bad=new("widget/a.py", "import os\n"), mends=new("widget/a.py", "A = 1\n"))
    stackwright = command(team, tmp_path)
    assert stackwright.json("test", "widget", "r", "--pep8") == []
    (row,) = stackwright.json("test", "widget", "r", "--pep8", "--each", status=1)
    assert (row["Test"], row["Patch"]) == ("widget/a.py:1:1: F401 'os' imported but unused", "bad.patch")


def test_a_change_of_the_rules_lets_all_files_be_checked(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    carry(
        team,
        quiet=new("widget/a.py", "A = 1\n"),
        plugin=new("widget/hacking/checks.py", PLUGIN.replace('"COLOUR" in', '"green" in')),
        settings=new("tox.ini", FILES["tox.ini"] + TOX.replace("exclude = .git", "exclude = .git\nselect = H,W3,Q\n")),
    )
    stackwright = command(team, tmp_path)
    done = stackwright("test", "widget", "r", "--pep8", "-f", "json")
    assert [(row["Kind"], row["Test"]) for row in json.loads(done.stdout)] == [("known", OLDS)]
    assert "files (all of them: tox.ini has changed)" in done.stderr
    (team.folder("widget", "r") / "series").unlink()
    carry(team, plugin=new("widget/hacking/checks.py", PLUGIN.replace('"COLOUR" in', '"return" in')))
    rows = stackwright.json("test", "widget", "r", "--pep8", status=1)
    assert ("regression", "widget/sums.py:10:5: W301 no colours", "plugin.patch") in {
        (row["Kind"], row["Test"], row["Patch"]) for row in rows
    }


def test_a_plugin_that_cannot_be_imported_shows_its_last_lines(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    carry(team, breaks=new("widget/hacking/checks.py", "import nothing_of_this_name\n"))
    told = command(team, tmp_path)("test", "widget", "r", "--pep8", status=4).stderr
    assert "flake8 (hacking==8.1.0) cannot check widget" in told
    assert "upstream's tree and 1 of 1 patches" in told
    assert "No module named 'nothing_of_this_name'" in told


def test_a_file_that_ends_a_linter_costs_no_other_its_turn(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    ends = PLUGIN + '    if logical_line == "explode()":\n        raise ValueError(logical_line)\n'
    carry(
        team,
        plugin=new("widget/hacking/checks.py", ends),
        good={"widget/a.py": "A = 1\n", "widget/b.py": "B = 1\n"},
        ends={"widget/c.py": "explode = print\nexplode()\n", "widget/d.py": "import os\n"},
    )
    done = command(team, tmp_path)("test", "widget", "r", "--pep8", "-f", "json", status=1)
    found = {(row["Kind"], row["Test"], row["Status"], row["Patch"]) for row in json.loads(done.stdout)}
    assert found == {
        ("regression", "widget/c.py: flake8 does not get through", "crashed", "ends.patch"),
        ("regression", "widget/d.py:1:1: F401 'os' imported but unused", "failed", "ends.patch"),
        ("known", "widget/config.py:2:1: W301 no colours", "failed", ""),
        ("known", OLDS, "failed", ""),
    }
    assert "    ValueError: explode()\n" in done.stderr


def test_a_linter_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    carry(team, slow=new("widget/hacking/checks.py", PLUGIN + "\n\nimport time  # noqa\n\ntime.sleep(600)\n"))
    told = command(team, tmp_path)("test", "widget", "r", "--pep8", "--timeout", "3", status=4, within=90).stderr
    assert "it was still running after 3 s" in told
    assert "give a longer --timeout" in told


def test_a_version_that_the_pins_exclude_comes_without_them(tmp_path: Path) -> None:
    hooks = "repos:\n- {repo: https://github.com/astral-sh/ruff-pre-commit, rev: v0.15.19, hooks: [{id: ruff-check}]}\n"
    tox = FILES["tox.ini"] + "[testenv:pep8]\ncommands = pre-commit run --all-files\n"
    team = team_with_widget(tmp_path, **{"tox.ini": tox, ".pre-commit-config.yaml": hooks})
    (team.distribution / "constraints.txt").write_text("ruff==0.15.18\n")
    release = team.distribution / "releases/r.yaml"
    release.write_text(release.read_text().replace("exclude-newer: 2026-10-15", "constraints: constraints.txt"))
    carry(team, bad=new("widget/a.py", "import os\n"))
    done = command(team, tmp_path)("test", "widget", "r", "--pep8", "-f", "json", status=1)
    (row,) = json.loads(done.stdout)
    assert row["Test"] == "widget/a.py:1:8: F401 `os` imported but unused"
    assert "the release's pins exclude ruff==0.15.19: it comes without them" in done.stderr
    assert "by ruff check (ruff==0.15.19); 1 regression" in done.stderr


def test_what_was_found_is_written_for_other_programs_and_for_people(tmp_path: Path) -> None:
    team = team_with_style(tmp_path)
    carry(team, bad={LINT: OLD + "# TODO: <b>new</b>\n", "widget/good.py": "A = 1\n"})
    junit, html, stream = tmp_path / "junit.xml", tmp_path / "page.html", tmp_path / "stream"
    written = ("--junit", str(junit), "--html", str(html), "--subunit", str(stream))
    command(team, tmp_path)("test", "widget", "r", "--pep8", *written, status=1)
    suite = ElementTree.parse(junit).getroot()
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    cases = {(case.get("classname"), case.get("name")): case for case in suite}
    assert set(cases) == {
        ("widget/good.py", "flake8"),
        (LINT, "2:7: H101 Use TODO(NAME)"),
        (LINT, "4:3: H101 Use TODO(NAME)"),
    }
    properties = cases[LINT, "4:3: H101 Use TODO(NAME)"].iter("property")
    assert {entry.get("value") for entry in properties} == {"regression", "bad.patch"}
    text = text_of(html)
    assert "upstream's style checks" in text
    assert f"regression {LINT}:4:3: H101 Use TODO(NAME) failed" in text
    assert "<b>new</b>" in text
    assert "<b>" not in html.read_text()
    # On this tree, which was looked at first, and on upstream's.
    assert "✗failed ✗failed" in text
    assert "✗failed ✓passed" in text
    assert stream.stat().st_size > 0


def test_bad_input_says_what_to_type(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    stackwright = command(team, tmp_path)
    told = stackwright("test", "widget", "r", "--pep8", "--all", status=2).stderr
    assert "widget has no style checks that can be run" in told
    assert "flake8 (or hacking) and ruff were looked for" in told
    assert "[testenv:pep8]" in told
    assert ".pre-commit-config.yaml" in told
    for option in (("--tests", "x"), ("--scheduler", "tcp://localhost:1")):
        told = stackwright("test", "widget", "r", "--pep8", *option, status=2).stderr
        assert f"{option[0]} is for tests, not for style checks" in told
    assert "not allowed with" in stackwright("test", "widget", "r", "--pep8", "--functional", status=2).stderr


def test_a_component_without_patches_says_what_to_type(tmp_path: Path) -> None:
    told = command(team_with_style(tmp_path), tmp_path)("test", "widget", "r", "--pep8", status=2).stderr
    assert "--all checks all of its files" in told


def test_only_other_checks_are_named(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path, **{"tox.ini": "[testenv:pep8]\ncommands = doc8 doc\n  pylint widget\n"})
    told = command(team, tmp_path)("test", "widget", "r", "--pep8", "--all", status=2).stderr
    assert "there are only doc8, pylint" in told
