"""What a tree says of its unit tests: where they are, what they require, what their process is told."""

from __future__ import annotations

import configparser
import re
import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from stackwright.errors import InputError, Where
from stackwright.proof.upstream.model import Level, Project
from stackwright.proof.upstream.tox import read_tox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.proof.upstream.tox import ToxEnvironment
    from stackwright.store import Store, TreeId

FILES = ("tox.ini", ".stestr.conf", "pyproject.toml", "setup.cfg", "requirements.txt", "test-requirements.txt")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}|\$(?P<bare>\w+)")
COMMENT = re.compile(r"(?:^|\s)#.*")


def read_project(
    store: Store,
    tree: TreeId,
    component: str,
    distribution_name: str,
    version: str,
    python: str,
    tests: Level = Level.UNIT,
) -> tuple[Project, tuple[str, ...]]:
    """Read what a tree says of its tests; gives that, and what they require.

    :param version: the tree's own
    :param python: version of Python such as ``3.11``
    :param tests: which of its tests
    :raises InputError: it has no tests that stestr runs, or a file cannot be read
    """
    files = {path: (content or b"").decode("utf-8", "replace") for path, content in store.read_all(tree, FILES).items()}
    own = f"py{python.replace('.', '')}"
    names = {
        Level.UNIT: (own, "py3", "unit"),
        Level.FUNCTIONAL: (f"functional-{own}", "functional-py3", "functional"),
    }
    tox = read_tox(files["tox.ini"], names[tests], component)
    if tests is not Level.UNIT and not tox.there:
        raise InputError(
            f"{component} has no {tests} tests",
            where=Where(subject=component),
            why=f"its tox.ini has none of {', '.join(f'[testenv:{name}]' for name in names[tests])}",
            fix=f"leave out --{tests}",
        )
    toml = read_toml(files["pyproject.toml"], component)
    cfg = read_cfg(files["setup.cfg"], "setup.cfg", component)
    stestr = _stestr(files, toml, component)
    variables = dict(tox.variables)
    test_path = _expanded(_told_stestr(tox.commands) or stestr.get("test_path", ""), variables)
    if not test_path:
        raise InputError(
            f"nothing says where the tests of {component} are",
            where=Where(subject=component),
            why="its tree has no .stestr.conf (nor `[tool.stestr]` in pyproject.toml) with a test_path",
            fix="only tests that stestr runs can be run",
        )
    top = _folder(stestr.get("top_dir") or stestr.get("top_path") or "./")
    project = Project(
        distribution_name,
        version,
        entry_points_text(_entry_points(toml, cfg)),
        top,
        _folder(test_path),
        stestr.get("group_regex", ""),
        tuple(variables.items()),
        _packages(store, tree, top),
        tests,
    )
    required = {*required_by_project(files["requirements.txt"], toml), "testtools"}
    required |= {*required_by_tox(store, tree, tox, toml, cfg, ["test-requirements.txt"])}
    return project, tuple(sorted(required))


def entry_points_text(points: Mapping[str, Mapping[str, str]]) -> str:
    """Give the file ``entry_points.txt`` (https://packaging.python.org/en/latest/specifications/entry-points/)."""
    sections = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in sorted(named.items()))
        for group, named in sorted(points.items())
    )
    return "\n".join(sections)


def _told_stestr(commands: Iterable[str]) -> str:
    """Give the folder of tests that a command of tox gives to stestr (--test-path, or -t); it goes before the files."""
    for command in commands:
        words = command.replace("--test-path=", "--test-path ").split()
        if words[:1] != ["stestr"]:
            continue
        for option, value in pairwise(words):
            if option in {"--test-path", "-t"}:
                return value
    return ""


def read_requirements(text: str) -> list[str]:
    """Give the requirements in a requirements file; its options are not ours to follow."""
    lines = (COMMENT.sub("", line).strip() for line in text.replace("\\\n", " ").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def read_toml(text: str, component: str) -> dict[str, Any]:
    """Read ``pyproject.toml``.

    :raises InputError: it cannot be read
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable("pyproject.toml", component, error) from error


def read_cfg(text: str, file: str, component: str) -> configparser.RawConfigParser:
    """Read a file such as ``setup.cfg``.

    :raises InputError: it cannot be read
    """
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise _unreadable(file, component, error) from error
    return parser


def required_by_project(requirements: str, toml: Mapping[str, Any]) -> Iterable[str]:
    """Give what a project itself requires.

    :param requirements: the text of its ``requirements.txt``
    :param toml: its ``pyproject.toml``
    """
    yield from read_requirements(requirements)
    yield from toml.get("project", {}).get("dependencies", ())


def required_by_tox(
    store: Store,
    tree: TreeId,
    tox: ToxEnvironment,
    toml: Mapping[str, Any],
    cfg: configparser.RawConfigParser,
    files: Iterable[str] = (),
) -> Iterable[str]:
    """Give what an environment of tox requires, its files and the project's extras read.

    :param files: further requirements files
    """
    extras = list(tox.extras)
    own = set(files)
    for line in tox.deps:
        if line.startswith("-r"):
            own.add(line[2:].strip().removeprefix("./"))
        elif match := re.match(r"(?:-e\s*)?\.(?:\[(.*)\])?$", line):
            extras += (match[1] or "").split(",")
        elif not line.startswith(("-", "git+", ".", "/")):
            yield line
    for content in store.read_all(tree, sorted(own)).values():
        yield from read_requirements((content or b"").decode("utf-8", "replace"))
    known = dict(toml.get("project", {}).get("optional-dependencies", {}))
    known |= {name: read_requirements(text) for name, text in (cfg["extras"].items() if "extras" in cfg else ())}
    known = {canonicalize_name(name): needed for name, needed in known.items()}
    for extra in extras:
        yield from known.get(canonicalize_name(extra.strip()), ())


def _packages(store: Store, tree: TreeId, top: str) -> tuple[str, ...]:
    """Give the packages at the top of a tree."""
    above = "" if top == "." else f"{top}/"
    inside = (path.removeprefix(above) for path in store.entries(tree) if path.startswith(above))
    return tuple(sorted({path.partition("/")[0] for path in inside if path.count("/") == 1 and "/__init__.py" in path}))


def _stestr(files: Mapping[str, str], toml: Any, component: str) -> dict[str, str]:
    if files[".stestr.conf"]:
        return dict(read_cfg(files[".stestr.conf"], ".stestr.conf", component)["DEFAULT"])
    found = toml.get("tool", {}).get("stestr", {})
    if found:
        return {str(key): str(value) for key, value in found.items()}
    tox = read_cfg(files["tox.ini"], "tox.ini", component)
    return dict(tox["stestr"]) if "stestr" in tox else {}


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: variables.get(match["name"] or match["bare"], match["default"] or ""), text)


def _folder(path: str) -> str:
    return path.strip().strip("\"'").removeprefix("./").rstrip("/") or "."


def _entry_points(toml: Any, cfg: Any) -> dict[str, dict[str, str]]:
    project = toml.get("project", {})
    found: dict[str, dict[str, str]] = {name: dict(points) for name, points in project.get("entry-points", {}).items()}
    found |= {"console_scripts": dict(project["scripts"])} if "scripts" in project else {}
    for group, text in cfg["entry_points"].items() if "entry_points" in cfg else ():
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
        found.setdefault(group, {}).update({name.strip(): value.strip() for name, _, value in pairs})
    return found


def _unreadable(file: str, component: str, error: Exception) -> InputError:
    return InputError(
        f"{file} of the patched tree cannot be read",
        where=Where(subject=component),
        why=str(error).replace("\n", " "),
        fix="mend the patch that changes it",
    )
