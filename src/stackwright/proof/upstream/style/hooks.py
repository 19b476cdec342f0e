"""The hooks of ``.pre-commit-config.yaml`` (https://pre-commit.com/#plugins), of which linters are run without it.

pre-commit itself would clone each hook's repository. What such a repository says of its hooks is known here instead;
its release of the same number is on the package index.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ValidationError

from stackwright.errors import InputError, Where
from stackwright.proof.upstream.style.model import Chosen, Tool
from stackwright.proof.upstream.style.words import NAMES, linter, linter_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.proof.upstream.style.model import Linter

FILE = ".pre-commit-config.yaml"
# Hook -> what it runs, and the distribution that its repository is the source of: .pre-commit-hooks.yaml of
# https://opendev.org/openstack/hacking, https://github.com/PyCQA/flake8, https://github.com/astral-sh/ruff-pre-commit.
KNOWN = {
    "hacking": (Tool.FLAKE8, "hacking"),
    "flake8": (Tool.FLAKE8, "flake8"),
    "ruff": (Tool.RUFF, "ruff"),  # its name until 2025
    "ruff-check": (Tool.RUFF, "ruff"),
    "ruff-format": (Tool.RUFF_FORMAT, "ruff"),
}
STAGES = {"commit", "pre-commit"}


class Hook(BaseModel):
    """A hook, as far as it is read."""

    id: str
    entry: str = ""
    args: tuple[str, ...] = ()
    files: str = ""
    exclude: str = "^$"
    stages: tuple[str, ...] = ()
    additional_dependencies: tuple[str, ...] = ()


class Repository(BaseModel):
    """Where hooks come from; those of ``local`` are the project's own."""

    repo: str
    rev: str = ""
    hooks: tuple[Hook, ...]


class Hooks(BaseModel):
    """The file."""

    repos: tuple[Repository, ...] = ()
    files: str = ""
    exclude: str = "^$"

    def run_by(self, arguments: Sequence[str]) -> Iterator[tuple[Repository, Hook]]:
        """Give the hooks that ``pre-commit run`` with these arguments runs: all, or the one that they name."""
        all_hooks = [(repository, hook) for repository in self.repos for hook in repository.hooks]
        named = {hook.id for _, hook in all_hooks if hook.id in arguments}
        for repository, hook in all_hooks:
            if (not named or hook.id in named) and (not hook.stages or STAGES & set(hook.stages)):
                yield repository, hook

    def linter(self, repository: Repository, hook: Hook, requirements: Sequence[str]) -> Linter | None:
        """Give the linter that a hook is; None if it is none that is run here.

        :param requirements: of the environment that a hook of the project's own may run in
        """
        if repository.repo == "local":
            local = linter_of(hook.entry.split())
            if local is None:
                return None
            tool, arguments = local
            required = hook.additional_dependencies or tuple(requirements)
        elif hook.id in KNOWN:
            (tool, package), arguments = KNOWN[hook.id], ()
            required = (_release(package, repository.rev), *hook.additional_dependencies)
        else:
            return None
        wanted, unwanted = (self.files, hook.files), (self.exclude, hook.exclude)
        chosen = Chosen(NAMES[tool], scripts=True, wanted=wanted, unwanted=unwanted)
        return linter(tool, required, chosen, (*arguments, *hook.args))


def read_hooks(text: str, component: str) -> Hooks:
    """Read the file.

    :raises InputError: it cannot be read
    """
    try:
        hooks = Hooks.model_validate(yaml.safe_load(text) or {})
        each = [hook for repository in hooks.repos for hook in repository.hooks]
        for expression in (hooks.files, hooks.exclude, *(text for hook in each for text in (hook.files, hook.exclude))):
            re.compile(expression)
    except (yaml.YAMLError, ValidationError, re.error) as error:
        raise InputError(
            f"{FILE} of the patched tree cannot be read",
            where=Where(subject=component),
            why=" ".join(str(error).split()),
            fix="mend the patch that changes it",
        ) from error
    return hooks


def _release(package: str, rev: str) -> str:
    """Give the requirement that a tag means; where it is none, the release's pins say the version."""
    try:
        return f"{package}=={Version(rev)}"
    except InvalidVersion:
        return package
