"""The matrix as JSON: for programs, for the page, and to be remembered."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from stackwright.patches.conflict import Problem
from stackwright.patches.matrix.cells import Cell, Evidence, Matrix, PatchStatus, State, Trust
from stackwright.patches.model import Offset


def dump(matrix: Matrix) -> str:
    """Give a matrix as JSON text."""
    return json.dumps(asdict(matrix))


def load(text: str) -> Matrix:
    """Read what `dump` has written.

    :raises ValueError, TypeError, KeyError: it is not a matrix
    """
    value = json.loads(text)
    value["cells"] = tuple(Cell(**{**cell, "patches": tuple(map(_patch, cell["patches"]))}) for cell in value["cells"])
    return Matrix(**value)


def dump_patches(patches: tuple[PatchStatus, ...]) -> str:
    """Give the states of a series as JSON text."""
    return json.dumps([asdict(patch) for patch in patches])


def load_patches(text: str) -> tuple[PatchStatus, ...]:
    """Read what `dump_patches` has written.

    :raises ValueError, TypeError, KeyError: it is not that
    """
    return tuple(map(_patch, json.loads(text)))


def dump_evidence(evidence: Evidence | None) -> str:
    """Give evidence, or that there is none, as JSON text."""
    return json.dumps(asdict(evidence) if evidence else None)


def load_evidence(text: str) -> Evidence | None:
    """Read what `dump_evidence` has written.

    :raises ValueError, TypeError, KeyError: it is not that
    """
    return _evidence(json.loads(text))


def _evidence(value: dict[str, Any] | None) -> Evidence | None:
    return Evidence(**{**value, "trust": Trust(value["trust"])}) if value else None


def _patch(value: dict[str, Any]) -> PatchStatus:
    return PatchStatus(
        **{
            **value,
            "state": State(value["state"]),
            "offsets": tuple(Offset(**offset) for offset in value["offsets"]),
            "problems": tuple(map(_problem, value["problems"])),
            "evidence": _evidence(value["evidence"]),
        }
    )


def _problem(value: dict[str, Any]) -> Problem:
    return Problem(**{**value, "expected": tuple(value["expected"]), "found": tuple(value["found"])})
