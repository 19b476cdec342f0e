"""Who says a value, who said it before, and who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.distribution.values import CONF, GLOBAL, RESERVED
from stackwright.errors import InputError, Where, suggestion
from stackwright.site.files import CATALOGUE, templates
from stackwright.site.values import secrecy
from stackwright.site.values.declared import TEMPLATE
from stackwright.site.values.merge import Placed, said, scalars, written
from stackwright.site.values.references import reads, takes
from stackwright.site.values.values import leaves, own_layers, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import Service
    from stackwright.distribution.document import Node, Plain
    from stackwright.site.files import Option
    from stackwright.site.values.merge import Tree
    from stackwright.site.values.values import SiteValues

WINS, ADDS, LOST = "wins", "adds", "lost"


@dataclass(frozen=True)
class Saying:
    """What a layer says of a value.

    :param fate: whether that is what holds, or a part of it
    :param text: as it is written; `***` stands in the place of a secret
    """

    fate: str
    layer: str
    text: str
    where: Where


def explain(values: SiteValues, selection: Selection, steps: tuple[str, ...]) -> list[Saying]:
    """Give what is said of a value, by the catalogue too: that which wins first. No secret is in it."""
    found = _of_catalogue(values, selection, steps)
    for layer, node, where in said(values.layers, steps):
        lets_in = isinstance(node.content, Mapping) or node.appends or bool(values.known.merged_by(steps))
        found.append((Saying(LOST, layer.name, _shown(values, steps, node), where), lets_in))
    judged: list[Saying] = []
    adds = True
    for one, lets_in in reversed(found):
        judged.append(replace(one, fate=(ADDS if adds else LOST) if judged else WINS))
        adds = adds and lets_in
    return judged


def steps_anywhere(values: SiteValues, selection: Selection, path: str) -> tuple[str, ...]:
    """Give the keys that a path is made of: of what the layers say, or only the catalogue does.

    :raises InputError: it leads nowhere
    """
    service = path.partition(".")[0]
    section, _, option = path.rpartition(".")
    beside = set()
    if service in selection.services:
        for one in catalogue_options(values, selection, service):
            steps = (service, CONF, one.file, one.section, one.name)
            if path == ".".join(steps):
                return steps
            if section == ".".join(steps[:-1]):
                beside.add(one.name)
    try:
        return values.steps(path)
    except InputError as error:
        if not beside:
            raise
        raise InputError(f"nobody sets {path}", fix=suggestion(option, beside)) from error


def catalogue_options(values: SiteValues, selection: Selection, service: str) -> Iterator[Option]:
    """Give what the catalogue says in the configuration of a service, as it is written."""
    files = templates(service, selection.services[service], selection, values.known.catalogue, {})
    return (one for file in files for one in file.options)


def _of_catalogue(values: SiteValues, selection: Selection, steps: tuple[str, ...]) -> list[tuple[Saying, bool]]:
    """Give what holds where no layer says anything: a declared default, or the catalogue's options."""
    declared = values.known.find(".".join(steps)) if len(steps) > 1 else None
    tree: Tree | None = values.known.defaults if declared is not None else None
    for step in steps:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    if tree is not None and declared is not None:
        plain = tree.plain if isinstance(tree, Placed) else dict.fromkeys(tree)
        text = _text(secrecy.shown(values, steps, plain))
        return [(Saying(LOST, declared.source, text, declared.where), isinstance(tree, Mapping))]
    if len(steps) != 5 or steps[1] != CONF or steps[0] not in selection.services:
        return []
    owner, _, file, section, option = steps
    return [
        (Saying(LOST, CATALOGUE, str(secrecy.shown(values, steps, one_said.value)), one_said.where), False)
        for one in catalogue_options(values, selection, owner)
        if (one.file, one.section, one.name) == (file, section, option)
        for one_said in one.said
    ]


def _shown(values: SiteValues, steps: tuple[str, ...], node: Node) -> str:
    """Give what is written, without the secrets in it."""
    if isinstance(node.content, Mapping):
        return f"a map of {len(node.content)}"
    if isinstance(node.content, tuple):
        items = (_shown(values, (*steps, str(index)), item) for index, item in enumerate(node.content))
        return f"{'!append ' if node.appends else ''}[{', '.join(items)}]"
    return str(secrecy.shown(values, steps, written(node)))


def _text(value: Plain) -> str:
    """Give a default as it would be written."""
    if isinstance(value, dict):
        return f"a map of {len(value)}"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


class Readers:
    """Who reads which value, as the catalogue's templates and the values' own say."""

    def __init__(self, values: SiteValues, selection: Selection) -> None:
        self._values, self._selection = values, selection

    def of(self, path: str) -> frozenset[str]:
        """Give the services that read a value."""
        return self._readers.get(path, frozenset())

    @cached_property
    def _readers(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for service, entry in self._selection.services.items():
            for template in self._templates(service, entry):
                for name in reads(template, service):
                    found.setdefault(_short(name), set()).add(service)
        named = self._named()
        grown = True
        while grown:  # what reads a value reads those that it names
            grown = False
            for outer, inner in named:
                missing = found.get(outer, set()) - found.get(inner, set())
                if missing:
                    found.setdefault(inner, set()).update(missing)
                    grown = True
        return {name: frozenset(services) for name, services in found.items()}

    def _templates(self, service: str, entry: Service) -> Iterator[str]:
        """Give every text that is rendered for a service, those that others share included."""
        seen: set[tuple[str, str]] = set()
        waiting = [*_texts(entry.model_dump(exclude={"shared"}))]
        platform = self._values.known.catalogue.platform
        waiting += _texts(platform.of(service).system.settings) if platform is not None else ()
        options = catalogue_options(self._values, self._selection, service)
        waiting += [said.value for one in options for said in one.said]
        waiting += [text for path, text in self._said if path[0] == service and path[1] in RESERVED]
        while waiting:
            template = waiting.pop()
            yield template
            for owner, name in takes(template) - seen:
                seen.add((owner, name))
                if owner in self._selection.services:
                    waiting += _texts(self._selection.services[owner].shared.get(name, ""))

    def _named(self) -> set[tuple[str, str]]:
        """Give which value names which other."""
        return {
            (f"{path[0]}.{path[1]}", _short(name))
            for path, text in self._said
            if path[0] == GLOBAL or path[1] not in RESERVED
            for name in reads(text, path[0])
        }

    @cached_property
    def _said(self) -> list[tuple[tuple[str, ...], str]]:
        """Every text in the values, those of hosts and groups too, that may be a template; with its path."""
        found = [(path, text) for path, placed in leaves(self._values.tree) for text, _ in texts(placed)]
        found += [(path, text) for layer in own_layers(self._values.site) for path, text, _ in scalars(layer)]
        return [(path, text) for path, text in found if TEMPLATE.search(text)]


def _short(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _texts(key)
            yield from _texts(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _texts(child)
