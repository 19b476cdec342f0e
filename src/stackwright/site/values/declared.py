"""What values there are: those of the catalogue and of the distribution; and what a layer says held against them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stackwright.distribution.document import resolve
from stackwright.distribution.reading import Collector
from stackwright.distribution.values import CONF, GLOBAL, POLICY, RESERVED, SECRETS, ValueSchema
from stackwright.errors import InputError, Where, suggestion
from stackwright.site.values.merge import Item, Placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackwright.catalogue.catalogue import Catalogue
    from stackwright.distribution.document import Node, Plain
    from stackwright.distribution.values import DeclaredValue, Layer
    from stackwright.site.values.merge import Tree

KINDS: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "map": (dict,),
}
WORDS = {"text": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
WORDS |= {"list": "a list", "map": "a map"}
TEMPLATE = re.compile(r"\{[{%]")
_LEADING_ZERO = re.compile(r"([-+]?)0+([0-9]+)")


@dataclass(frozen=True)
class Declaration:
    """A value that there is.

    :param owner: the service whose it is, or ``global``
    :param source: who declares it
    """

    owner: str
    name: str
    declared: DeclaredValue
    where: Where
    source: str

    @property
    def path(self) -> str:
        """Its name, as templates and commands have it."""
        return f"{self.owner}.{self.name}"


@dataclass(frozen=True)
class Declarations:
    """All values that there are, by their owners and names.

    :param components: those that no service of the catalogue is made of yet: their policies can be said, and tried
    """

    owners: Mapping[str, Mapping[str, Declaration]]
    catalogue: Catalogue
    components: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Declaration]:
        """Give each."""
        return (one for declared in self.owners.values() for one in declared.values())

    def find(self, path: str) -> Declaration | None:
        """Give the value of a path such as ``nova.workers``, or the one that a longer path leads into."""
        owner, _, rest = path.partition(".")
        return self.owners.get(owner, {}).get(rest.partition(".")[0])

    def merged_by(self, path: tuple[str, ...]) -> str:
        """Give the key that the items of a list are merged by; empty if they are not."""
        if len(path) != 2:
            return ""
        found = self.owners.get(path[0], {}).get(path[1])
        return found.declared.merge if found else ""

    @cached_property
    def defaults(self) -> Tree:
        """What holds where nobody says anything."""
        return {
            owner: {
                name: tree_of(one.declared.default, one.source, one.where)
                for name, one in declared.items()
                if one.declared.default is not None
            }
            for owner, declared in self.owners.items()
        }


def declarations(
    catalogue: Catalogue, schema: ValueSchema | None = None, components: Iterable[str] = ()
) -> Declarations:
    """Gather what the catalogue and the distribution declare.

    :param schema: the distribution's
    :param components: those of its releases
    :raises InputError: both declare the same, or the distribution declares something of no service
    """
    owners: dict[str, dict[str, Declaration]] = {GLOBAL: {}}
    for name, declared in catalogue.values.items():
        owners[GLOBAL][name] = Declaration(GLOBAL, name, declared, catalogue.where_global(name), "catalogue")
    for service, entry in catalogue.services.items():
        owners[service] = {
            name: Declaration(service, name, declared, catalogue.where(service, "values", name), "catalogue")
            for name, declared in entry.values.items()
        }
    schema = schema or ValueSchema()
    own = {GLOBAL: schema.global_, **schema.services}
    collector = Collector()
    for owner, declared_here in own.items():
        loc = (GLOBAL,) if owner == GLOBAL else ("services", owner)
        if owner not in owners:
            collector.errors.append(
                InputError(
                    f"the catalogue has no service {owner!r}",
                    where=schema.where(*loc, key=True),
                    fix=suggestion(owner, catalogue.services),
                )
            )
            continue
        for name, declared in declared_here.items():
            where = schema.where(*loc, name, key=True)
            if name in owners[owner]:
                collector.errors.append(
                    InputError(
                        f"{owner}.{name} is declared by the catalogue already",
                        where=where,
                        why=str(owners[owner][name].where),
                        fix="take another name",
                    )
                )
            else:
                owners[owner][name] = Declaration(owner, name, declared, where, "values/schema.yaml")
    made_of = {one.component for one in catalogue.services.values()}
    made = Declarations(owners, catalogue, frozenset(components) - made_of - owners.keys())
    for one in made:
        collector.errors += _faults_of(one)
    collector.raise_errors()
    return made


def _faults_of(one: Declaration) -> Iterator[InputError]:
    """Find what of a declaration contradicts the rest of it."""
    declared = one.declared
    for key, own in declared.keys.items():
        yield from _faults_of(replace(one, name=f"{one.name}.{key}", declared=own))
    try:
        re.compile(declared.pattern)
    except re.error as error:
        yield InputError(
            f"the pattern of {one.path} is no regular expression", where=one.where, why=str(error), fix="correct it"
        )
        return
    for choice in declared.choices if declared.type != "list" else ():
        if type(choice) not in KINDS[declared.type]:
            yield InputError(
                f"the choice {choice} of {one.path} is not {WORDS[declared.type]}",
                where=one.where,
                fix="put it in quotes" if declared.type == "text" else "correct it",
            )
    if declared.default is not None and (wrong := unfit(declared.default, declared)):
        yield InputError(f"the default of {one.path}: {wrong}", where=one.where, fix="correct it")


def tree_of(value: Any, layer: str, where: Where) -> Tree:
    """Give a plain value as a tree, all of it said at one place."""
    if isinstance(value, Mapping):
        return {str(key): tree_of(child, layer, where) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return Placed(tuple(Item(item, layer, where) for item in value), "", layer, where)
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return Placed(value, text, layer, where)


def unfit(value: Plain, declared: DeclaredValue, written: str | None = None) -> str:
    """Say why a value is not what it is declared as; nothing if it is.

    A template is judged when it has been rendered.

    :param written: a number as it is written
    """
    if isinstance(value, str) and TEMPLATE.search(value):
        return ""
    kind = type(value)
    if kind not in KINDS[declared.type]:
        why = ""
        if isinstance(value, str) and _LEADING_ZERO.fullmatch(value):
            why = ": readers disagree on the value of a number with a leading zero"
        plainly = written is not None and not isinstance(value, str) and not declared.sensitive
        found = written if plainly else _shown(value, declared)
        return f"expected {WORDS[declared.type]}, found {found}{why}"
    for item in value if isinstance(value, list) else [value]:
        if declared.keys and (wrong := _unfit_item(item, declared)):
            return wrong
        if declared.choices and item not in declared.choices:
            return f"expected one of {', '.join(map(str, declared.choices))}, found {_shown(item, declared)}"
        if declared.pattern and isinstance(item, str) and not re.fullmatch(declared.pattern, item):
            return f"{_shown(item, declared)} is not of the form {declared.pattern}"
        if isinstance(item, int | float) and not isinstance(item, bool):
            if declared.minimum is not None and item < declared.minimum:
                return f"expected at least {declared.minimum:g}, found {item}"
            if declared.maximum is not None and item > declared.maximum:
                return f"expected at most {declared.maximum:g}, found {item}"
    return ""


def _unfit_item(item: Plain, declared: DeclaredValue) -> str:
    """Say why an item of a list is not the map that it is declared as."""
    if not isinstance(item, dict):
        return f"expected a map of {', '.join(declared.keys)}, found {_shown(item, declared)}"
    for key in item:
        if key not in declared.keys:
            return f"there is no {key!r} in an item of it: {suggestion(key, declared.keys)}"
    for key, one in declared.keys.items():
        if key not in item and one.required:
            return f"an item of it lacks {key!r}, {one.description}"
        own = one.model_copy(update={"sensitive": True}) if declared.sensitive else one
        if key in item and (wrong := unfit(item[key], own)):
            return f"{key}: {wrong}"
    return ""


def completed(value: Plain, declared: DeclaredValue) -> Plain:
    """Give a value with the defaults of what the items of a list do not say."""
    if not declared.keys or not isinstance(value, list):
        return value
    defaults = {key: one.default for key, one in declared.keys.items() if one.default is not None}
    return [{**defaults, **item} if isinstance(item, dict) else item for item in value]


def _mend(value: Plain, declared: DeclaredValue) -> str:
    """Say what to write in the place of a value that is of another type."""
    wanted = KINDS[declared.type]
    if declared.sensitive:
        return ""
    if type(value) in wanted:
        return suggestion(value, map(str, declared.choices)) if isinstance(value, str) and declared.choices else ""
    if isinstance(value, float) and int in wanted and value.is_integer():
        return f"write {int(value)}"
    if not isinstance(value, str):
        return ""
    if bool in wanted:
        return "write true or false, without quotes"
    if int in wanted and (zero := _LEADING_ZERO.fullmatch(value)):
        octal = not zero[1] and not re.search("[89]", value)
        return f"write {zero[1]}{zero[2]}" + (f", or 0o{zero[2]} if it is octal" if octal else "")

    return "remove the quotes" if type(resolve(value)) in wanted else ""


def rendered(text: str, declared: DeclaredValue) -> Plain:
    """Give what a template's text is as a value of its type."""
    return text if declared.type == "text" else resolve(text)


def _shown(value: Plain, declared: DeclaredValue) -> str:
    if declared.sensitive:
        return "something else"
    if isinstance(value, str):
        return f"the text {value!r}"
    return {list: "a list", dict: "a map", bool: str(value).lower()}.get(type(value), str(value))


def faults(layer: Layer, known: Declarations) -> Iterator[InputError]:
    """Find what a layer says that there is not, or that is of another type."""
    document, loc = layer.document, layer.loc
    owners = document.node(loc).content
    assert isinstance(owners, Mapping)
    for owner, said in owners.items():
        if owner in known.components:
            yield from _component_faults(layer, owner, said)
            continue
        if owner not in known.owners:
            yield InputError(
                f"there is no service {owner!r} in the catalogue",
                where=document.where((*loc, owner), key=True),
                fix=suggestion(owner, known.owners),
            )
            continue
        assert isinstance(said.content, Mapping)
        for name, node in said.content.items():
            here = (*loc, owner, name)
            if owner != GLOBAL and name in RESERVED:
                yield from _reserved_faults(layer, known, owner, name, node)
            elif name not in known.owners[owner]:
                what = "there is no global value" if owner == GLOBAL else f"{owner} has no value"
                fix = suggestion(name, known.owners[owner]) if known.owners[owner] else ""
                yield InputError(
                    f"{what} {name!r}",
                    where=document.where(here, key=True),
                    fix=f"{fix + '; or ' if fix else ''}declare it in values/schema.yaml",
                )
            else:
                declared = known.owners[owner][name].declared
                value = node.text if declared.type == "text" and node.text is not None else document.plain_at(here)
                if wrong := unfit(value, declared, node.text):
                    yield InputError(
                        f"{owner}.{name}: {wrong}",
                        where=document.where(here),
                        why=declared.description,
                        fix=_mend(value, declared),
                    )


def _component_faults(layer: Layer, component: str, said: Node) -> Iterator[InputError]:
    """Find what is said of a component that is no service, besides its policy."""
    assert isinstance(said.content, Mapping)
    for name, node in said.content.items():
        keys = node.content if name == CONF and isinstance(node.content, Mapping) else {name: node}
        for key in keys:
            if (name, key) != (CONF, POLICY):
                loc = (*layer.loc, component, name) if name != CONF else (*layer.loc, component, name, key)
                yield InputError(
                    f"{component} is no service of the catalogue: only its policy can be said",
                    where=layer.document.where(loc, key=True),
                    fix=f"remove it; what remains is {component}: {{conf: {{policy: ...}}}}",
                )


def _reserved_faults(layer: Layer, known: Declarations, service: str, name: str, node: Node) -> Iterator[InputError]:
    entry = known.catalogue.services[service]
    assert isinstance(node.content, Mapping)
    there = {CONF: ("configuration file", [*entry.option_files, POLICY]), SECRETS: ("secret", list(entry.secrets))}
    what, names = there[name]
    for key in node.content:
        if key not in names:
            yield InputError(
                f"{service} has no {what} {key!r}",
                where=layer.document.where((*layer.loc, service, name, key), key=True),
                fix=suggestion(key, names),
            )
        elif key == POLICY and not entry.policy:
            yield InputError(
                f"{service} has no policy",
                where=layer.document.where((*layer.loc, service, name, key), key=True),
                fix="remove it",
            )
