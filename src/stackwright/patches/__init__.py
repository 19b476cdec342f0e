"""The user's patches: read, put in order, applied to a tree."""

from stackwright.patches.apply import Applied, apply
from stackwright.patches.conflict import PatchConflictError, Problem
from stackwright.patches.matrix import Offset, PatchStatus, State
from stackwright.patches.model import Change, Hunk, Patch, Series
from stackwright.patches.parse import parse
from stackwright.patches.series import digest, read_series
from stackwright.patches.states import status

__all__ = [
    "Applied",
    "Change",
    "Hunk",
    "Offset",
    "Patch",
    "PatchConflictError",
    "PatchStatus",
    "Problem",
    "Series",
    "State",
    "apply",
    "digest",
    "parse",
    "read_series",
    "status",
]
