"""The modules of a tree, and which tests are in which."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stackwright.proof.upstream.model import Project


def module_of(path: str, top: str) -> str:
    """Give the name that a file is imported by."""
    inside = path.removeprefix(f"{top}/") if top != "." else path
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_modules(paths: Iterable[str], project: Project) -> dict[str, str]:
    """Give the modules that tests are looked for in (unittest's pattern is ``test*.py``), with their files."""
    return {module_of(path, project.top): path for path in paths if is_test_module(path, project)}


def is_test_module(path: str, project: Project) -> bool:
    """Tell whether tests are looked for in a file."""
    name = path.rpartition("/")[2]
    return is_below_tests(path, project) and name.startswith("test") and name.endswith(".py")


def is_below_tests(path: str, project: Project) -> bool:
    """Tell whether a file is in the folder of the tests."""
    return project.test_path == "." or path.startswith(f"{project.test_path}/")


def holds_tests(path: str) -> bool:
    """Tell whether a file is a module of tests of any kind: nobody imports it but to run it."""
    *folders, name = path.split("/")
    return name.startswith("test") and name.endswith(".py") and not {"test", "tests"}.isdisjoint(folders)


def module_with(test: str, modules: Collection[str]) -> str:
    """Give the module that a test is in; empty if it is in none of these."""
    return next((name for name in reversed(above(test)) if name in modules), "")


def above(test: str) -> tuple[str, ...]:
    """Give the names of all that a name is in, and itself at the end."""
    parts = test.split(".")
    return tuple(".".join(parts[:count]) for count in range(1, len(parts) + 1))
