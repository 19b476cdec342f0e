from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError
from stackwright.site.policy.personas import read_personas

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, text: str) -> Path:
    (root / "policies").mkdir()
    (root / "policies/personas.yaml").write_text(text)
    return root


def test_without_a_file_there_are_upstreams_personas_with_the_roles_that_bootstrap_makes_imply(tmp_path: Path) -> None:
    known = {name: one.roles for name, one in read_personas(tmp_path).known.items()}
    assert known == {
        "admin": ("admin", "manager", "member", "reader"),
        "manager": ("manager", "member", "reader"),
        "member": ("member", "reader"),
        "reader": ("reader",),
        "service": ("service",),
        "nobody": ("nobody",),
    }


def test_roles_of_the_distributions_own_imply_others(tmp_path: Path) -> None:
    root = write(tmp_path, "implies: {keeper: [member], chief: [keeper]}\npersonas: {chief: {roles: [chief]}}\n")
    personas = read_personas(root)
    assert personas.known["chief"].roles == ("chief", "keeper", "member", "reader")
    assert {"chief", "keeper", "admin"} <= personas.roles


def test_roles_that_imply_each_other_are_given_once(tmp_path: Path) -> None:
    personas = read_personas(write(tmp_path, "implies: {a: [b], b: [a]}\npersonas: {x: {roles: [a]}}\n"))
    assert personas.known["x"].roles == ("a", "b")


def test_upstreams_personas_cannot_be_made_others(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the persona 'admin' is upstream's") as error:
        read_personas(write(tmp_path, "personas:\n  admin: {roles: [reader]}\n"))
    assert error.value.where.line == 2


def test_a_persona_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no persona 'membr'") as error:
        read_personas(tmp_path).chosen(["membr"])
    assert "did you mean 'member'?" in error.value.fix
