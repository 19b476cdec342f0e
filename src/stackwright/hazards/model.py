"""Claims: the numbers and names that a tree takes for itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is claimed."""

    MICROVERSION = "microversion"  # name: 2.96; title, text
    REVISION = "database revision"  # name: 2903cd72dc14; down, branch (expand, contract, or a database), depends
    HEAD = "database head"  # name: the file that names it, such as EXPAND_HEAD; revision
    OBJECT = "object version"  # name: ImageMetaProps; version, fingerprint
    RPC = "RPC version"  # name: compute; version, and each method with the version that brought it
    SERVICE_VERSION = "service version"  # name: 66; what it says of itself
    SAMPLE = "API sample"  # name: the sample without its ending; sample, template: yes or no
    POLICY = "policy"  # name: os_compute_api:servers:index; default, scopes, deprecated
    OPTION = "option"  # name: DEFAULT/host; type, default, deprecated
    EXTRA_SPEC = "extra spec"  # name: hw:cpu_policy; type, choices
    EXTENSION = "extension"  # name: the alias
    NOTE = "release note"  # name: the slug
    CLIENT_VERSION = "client's microversion"  # name: compute; version: the newest that it speaks
    NEWEST = "newest version"  # name: microversion, service version; version: the newest that the tree says it has


@dataclass(frozen=True, order=True)
class Claim:
    """One number or name that a tree takes for itself.

    :param name: what is taken
    :param meaning: what it stands for, as pairs in the order of their names; two trees agree on it when these are equal
    :param path: the file that says so
    :param line: of it
    """

    kind: Kind
    name: str
    meaning: tuple[tuple[str, str], ...]
    path: str
    line: int

    def says(self, word: str) -> str:
        """Give a part of the meaning; empty if it has none of this name."""
        return dict(self.meaning).get(word, "")


@dataclass(frozen=True)
class Unseen:
    """What the rules of a component look for, and a tree does not show: never taken for "there is none".

    :param looked: the paths that were tried
    """

    kind: Kind
    looked: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Claims:
    """All that a tree claims, as far as the rules of its component see it."""

    claims: tuple[Claim, ...]
    unseen: tuple[Unseen, ...] = ()

    def of(self, kind: Kind) -> dict[str, Claim]:
        """Give the claims of a kind by name."""
        return {claim.name: claim for claim in self.claims if claim.kind is kind}
