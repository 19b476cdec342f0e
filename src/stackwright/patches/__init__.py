"""The user's patches: read, put in order, applied to a tree."""

from stackwright.patches.apply import Applied, apply
from stackwright.patches.conflict import PatchConflictError, Problem
from stackwright.patches.model import Change, Hunk, Offset, Patch, Series
from stackwright.patches.parse import parse
from stackwright.patches.series import digest, read_series

__all__ = [
    "Applied",
    "Change",
    "Hunk",
    "Offset",
    "Patch",
    "PatchConflictError",
    "Problem",
    "Series",
    "apply",
    "digest",
    "parse",
    "read_series",
]
