"""Which style checks a tree declares: those of ``tox -e pep8``, or of its pre-commit hooks."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stackwright.proof.upstream.project import read_cfg, read_toml, required_by_project, required_by_tox
from stackwright.proof.upstream.style import hooks as pre_commit
from stackwright.proof.upstream.style.model import Chosen, Style, Tool
from stackwright.proof.upstream.style.words import NAMES, linter, linter_of, program_of
from stackwright.proof.upstream.tox import read_tox

if TYPE_CHECKING:
    import configparser
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackwright.proof.upstream.style.model import Linter
    from stackwright.proof.upstream.tox import ToxEnvironment
    from stackwright.store import Store, TreeId

ENVIRONMENTS = ("pep8", "linters", "lint", "style", "flake8")  # of tox, the first of which is taken
# flake8 takes the first of them that has something for it: https://flake8.pycqa.org/en/latest/user/configuration.html
SETTINGS = ("setup.cfg", "tox.ini", ".flake8")
SECTIONS = ("flake8", "hacking", "pycodestyle", "pep8")
RUFF = (".ruff.toml", "ruff.toml")  # in any folder, for what is in it
PROJECT = (*SETTINGS, "pyproject.toml", "requirements.txt", pre_commit.FILE)
# What flake8 leaves out if nothing is said: https://flake8.pycqa.org/en/latest/user/options.html
EXCLUDED = ".svn,CVS,.bzr,.hg,.git,__pycache__,.tox,.nox,.eggs,*.egg"
FOLDER = "040000"


def read_style(store: Store, tree: TreeId, component: str) -> Style:
    """Read what a tree says of its style; of linters that are run here it may declare none.

    :raises InputError: a file cannot be read
    """
    read = store.read_all(tree, PROJECT)
    files = {path: (content or b"").decode("utf-8", "replace") for path, content in read.items()}
    toml = read_toml(files["pyproject.toml"], component)
    inis = {path: read_cfg(files[path], path, component) for path in SETTINGS}
    tox = read_tox(files["tox.ini"], ENVIRONMENTS, component)
    own = () if tox.skip_install else required_by_project(files["requirements.txt"], toml)
    requirements = sorted({*own, *required_by_tox(store, tree, tox, toml, inis["setup.cfg"])})
    hooks = pre_commit.read_hooks(files[pre_commit.FILE], component)
    linters: list[Linter] = []
    not_run: list[str] = []
    for words in _commands(tox):
        name, arguments = program_of(words)
        direct = linter_of(words)
        if name == "pre-commit":
            for repository, hook in hooks.run_by(arguments):
                found = hooks.linter(repository, hook, requirements)
                linters += [found] if found else []
                not_run += [] if found else [hook.id]
        elif direct:
            tool, arguments = direct
            targets, rest = _targets(store, tree, arguments)
            found = linter(tool, requirements, _walked(tool, targets, inis), rest)
            linters.append(found if targets else replace(found, before="./"))
        else:
            not_run.append(name)
    settings = tuple(_settings(store, tree, inis, toml))
    return Style(tuple(dict.fromkeys(linters)), tuple(dict.fromkeys(not_run)), settings)


def _commands(tox: ToxEnvironment) -> Iterator[list[str]]:
    """Give the commands that check the style; without an environment of tox, all hooks are meant."""
    for line in tox.commands if tox.there else ("pre-commit run --all-files",):
        try:
            words = shlex.split(line)
        except ValueError:
            words = line.split()
        if words:
            yield words


def _targets(store: Store, tree: TreeId, arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell the files and folders among a command's arguments from the others; none of them means all."""
    plain = [word.removeprefix("./").rstrip("/") or "." for word in arguments]
    there = store.look(tree, {word for word in plain if not word.startswith(("-", "/"))} - {"."})
    targets = {path for path, entry in there.items() if entry.mode == FOLDER or path.endswith(".py")}
    rest = [word for word, one in zip(arguments, plain, strict=True) if one not in {*targets, "."}]
    return ([] if "." in plain else [word for word in plain if word in targets]), rest


def _walked(tool: Tool, targets: Sequence[str], inis: Mapping[str, configparser.RawConfigParser]) -> Chosen:
    """Give the files that a linter finds by itself in folders."""
    names = "|".join(re.escape(target) for target in targets)
    wanted = () if not targets else (rf"^(?:{names})(?:/|$)",)
    if tool is not Tool.FLAKE8:
        return Chosen(NAMES[tool], wanted=wanted)
    said = next((dict(ini["flake8"]) for ini in inis.values() if "flake8" in ini), {})
    excluded = f"{said.get('exclude', EXCLUDED)},{said.get('extend-exclude', '')}"
    return Chosen(_list(said.get("filename", "*.py")), wanted=wanted, excluded=_list(excluded))


def _list(text: str) -> tuple[str, ...]:
    """Read a list as flake8 does: between commas or spaces."""
    return tuple(word for word in re.split(r"[,\s]+", text) if word)


def _settings(
    store: Store,
    tree: TreeId,
    inis: Mapping[str, configparser.RawConfigParser],
    toml: Mapping[str, Any],
) -> Iterator[tuple[str, str]]:
    """Give what changes the findings in files that stay as they are."""
    for path, ini in inis.items():
        said = {name: dict(ini[name]) for name in ini.sections() if name.partition(":")[0] in SECTIONS}
        yield path, json.dumps(said, sort_keys=True)
    # The oldest Python that is to run it decides what ruff takes for old-fashioned.
    oldest = toml.get("project", {}).get("requires-python")
    yield "pyproject.toml", json.dumps([toml.get("tool", {}).get("ruff"), oldest], sort_keys=True, default=str)
    for path, entry in store.entries(tree).items():
        folder, _, name = path.rpartition("/")
        if name in RUFF or (folder and name == "pyproject.toml"):
            yield path, entry.blob
    for path in sorted(set(_plugins(inis.values()))):
        yield path, store.subtree(tree, path) or ""


def _plugins(inis: Iterable[configparser.RawConfigParser]) -> Iterator[str]:
    """Give the folders and modules that the project's own plugins may be in."""
    for ini in inis:
        said = dict(ini["flake8:local-plugins"]) if "flake8:local-plugins" in ini else {}
        yield from (path.removeprefix("./").rstrip("/") for path in _list(said.get("paths", "")))
        for line in (said.get("extension", "") + "\n" + said.get("report", "")).splitlines():
            module = line.partition("=")[2].partition(":")[0].strip()
            if "." in module:
                yield f"{module.replace('.', '/')}.py"
