"""The user's repository as typed models; every error says file:line:column, what, why and how to mend."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackwright.distribution.document import Document
    from stackwright.distribution.loading import load
    from stackwright.distribution.model import (
        Component,
        Distribution,
        PatchRules,
        Pins,
        Release,
        Site,
    )
    from stackwright.distribution.new import init
    from stackwright.distribution.place import find
    from stackwright.distribution.reading import parse, read_yaml
    from stackwright.distribution.schemas import schema
    from stackwright.distribution.sentences import fault
    from stackwright.distribution.sources import DebianSource, GitSource, PathSource, PypiSource, Source

__all__ = [
    "Component",
    "DebianSource",
    "Distribution",
    "Document",
    "GitSource",
    "PatchRules",
    "PathSource",
    "Pins",
    "PypiSource",
    "Release",
    "Site",
    "Source",
    "fault",
    "find",
    "init",
    "load",
    "parse",
    "read_yaml",
    "schema",
]

# Loaded when they are asked for: the models take longer to load than some commands run.
_PLACES = {
    "Component": "stackwright.distribution.model",
    "DebianSource": "stackwright.distribution.sources",
    "Distribution": "stackwright.distribution.model",
    "Document": "stackwright.distribution.document",
    "GitSource": "stackwright.distribution.sources",
    "PatchRules": "stackwright.distribution.model",
    "PathSource": "stackwright.distribution.sources",
    "Pins": "stackwright.distribution.model",
    "PypiSource": "stackwright.distribution.sources",
    "Release": "stackwright.distribution.model",
    "Site": "stackwright.distribution.model",
    "Source": "stackwright.distribution.sources",
    "fault": "stackwright.distribution.sentences",
    "find": "stackwright.distribution.place",
    "init": "stackwright.distribution.new",
    "load": "stackwright.distribution.loading",
    "parse": "stackwright.distribution.reading",
    "read_yaml": "stackwright.distribution.reading",
    "schema": "stackwright.distribution.schemas",
}


def __getattr__(name: str) -> object:
    """Load what is asked for (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(import_module(_PLACES[name]), name)
