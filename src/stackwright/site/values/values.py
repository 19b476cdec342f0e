"""The values of a site, or of one of its hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from stackwright.distribution.reading import Collector
from stackwright.distribution.values import CONF, GLOBAL, POLICY, RESERVED, SECRETS
from stackwright.errors import InputError, Where, suggestion
from stackwright.site.values.declared import Declarations, declarations, faults
from stackwright.site.values.merge import Placed, merge
from stackwright.site.values.references import reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.catalogue.catalogue import Catalogue, Selection
    from stackwright.distribution import Distribution, Site
    from stackwright.distribution.values import Layer
    from stackwright.site.values.merge import Tree


@dataclass(frozen=True)
class SiteValues:
    """What is said of a site, layer by layer, and what comes of it.

    :param tree: all layers merged
    :param site: none, if there is only what the catalogue says
    :param services: those that the site runs
    """

    site: Site | None
    known: Declarations
    layers: tuple[Layer, ...]
    tree: Mapping[str, Tree]
    services: tuple[str, ...]

    def conf(self, service: str) -> Mapping[str, Mapping[str, Mapping[str, Placed]]]:
        """Give what is set in the configuration of a service: file -> section -> option."""
        files = self._below(service, CONF)
        return {name: _sections(file) for name, file in files.items() if name != POLICY and isinstance(file, Mapping)}

    def policy(self, service: str) -> Mapping[str, Placed]:
        """Give what is set in the policy of a service: rule -> check."""
        return _leaves(self._below(service, CONF).get(POLICY, {}))

    def references(self, service: str) -> Mapping[str, Placed]:
        """Give where secrets of a service are kept by others: secret -> reference."""
        return _leaves(self._below(service, SECRETS))

    def find(self, path: str) -> Tree:
        """Give what a path such as ``nova.workers`` or ``nova.conf.nova.conf.DEFAULT.debug`` leads to.

        :raises InputError: nothing is there
        """
        return at(self.tree, self.steps(path))

    def steps(self, path: str) -> tuple[str, ...]:
        """Give the keys that a path is made of; keys may have dots in them.

        :raises InputError: it leads nowhere
        """
        found = _steps(self.tree, path)
        if found is None:
            raise self._nowhere(path)
        return found

    def _below(self, service: str, name: str) -> Mapping[str, Tree]:
        own = self.tree.get(service, {})
        found = own.get(name, {}) if isinstance(own, Mapping) else {}
        assert isinstance(found, Mapping)
        return found

    def _nowhere(self, path: str) -> InputError:
        """Say which part of a path is the first that is not there."""
        tree: Tree = self.tree
        rest = path
        while isinstance(tree, Mapping):
            key = next((key for key in sorted(tree, key=len, reverse=True) if f"{rest}.".startswith(f"{key}.")), None)
            if key is None:
                break
            tree, rest = tree[key], rest[len(key) + 1 :]
        declared = self.known.find(path)
        if declared is not None and isinstance(tree, Mapping) and path == declared.path:
            return InputError(
                f"nobody says {path}", where=declared.where, why=declared.declared.description, fix="say it in a layer"
            )
        around = path[: len(path) - len(rest)].rstrip(".")
        what = f"{around} has no {rest!r}" if around else f"there is no value {rest!r}"
        if not isinstance(tree, Mapping):
            return InputError(what, fix=f"{around} is not a map")
        return InputError(what, fix=suggestion(rest if around else rest.partition(".")[0], tree))

    def of_host(self, host: str) -> SiteValues:
        """Give the values of one of the site's hosts.

        :raises InputError: a layer of it says what another contradicts
        """
        assert self.site is not None
        layers = self.site.layers(host)[len(self.site.layers()) :]
        if not layers:
            return self
        tree = merge(layers, self.known.merged_by, self.tree)
        return replace(self, layers=(*self.layers, *layers), tree=tree)


def site_values(distribution: Distribution, site: Site, catalogue: Catalogue, selection: Selection) -> SiteValues:
    """Merge the layers of a site's values, and see that they are what they are declared as.

    :param selection: the services that the site runs
    :raises InputError: something that is said is not there to be said, is of another type, or leads in a circle; a
        value that every site has to say is missing; ManyInputsError if several of these
    """
    components = {name for release in distribution.releases.values() for name in release.components}
    known = declarations(catalogue, distribution.value_schema, components)
    layers = distribution.layers(site)
    collector = Collector()
    for layer in (*layers, *own_layers(site)):
        collector.errors += faults(layer, known)
        if is_concrete(layer):
            collector.errors += _of_others(layer, known, selection)
    collector.raise_errors()
    tree = merge(layers, known.merged_by, known.defaults)
    values = SiteValues(site, known, layers, tree, tuple(selection.services))
    collector.errors += _missing(values)
    wrong = {str(error): error for error in _wrong_references(values)}
    for host in unlike_hosts(site):
        with collector.collecting():
            wrong |= {str(error): error for error in _wrong_references(values.of_host(host))}
    collector.errors += wrong.values()
    collector.raise_errors()
    return values


def is_concrete(layer: Layer) -> bool:
    """Say whether a layer is one site's, or a part's of it; the others are for any site."""
    return layer.name.startswith(("site ", "group ", "host "))


def unlike_hosts(site: Site | None) -> Iterator[str]:
    """Give the hosts of a site that are different from it: one of those that are alike."""
    if site is None:
        return
    seen = {tuple(layer.loc for layer in site.layers())}
    for host in site.hosts:
        layers = tuple(layer.loc for layer in site.layers(host))
        if layers not in seen:
            seen.add(layers)
            yield host


def own_layers(site: Site | None) -> tuple[Layer, ...]:
    """Give the layers that the groups and hosts of a site are."""
    if site is None:
        return ()
    return site.parts()


def default_values(catalogue: Catalogue, selection: Selection) -> SiteValues:
    """Give what the catalogue says where nobody says anything else."""
    known = declarations(catalogue)
    tree = known.defaults
    assert isinstance(tree, Mapping)
    return SiteValues(None, known, (), tree, tuple(selection.services))


def at(tree: Tree, steps: tuple[str, ...]) -> Tree:
    """Give what some keys lead to."""
    for step in steps:
        assert isinstance(tree, Mapping)
        tree = tree[step]
    return tree


def leaves(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Placed]]:
    """Give every value that is not a map, with the keys that lead to it."""
    if isinstance(tree, Placed):
        yield path, tree
    else:
        for key, child in tree.items():
            yield from leaves(child, (*path, key))


def texts(placed: Placed) -> Iterator[tuple[str, Where]]:
    """Give the texts in a value, each with its place."""

    def inside(value: object, where: Where) -> Iterator[tuple[str, Where]]:
        if isinstance(value, str):
            yield value, where
        elif isinstance(value, dict):
            for child in value.values():
                yield from inside(child, where)
        elif isinstance(value, list):
            for child in value:
                yield from inside(child, where)

    if isinstance(placed.value, tuple):
        for item in placed.value:
            yield from inside(item.value, item.where)
    else:
        yield from inside(placed.value, placed.where)


def _steps(tree: Tree, path: str) -> tuple[str, ...] | None:
    if not path:
        return ()
    if isinstance(tree, Placed):
        return None
    for key in sorted(tree, key=len, reverse=True):
        if path == key or path.startswith(f"{key}."):
            rest = _steps(tree[key], path[len(key) + 1 :])
            if rest is not None:
                return (key, *rest)
    return None


def _sections(file: Tree) -> Mapping[str, Mapping[str, Placed]]:
    assert isinstance(file, Mapping)
    return {section: _leaves(options) for section, options in file.items()}


def _leaves(tree: Tree) -> Mapping[str, Placed]:
    assert isinstance(tree, Mapping)
    return {name: value for name, value in tree.items() if isinstance(value, Placed)}


def _of_others(layer: Layer, known: Declarations, selection: Selection) -> Iterator[InputError]:
    """Find what a site says of services that it does not run."""
    owners = layer.document.node(layer.loc).content
    assert isinstance(owners, Mapping)
    for owner in owners:
        if owner in known.catalogue.services and owner not in selection.services:
            yield InputError(
                f"the site has no service {owner!r}",
                where=layer.document.where((*layer.loc, owner), key=True),
                fix=suggestion(owner, selection.services),
            )


def _missing(values: SiteValues) -> Iterator[InputError]:
    """Find what every site has to say, and this one does not."""
    for one in values.known:
        running = one.owner == GLOBAL or one.owner in values.services
        own = values.tree.get(one.owner, {})
        if one.declared.required and running and not (isinstance(own, Mapping) and one.name in own):
            assert values.site is not None
            yield InputError(
                f"the site {values.site.name} does not say {one.path}",
                where=values.site.where("values", key=True),
                why=f"{one.declared.description} (declared at {one.where})",
                fix=f"write it below `values:`, `{one.owner}:` in the site's file",
            )


def _wrong_references(values: SiteValues) -> Iterator[InputError]:
    """Find the values that name what is not there, or that name each other in a circle."""
    named: dict[str, set[str]] = {}
    places: dict[str, Where] = {}
    for path, placed in leaves(values.tree):
        owner = path[0]
        reserved = owner != GLOBAL and path[1] in RESERVED
        for text, where in texts(placed):
            for name in sorted(reads(text, owner)):
                if (wrong := _wrong_name(values, name, where)) is not None:
                    yield wrong
                if not reserved:
                    named.setdefault(f"{owner}.{path[1]}", set()).add(".".join(name.split(".")[:2]))
                    places[f"{owner}.{path[1]}"] = where
    try:
        TopologicalSorter(named).prepare()
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        yield InputError(
            f"values name each other in a circle: {' -> '.join(circle)}",
            where=places[circle[0]],
            why="; ".join(f"{name}: {places[name]}" for name in circle[1:-1]),
            fix="write one of them out",
        )


def _wrong_name(values: SiteValues, name: str, where: Where) -> InputError | None:
    if _steps(values.tree, name) is not None:
        return None
    declared = values.known.find(name)
    if declared is None:
        owner = name.partition(".")[0]
        known = [one.path for one in values.known if one.owner == owner] or [one.path for one in values.known]
        return InputError(f"there is no value {name!r}", where=where, fix=suggestion(name, known))
    return InputError(
        f"nobody says {name}, which is named here",
        where=where,
        why=declared.declared.description,
        fix=f"give it a default at {declared.where}, or say it",
    )
