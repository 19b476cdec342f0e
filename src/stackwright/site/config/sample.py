"""Sample files as upstream makes them: the environment's own generator, told what the project's tree says."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from oslo_config.iniparser import BaseParser, ParseError

from stackwright.errors import InputError, suggestion
from stackwright.tools import oslo_config

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stackwright.site.config.definitions import Definitions
    from stackwright.store import Store, TreeId

# Where projects keep the configuration of their generator: etc/nova/nova-config-generator.conf,
# etc/oslo-config-generator/ml2_conf.ini, config-generator/keystone.conf.
GENERATOR = re.compile(r"(?:.*[/-])?config-generator(?:/[^/]+)?\.(?:conf|ini)")
# Options of the generator that a project may set (https://docs.openstack.org/oslo.config/latest/cli/generator.html).
KEPT = ("wrap_width", "summarize", "minimal")


@dataclass(frozen=True)
class Generator:
    """What a project's tree says of one of its sample files.

    :param name: the file that is made, without ``.sample``
    :param path: in the tree; empty if the tree says nothing
    """

    name: str
    path: str
    namespaces: tuple[str, ...]
    options: tuple[str, ...] = ()


class _Settings(BaseParser):
    """The options of a file, each with all its values."""

    def __init__(self) -> None:
        super().__init__()
        self.found: defaultdict[str, list[str]] = defaultdict(list)

    def new_section(self, section: str) -> None:
        """There is one only."""

    def assignment(self, key: str, value: list[str]) -> None:
        """Take one."""
        self.found[key.replace("-", "_")].append("\n".join(value))


def generators(store: Store, tree: TreeId) -> tuple[Generator, ...]:
    """Give the sample files that a project's tree says how to make."""
    paths = sorted(path for path in store.entries(tree) if GENERATOR.fullmatch(path))
    found = []
    for path, content in store.read_all(tree, paths).items():
        settings = _Settings()
        try:
            settings.parse((content or b"").decode("utf-8", "replace").splitlines())
        except ParseError:  # it is named so, and is none
            continue
        if settings.found["namespace"]:
            made = (settings.found["output_file"] or [path])[-1]
            options = [f"--{key.replace('_', '-')}" for key in KEPT[1:] if settings.found[key][-1:] == ["true"]]
            options += [word for width in settings.found["wrap_width"][-1:] for word in ("--wrap-width", width)]
            name = PurePosixPath(made).name.removesuffix(".sample")
            found.append(Generator(name, path, tuple(settings.found["namespace"]), tuple(options)))
    return tuple(found)


def choose(
    service: str, files: Sequence[str], known: Sequence[Generator], definitions: Definitions, wanted: str | None
) -> tuple[Generator, ...]:
    """Choose the sample files to make.

    :param files: those of the service that are of oslo.config's form
    :param known: what the project's tree says; where it says nothing, all namespaces of the environment are taken
    :param wanted: one file; without it, those of the service
    :raises InputError: there is no such sample file
    """
    if not known:
        every = tuple(dict.fromkeys(name for one in definitions.options for name in one.namespaces))
        known = [Generator(name, "", every) for name in files[:1]]
    if wanted is not None:
        chosen = tuple(one for one in known if wanted in (one.name, PurePosixPath(one.path).stem))
        if not chosen:
            raise InputError(
                f"{service} has no sample file {wanted!r}", fix=suggestion(wanted, [one.name for one in known])
            )
        return chosen
    own = [one for one in known if one.name in files]
    return tuple(sorted(own, key=lambda one: files.index(one.name))) or tuple(known)


def make(one: Generator, environment: Path) -> str:
    """Give the text of a sample file.

    :raises RunFailedError: the generator fails
    """
    return oslo_config.sample(environment, one.namespaces, one.options)
