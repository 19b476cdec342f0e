"""Trailers and blanks are what git says they are."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stackwright.patches import parse, trailers
from stackwright.patches.lint import whitespace

ENVIRONMENT = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
LINES = [
    "",
    "",
    " ",
    "prose",
    "prose: with a colon",
    "Owner: ada",
    "Owner : ada ",
    "Set:",
    "Expires:2026-12-01",
    " folded",
    "\tfolded, with a tab",
    "Signed-off-by: Ada <ada@example.org>",
    "(cherry picked from commit 0123456789abcdef)",
    "# a comment: in it",
    "Conflicts:",
    "\tnova/api.py",
    "Bücher: viele",
    "a b: c",
    ": nothing before it",
]


def git(*arguments: str, text: str = "", directory: Path | None = None) -> str:
    done = subprocess.run(
        ["git", *arguments], input=text.encode(), capture_output=True, check=False, env=ENVIRONMENT, cwd=directory
    )
    return done.stdout.decode()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=12))
@example(["Owner: a", "", "Conflicts:", "\tx"])
@example(["Signed-off-by: a", "prose", "prose", "prose", "prose"])
@example(["Signed-off-by: a", "prose", "prose", "prose"])
@example(["Owner: a", "# a comment: in it"])
def test_trailers_are_those_that_git_finds(lines: list[str]) -> None:
    found = trailers.read(lines, trailers.block(lines))
    message = "\n".join(["Subject", "", *lines]) + "\n"
    of_git = git("interpret-trailers", "--parse", "--no-divider", text=message).splitlines()
    # git keeps the blanks at the end of a line that is folded.
    assert [f"{one.name}: {one.value}".split() for one in found] == [line.split() for line in of_git]


TEXTS = [
    "a",
    "",
    "  a",
    "\ta",
    " \ta",
    "\t \ta",
    "a ",
    "a\t",
    " ",
    "<<<<<<< ours",
    "=======",
    ">>>>>>> theirs",
    "a \tb",
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=6))
def test_blanks_are_those_that_git_finds(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        git("init", "--quiet", directory=directory)
        (directory / "x").write_text("begin\nend\n")
        git("add", "x", directory=directory)
        (directory / "x").write_text("\n".join(["begin", *lines, "end"]) + "\n")
        patch = parse(git("diff", directory=directory).encode())
        told = git("diff", "--check", directory=directory)
    words = {
        whitespace.TRAILING: "trailing whitespace",
        whitespace.SPACE_BEFORE_TAB: "space before tab in indent",
        whitespace.MARKER: "leftover conflict marker",
    }
    sides = any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in lines)
    faults = {fault.what: len(fault.lines) for fault in whitespace.faults(patch)}
    assert faults == {
        what: count
        for what, word in words.items()
        if (count := told.count(word)) and (sides or what != whitespace.MARKER)
    }
