from __future__ import annotations

import pytest

from stackwright.proof.upstream.imports import Imports

BASE = {"p/__init__.py": "", "p/a.py": "", "p/q/__init__.py": "", "p/q/b.py": ""}


@pytest.mark.parametrize(
    "text",
    [
        "import p.a",
        "import os, p.a as x",
        "from p import a",
        "from p import (\n    b,  # other\n    a as c,\n)",
        "from p import b, \\\n    a",
        "from p.a import *",
        "from . import a",
        "from .a import thing",
        "def f():\n    from p.a import thing\n",
        "mock.patch('p.a.thing')",
        'importutils.import_object("p.a:Thing")',
        'patch.object(x, "y"); NAMES = {"k": "p.a.Thing"}',
        "if TYPE_CHECKING:\n    import p.a\n",
    ],
)
def test_who_names_a_module_imports_it(text: str) -> None:
    assert "p/user.py" in Imports({**BASE, "p/user.py": text}, ".").importers(["p/a.py"])


def test_a_relative_import_goes_up() -> None:
    found = Imports({**BASE, "p/q/user.py": "from ..a import x", "p/q/r/__init__.py": "from ... import a"}, ".")
    assert found.importers(["p/a.py"]) == {"p/a.py", "p/q/user.py", "p/q/r/__init__.py"}


def test_imports_of_imports_and_packages_above_count() -> None:
    imports = Imports({**BASE, "p/q/__init__.py": "import p.a", "t/__init__.py": "", "t/t.py": "import p.q.b"}, ".")
    assert "t/t.py" in imports.importers(["p/a.py"])
    assert imports.importers(["t/t.py"]) == {"t/t.py"}


def test_the_folder_of_the_modules_counts_not() -> None:
    found = Imports({"src/p/__init__.py": "", "src/p/a.py": "", "src/p/b.py": "import p.a"}, "src")
    assert found.importers(["src/p/a.py"]) == {"src/p/a.py", "src/p/b.py"}


def test_what_only_looks_alike_does_not_count() -> None:
    found = Imports({**BASE, "p/user.py": "import p.ab\n# import p.a\nx = 'p.a b'\n"}, ".")
    assert found.importers(["p/a.py"]) == {"p/a.py"}
