from __future__ import annotations

import pytest

from stackwright.errors import InputError
from stackwright.proof.upstream.style.hooks import read_hooks
from stackwright.proof.upstream.style.model import Chosen, Linter, Tool

HOOKS = """\
exclude: '^build/'
repos:
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v6.0.0
    hooks:
      - id: trailing-whitespace
      - id: check-yaml
        stages: [manual]
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.15.19
    hooks:
      - id: ruff-check
        args: ['--fix', '--unsafe-fixes', '--preview']
      - id: ruff-format
  - repo: https://opendev.org/openstack/hacking
    rev: 8.1.0
    hooks:
      - id: hacking
        additional_dependencies: [flake8-import-order~=0.19.2]
        exclude: '^(doc|tools)/'
  - repo: local
    hooks:
      - id: our-flake8
        entry: python3 -m flake8 --select=N
        language: system
      - id: check-structure
        entry: ./tools/check.sh
"""


def linters(text: str, *arguments: str) -> dict[str, Linter | None]:
    hooks = read_hooks(text, "w")
    return {hook.id: hooks.linter(repository, hook, ["hacking>=7"]) for repository, hook in hooks.run_by(arguments)}


def test_hooks_are_linters_at_their_revision_or_none_that_is_run() -> None:
    found = linters(HOOKS, "run", "--all-files")
    assert list(found) == [
        "trailing-whitespace", "ruff-check", "ruff-format", "hacking", "our-flake8", "check-structure"
    ]  # fmt: skip
    assert {name for name, linter in found.items() if linter is None} == {"trailing-whitespace", "check-structure"}
    hacking = found["hacking"]
    assert hacking == Linter(
        Tool.FLAKE8,
        ("flake8", "flake8-import-order~=0.19.2", "hacking==8.1.0"),
        "hacking==8.1.0",
        Chosen(("*.py",), scripts=True, wanted=("", ""), unwanted=("^build/", "^(doc|tools)/")),
    )
    assert str(hacking) == "flake8 (hacking==8.1.0)"


def test_a_linter_changes_nothing() -> None:
    ruff, formatter = (linters(HOOKS)[name] for name in ("ruff-check", "ruff-format"))
    assert ruff is not None
    assert formatter is not None
    assert (ruff.tool, ruff.arguments, ruff.declared) == (Tool.RUFF, ("--preview",), "ruff==0.15.19")
    assert (formatter.tool, formatter.requirements) == (Tool.RUFF_FORMAT, ("ruff", "ruff==0.15.19"))


def test_a_hook_of_the_project_s_own_runs_in_the_environment_that_is_there() -> None:
    own = linters(HOOKS)["our-flake8"]
    assert own is not None
    assert (own.requirements, own.arguments) == (("flake8", "hacking>=7"), ("--select=N",))


def test_a_hook_that_is_named_runs_alone() -> None:
    assert list(linters(HOOKS, "run", "-a", "hacking")) == ["hacking"]


def test_a_revision_that_is_no_version_leaves_it_to_the_pins() -> None:
    (hacking,) = linters(
        "repos:\n- repo: https://opendev.org/openstack/hacking\n  rev: 1a2b3c4d\n  hooks: [{id: hacking}]\n"
    ).values()
    assert hacking is not None
    assert hacking.requirements == ("flake8", "hacking")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("repos: [", "expected"),
        ("repos: [{hooks: []}]", "repo"),
        ("exclude: '('", "unterminated"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(InputError, match=r"\.pre-commit-config\.yaml of the patched tree cannot be read") as raised:
        read_hooks(text, "w")
    assert why in raised.value.why
