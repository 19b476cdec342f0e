"""The user's repository as typed models; every error says file:line:column, what, why and how to mend."""

from __future__ import annotations

from stackwright.distribution.document import Document
from stackwright.distribution.loading import find, load
from stackwright.distribution.model import (
    Component,
    DebianSource,
    Distribution,
    GitSource,
    PathSource,
    Pins,
    PypiSource,
    Release,
    Site,
    Source,
)
from stackwright.distribution.new import init
from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.schemas import schema
from stackwright.distribution.sentences import fault

__all__ = [
    "Component",
    "DebianSource",
    "Distribution",
    "Document",
    "GitSource",
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
