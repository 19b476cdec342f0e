"""A small project with unit tests as OpenStack's have them, for tests of `stackwright test`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.team import Team

if TYPE_CHECKING:
    from pathlib import Path

SUMS = '''\
"""Sums."""

from widget import config

FACTOR = 2
LIMIT = 1000


def twice(number):
    return number * FACTOR


def total(numbers, start=0):
    found = start
    for number in numbers:
        found += number
    return min(found, LIMIT)


def counted(function):
    def wrapper(*arguments):
        wrapper.calls += 1
        return function(*arguments)

    wrapper.calls = 0
    return wrapper


@counted
def halved(number):
    return number / config.DIVISOR
'''
SHAPES = '''\
import abc

from widget import sums


class Shape(abc.ABC):
    corners = 0

    def __init__(self, size):
        self.size = size

    def name(self):
        return "shape"

    def describe(self):
        return f"{self.name()} of {self.area()}"

    @abc.abstractmethod
    def area(self):
        """Give the area."""


class Square(Shape):
    corners = 4

    def name(self):
        return "square"

    def area(self):
        return self.size * self.size


class Dot(Shape):
    def area(self):
        return sums.total([])
'''
REGISTRY = """\
import functools
import importlib
import os

KINDS = {}


def register(name):
    def decorate(cls):
        KINDS[name] = cls
        return cls

    return decorate


@functools.lru_cache(maxsize=None)
def words():
    return load("words.txt")


def load(name):
    with open(os.path.join(os.path.dirname(__file__), "data", name)) as stream:
        return parse(stream.read())


def parse(text):
    return tuple(text.split())


def driver(name):
    module, _, attribute = f"widget.drivers.{name}:Driver".partition(":")
    return getattr(importlib.import_module(module), attribute)()


def modules():
    here = os.path.join(os.path.dirname(__file__), "drivers")
    return sorted(name for name in os.listdir(here) if name.endswith(".py"))
"""
FILES = {
    "setup.cfg": "[metadata]\nname = widget\n[entry_points]\nwidget.shapes =\n    square = widget.shapes:Square\n",
    ".stestr.conf": "[DEFAULT]\ntest_path=${OS_TEST_PATH:-./widget/tests}\ntop_dir=./\n",
    "tox.ini": "[testenv]\nsetenv =\n  WIDGET_COLOUR = blue\ndeps =\n  -r{toxinidir}/requirements.txt\n"
    "  -r{toxinidir}/test-requirements.txt\n",
    "requirements.txt": "# nothing\n",
    "test-requirements.txt": "fixtures>=3.0.0 # Apache-2.0/BSD\n",
    "doc/index.rst": "Widgets.\n",
    "widget/__init__.py": "",
    "widget/config.py": "DIVISOR = 2\nCOLOUR = 'blue'\n",
    "widget/sums.py": SUMS,
    "widget/shapes.py": SHAPES,
    "widget/registry.py": REGISTRY,
    "widget/data/words.txt": "one two\n",
    "widget/drivers/__init__.py": "",
    "widget/drivers/plain.py": "class Driver:\n    def go(self):\n        return 'plain'\n",
    "widget/command.py": "def main():\n    print('hello')\n\n\nif __name__ == '__main__':\n    main()\n",
    "widget/tests/__init__.py": "",
    "widget/tests/base.py": "import fixtures\nimport testtools\n\n\nclass Base(testtools.TestCase):\n"
    "    def setUp(self):\n        super().setUp()\n        self.useFixture(Ten())\n        self.ten = 10\n\n\n"
    "class Ten(fixtures.Fixture):\n    pass\n",
    "widget/tests/test_sums.py": """\
from unittest import mock

from widget import sums
from widget.tests import base


class TestSums(base.Base):
    def test_twice(self):
        self.assertEqual(4, sums.twice(2))

    def test_total(self):
        self.assertEqual(self.ten, sums.total([3, 7]))

    def test_limit(self):
        self.assertEqual(sums.LIMIT, sums.total([900, 900]))

    def test_halved(self):
        self.assertEqual(2, sums.halved(4))

    @mock.patch("widget.config.DIVISOR", 4)
    def test_quarter(self):
        self.assertEqual(1, sums.halved(4))
""",
    "widget/tests/test_shapes.py": """\
from importlib import metadata

from widget import shapes
from widget.tests import base


class TestShapes(base.Base):
    def test_square(self):
        self.assertEqual("square of 9", shapes.Square(3).describe())

    def test_dot(self):
        self.assertEqual("shape of 0", shapes.Dot(1).describe())

    def test_corners(self):
        self.assertEqual((4, 0), (shapes.Square.corners, shapes.Dot.corners))


class TestEntryPoints(base.Base):
    def test_loaded(self):
        (point,) = metadata.entry_points(group="widget.shapes")
        self.assertEqual(25, point.load()(5).area())
""",
    "widget/tests/test_registry.py": """\
import os
import subprocess
import sys

from widget import registry
from widget.tests import base


class TestRegistry(base.Base):
    def test_words(self):
        self.assertEqual(("one", "two"), registry.words())

    def test_words_again(self):
        self.assertEqual(2, len(registry.words()))

    def test_driver(self):
        self.assertEqual("plain", registry.driver("plain").go())

    def test_modules(self):
        self.assertEqual(["__init__.py", "plain.py"], registry.modules())

    def test_colour(self):
        self.assertEqual("blue", os.environ["WIDGET_COLOUR"])


class TestCommand(base.Base):
    def test_hello(self):
        said = subprocess.run([sys.executable, "-m", "widget.command"], capture_output=True, text=True)
        self.assertEqual("hello\\n", said.stdout)
""",
}


def team_with_widget(directory: Path, **more: str | None) -> Team:
    """Give a team whose release `r` has the project.

    :param more: further files, with two underscores for a slash; None leaves one out
    """
    team = Team(directory)
    files: dict[str, str | bytes | None] = {**FILES}
    for name, text in more.items():
        path = name.replace("__", "/") + (".py" if "." not in name else "")
        if text is None:
            files.pop(path)
        else:
            files[path] = text
    team.component("widget", files)
    team.release("r", {"widget": "master"})
    (team.distribution / "sites").mkdir()
    (team.distribution / "sites/local.yaml").write_text(
        "release: r\ntarget: local\nregion: RegionOne\nservices: [core]\n"
    )
    return team


def changed(path: str, old: str, new: str) -> dict[str, str | bytes | None]:
    """Give a file of the project with one place of it changed."""
    text = FILES[path]
    assert text.count(old) >= 1, f"{old!r} is not in {path}"
    return {path: text.replace(old, new)}
