from __future__ import annotations

import pytest

from stackwright.proof.upstream.style.files import is_chosen
from stackwright.proof.upstream.style.model import Chosen

# As in nova's tox.ini and .pre-commit-config.yaml.
WALKED = Chosen(excluded=(".venv", ".git", "dist", "*lib/python*", "*egg", "./.*", "releasenotes", "./nova/gen/*"))
HOOK = Chosen(unwanted=("^$", r"^(doc|releasenotes|tools)/.*$"), wanted=("", "^nova/|^doc/"))


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("nova/api/wsgi.py", True),
        ("setup.py", True),
        ("nova/api/wsgi.pyc", False),
        ("dist/nova.py", False),
        ("nova/dist/nova.py", False),
        ("distributed/nova.py", True),
        ("releasenotes/source/conf.py", False),
        ("nova.egg/x.py", False),
        ("x/lib/python3/y.py", False),
        (".hidden/x.py", False),
        ("nova/.hidden/x.py", True),
        ("nova/gen/x.py", False),
        ("other/nova/gen/x.py", True),
    ],
)
def test_flake8_leaves_out_files_and_folders_by_their_globs(path: str, chosen: bool) -> None:
    assert is_chosen(path, WALKED) is chosen


@pytest.mark.parametrize(
    ("path", "chosen"),
    [("nova/tools/x.py", True), ("tools/x.py", False), ("doc/source/conf.py", False), ("setup.py", False)],
)
def test_a_hook_takes_files_by_its_expressions(path: str, chosen: bool) -> None:
    assert is_chosen(path, HOOK) is chosen
