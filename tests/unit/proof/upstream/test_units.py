from __future__ import annotations

import pytest

from stackwright.proof.upstream.units import Change, difference

MODULE = '''\
"""A module."""
import os
from a import b

LIMIT = 3


def plain(x):
    def inner():
        return x

    return inner


class Bare:
    size = 1

    def method(self):
        return self.size


class Heir(Base):
    columns = []

    def setUp(self):
        pass


class Faulty(SomeError):
    code = 1


register(Bare)
options = [
    cfg.IntOpt('max-ports', default=1),
    cfg.BoolOpt('quick'),
]
'''

LOOKED_AT = "New.size may be looked at while its class is made"


def change(old: str, new: str) -> Change:
    assert old in MODULE
    return difference(MODULE.encode(), MODULE.replace(old, new).encode())


def test_comments_and_blank_lines_are_no_difference() -> None:
    assert change("LIMIT = 3\n", "\n# three\nLIMIT = 3  # of them\n") == Change()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("return self.size", "return 2", Change(functions=frozenset({"Bare.method"}))),
        ("return x\n", "return -x\n", Change(functions=frozenset({"plain.inner"}))),
        ("return inner", "return None", Change(functions=frozenset({"plain"}))),
        ("def plain(x)", "def plain(y)", Change(functions=frozenset({"plain"}), local=frozenset({"plain"}))),
        ("LIMIT = 3", "LIMIT = 4", Change(local=frozenset({"LIMIT"}))),
        ("from a import b", "from c import b", Change(local=frozenset({"b"}))),
        ("LIMIT = 3\n", "", Change(local=frozenset({"LIMIT"}), gone=frozenset({"LIMIT"}))),
        ("size = 1", "size = 2", Change(attributes=frozenset({"Bare.size"}))),
        ("code = 1", "code = 2", Change(attributes=frozenset({"Faulty.code"}))),
        ("def method(self)", "def method(self, x)", Change(frozenset({"Bare.method"}), names=frozenset({"method"}))),
        (
            "def setUp",
            "def tearDown",
            Change(
                functions=frozenset({"Heir.setUp", "Heir.tearDown"}),
                gone=frozenset({"setUp"}),
                methods=frozenset({"Heir.setUp", "Heir.tearDown"}),
            ),
        ),
        (
            "    cfg.IntOpt('max-ports', default=1),\n",
            "    cfg.IntOpt('max-ports', default=2),\n    cfg.StrOpt('colour'),\n",
            Change(
                local=frozenset({"options"}),
                names=frozenset({"max_ports", "colour"}),
                options=frozenset({"options"}),
            ),
        ),
        (
            "register(Bare)\n",
            "register(Bare)\n\n\nclass New(Base):\n    size = 2\n\n    def get(self):\n        pass\n",
            Change(frozenset({"New.get"}), names=frozenset({"New"}), fresh=frozenset({"New"}), all=LOOKED_AT),
        ),
    ],
)
def test_a_difference_is_told_by_functions_and_by_names(old: str, new: str, expected: Change) -> None:
    assert change(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("register(Bare)", "register(Heir)", "a statement that runs on import"),
        ("columns = []", "columns = [1]", "Heir.columns may be looked at"),
        ("class Bare:", "class Bare(Other):", "Bare may be looked at"),
        ("    def method", "    @special\n    def method", "what decorates Bare.method"),
        ("    def method", "    def __eq__(self, other):\n        return True\n\n    def method", "nobody's naming it"),
        ("LIMIT = 3", "LIMIT = (", "it cannot be read"),
        ("from a import b", "from a import *", "a statement that runs on import"),
        ("LIMIT = 3", "os.LIMIT = 3", "a statement that runs on import"),
    ],
)
def test_what_no_name_tells_takes_the_whole_module(old: str, new: str, why: str) -> None:
    assert why in change(old, new).all


def test_a_function_in_a_statement_that_runs_on_import_is_one_of_its_own() -> None:
    old = "try:\n    import json\nexcept ImportError:\n    def load(text):\n        return 1\n"
    assert difference(old.encode(), old.replace("return 1", "return 2").encode()) == Change(
        functions=frozenset({"load"})
    )


def test_a_module_that_comes_or_goes_is_all_of_its_names() -> None:
    text = b"def f():\n    pass\n"
    assert difference(None, text) == Change(frozenset({"f"}), local=frozenset({"f"}), fresh=frozenset({"f"}))
    assert difference(text, None).gone == {"f"}


def test_what_was_no_python_differs_in_everything() -> None:
    assert "cannot be read" in difference(b"\0", b"x = 1\n").all
