"""No test that a change breaks is missed: what is selected is held against what fails where all tests run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from stackwright.distribution import load
from stackwright.events import Events
from stackwright.proof.upstream.proving import Ask, Proof, Trees, prove
from stackwright.store import Memo, Store
from tests.widget import FILES, changed, team_with_widget

if TYPE_CHECKING:
    from pathlib import Path

    from tests.team import Team

SUMS, SHAPES, REGISTRY = "widget/sums.py", "widget/shapes.py", "widget/registry.py"
# What is changed -> the files.
CHANGES: dict[str, dict[str, str | bytes | None]] = {
    "a function": changed(SUMS, "number * FACTOR", "number * FACTOR + 1"),
    "a function that another test reaches through a class": changed(SUMS, "found = start", "found = start + 1"),
    "a constant": changed(SUMS, "FACTOR = 2", "FACTOR = 3"),
    "a default": changed(SUMS, "start=0", "start=5"),
    "a constant elsewhere": changed("widget/config.py", "DIVISOR = 2", "DIVISOR = 3"),
    "a name that is gone": changed("widget/config.py", "DIVISOR = 2", "DIVISOR_2 = 2"),
    "a function inside a decorator": changed(SUMS, "return function(*arguments)", "return -function(*arguments)"),
    "a decorator": changed(SUMS, "@counted\ndef", "@(lambda function: lambda number: -function(number))\ndef"),
    "a parameter": changed(SUMS, "def total(numbers, start=0)", "def total(numbers, *, first, start=0)"),
    "a method": changed(SHAPES, 'return "square"', 'return "cube"'),
    "a method that is inherited": changed(SHAPES, 'return "shape"', 'return "form"'),
    "a method more, which hides an inherited one": changed(
        SHAPES, "class Dot(Shape):\n", "class Dot(Shape):\n    def name(self):\n        return 'dot'\n\n"
    ),
    "a method less": changed(SHAPES, '    def name(self):\n        return "square"\n', ""),
    "an attribute of a class": changed(SHAPES, "corners = 4", "corners = 5"),
    "an import that fails": changed(SHAPES, "import abc\n", "import abc\nimport nothing_of_this_name\n"),
    "a syntax error": changed(SHAPES, "import abc\n", "import abc (\n"),
    "what a cached function calls": changed(REGISTRY, "tuple(text.split())", "tuple(text)"),
    "a file of data": changed("widget/data/words.txt", "two", "two three"),
    "a file of data that is gone": {"widget/data/words.txt": None},
    "a module that a made-up name imports": changed("widget/drivers/plain.py", "'plain'", "'simple'"),
    "a module that is new in a folder": {"widget/drivers/fancy.py": "class Driver:\n    pass\n"},
    "a module that is gone": {"widget/drivers/plain.py": None},
    "a module that runs in another process": changed("widget/command.py", "'hello'", "'good bye'"),
    "an entry point": changed("setup.cfg", "widget.shapes:Square", "widget.shapes:Round"),
    "a variable of the tests": changed("tox.ini", "blue", "red"),
    "a base class of tests": changed("widget/tests/base.py", "self.ten = 10", "self.ten = 11"),
    "a fixture of tests": changed(
        "widget/tests/base.py", "(fixtures.Fixture):\n    pass",
        "(fixtures.Fixture):\n    def _setUp(self):\n        1 / 0",
    ),
    "a test": changed("widget/tests/test_sums.py", "self.assertEqual(4, ", "self.assertEqual(5, "),
    "a test that is new": changed(
        "widget/tests/test_sums.py", "class TestSums(base.Base):\n", "class TestSums(base.Base):\n"
        "    def test_new(self):\n        self.fail('new')\n\n",
    ),
    "a test that all inherit": changed(
        "widget/tests/base.py", "        self.ten = 10\n",
        "        self.ten = 10\n\n    def test_inherited(self):\n        self.fail('inherited')\n",
    ),
    "a module of tests that is new": {
        "widget/tests/test_new.py": "import unittest\n\n\nclass TestNew(unittest.TestCase):\n"
        "    def test_new(self):\n        self.fail('new')\n"
    },
    "a statement that runs on import": changed("widget/config.py", "COLOUR = 'blue'\n", "globals()['DIVISOR'] = 7\n"),
}  # fmt: skip


class Bench:
    """A team with the project, whose tests have all run once without patches."""

    def __init__(self, team: Team, scratch: Path) -> None:
        self.team, self.scratch = team, scratch
        self.store, self.memo = Store(scratch / "store.git"), Memo(scratch / "cache")

    def prove(self, ask: Ask) -> Proof:
        distribution = load(self.team.distribution)
        release = distribution.release("r")
        return prove(
            distribution, release, release.component("widget"), ask, store=self.store, memo=self.memo,
            cache=self.scratch / "cache", logs=self.scratch / "logs", events=Events(),
        )  # fmt: skip

    def carry(self, files: dict[str, str | bytes | None]) -> None:
        """Let the series be this change alone."""
        folder = self.team.folder("widget", "r")
        (folder / "series").unlink(missing_ok=True)
        self.team.add("widget", "r", "one.patch", self.team.carried("widget", files, "Change it"))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    directory = tmp_path_factory.mktemp("affected")
    bench = Bench(team_with_widget(directory), directory)
    proof = bench.prove(Ask(all=True))
    assert not proof.failures
    assert len(proof.outcomes) == 15
    shutil.copytree(directory / "cache/upstream-tests", directory / "recorded")
    return bench


@pytest.fixture
def bench(pristine: Bench) -> Bench:
    """What is recorded is that run, and nothing of the changes of other tests."""
    place = pristine.scratch / "cache/upstream-tests"
    shutil.rmtree(place)
    shutil.copytree(pristine.scratch / "recorded", place)
    return pristine


@pytest.mark.parametrize("what", CHANGES)
def test_no_test_that_fails_is_left_out(bench: Bench, what: str) -> None:
    bench.carry(CHANGES[what])
    chosen = bench.prove(Ask(Trees.NONE)).chosen[1]
    everything = bench.prove(Ask(all=True, trees=Trees.LAST))
    failing = {one.outcome.test for one in everything.failures}
    assert failing, "the change breaks nothing: it proves nothing"
    assert {test for test in failing if not any(f"{test}.".startswith(f"{name}.") for name in chosen)} == set()


@pytest.mark.parametrize(
    ("what", "count"),
    [("a function", 1), ("a method", 1), ("a function inside a decorator", 2), ("a default", 3), ("a test", 1)],
)
def test_what_a_function_s_change_cannot_reach_is_not_run(tmp_path: Path, what: str, count: int) -> None:
    bench = Bench(team_with_widget(tmp_path), tmp_path)
    bench.prove(Ask(all=True))
    bench.carry(CHANGES[what])
    assert len(bench.prove(Ask(Trees.NONE)).chosen[1]) == count


def test_documentation_reaches_no_test(tmp_path: Path) -> None:
    bench = Bench(team_with_widget(tmp_path), tmp_path)
    bench.prove(Ask(all=True))
    bench.carry({"doc/index.rst": "Other.\n", "releasenotes/notes/x.yaml": "fixes: []\n"})
    assert bench.prove(Ask(Trees.NONE)).chosen[1] == frozenset()


def test_before_anything_is_recorded_all_that_imports_a_change_is_run(tmp_path: Path) -> None:
    bench = Bench(team_with_widget(tmp_path), tmp_path)
    bench.carry(changed(SUMS, "number * FACTOR", "number"))
    assert bench.prove(Ask(Trees.NONE)).chosen[1] == {"widget.tests.test_sums", "widget.tests.test_shapes"}


def test_the_whole_project_is_there() -> None:
    assert {path for path in FILES if path.startswith("widget/tests/test_")} == {
        "widget/tests/test_sums.py", "widget/tests/test_shapes.py", "widget/tests/test_registry.py"
    }  # fmt: skip
