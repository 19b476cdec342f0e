"""Values in the wrong place, and values that nobody needs.

Where a value belongs is told by who reads it and whether it is a secret: one that a single service reads is the
service's, one that several read is global; what is no secret is said in the abstract region, a secret in the site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.catalogue.catalogue import Selection
from stackwright.distribution.values import CONF, GLOBAL
from stackwright.site.platform import unfit
from stackwright.site.values.explain import Readers, catalogue_options
from stackwright.site.values.merge import said, sayings, scalars, written
from stackwright.site.values.secrecy import plain_secret, shown
from stackwright.site.values.values import is_concrete, leaves, own_layers, texts, unlike_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.distribution import Distribution
    from stackwright.distribution.document import Node, Plain
    from stackwright.distribution.values import Layer
    from stackwright.errors import Where
    from stackwright.site.values.declared import Declaration
    from stackwright.site.values.values import SiteValues

ERROR, WARNING, NOTE = "error", "warning", "note"
KEEP = "let the site keep it: {{ secret('SERVICE-NAME') }}, or `secrets: {NAME: vault+kv2://...}`"


@dataclass(frozen=True)
class Finding:
    """What is wrong with a value, or may be.

    :param severity: error, warning or note
    :param rule: the rule's name
    :param path: of the value
    """

    severity: str
    rule: str
    path: str
    what: str
    where: Where
    fix: str


def lint(values: SiteValues, selection: Selection, distribution: Distribution) -> list[Finding]:
    """Find what is wrong with the values of a site, in the order of files and lines."""
    found = [
        *_places(values, selection),
        *_secrets(values),
        *_unfit(values),
        *_sentinels(values, distribution.value_schema.sentinels),
        *_equal(values, selection),
        *_shadowed(values, distribution),
    ]
    return sorted(set(found), key=lambda one: (str(one.where.file), one.where.line or 0, one.path, one.rule))


def _places(values: SiteValues, selection: Selection) -> Iterator[Finding]:
    """Hold every value that is said against the four rules."""
    layers = (*values.layers, *own_layers(values.site))
    here = Readers(values, selection)
    anywhere = Readers(values, Selection(values.known.catalogue.services))
    for one in values.known:
        found = said(layers, (one.owner, one.name))
        yield from _unused(one, found, here.of(one.path), anywhere.of(one.path))
        reading = here.of(one.path)
        if not found or not reading:
            continue
        yield from _owner(values, one, found[-1][2], reading)
        general = [(layer, where) for layer, _, where in found if not is_concrete(layer)]
        if one.declared.sensitive:
            for layer, where in general:
                yield Finding(
                    ERROR, "secret-in-general", one.path, f"a secret is said in the layer {layer.name}", where,
                    f"say it in sites/{_site(values)}.yaml, below `values:`, `{one.owner}:`",
                )  # fmt: skip
        elif one.owner == GLOBAL and len(reading) > 1 and not (general or _by_site(one)):
            yield Finding(
                WARNING, "global-in-site", one.path, "several services read it, and only the site says it",
                found[0][2], "say it in values/openstack.yaml: a site may say something else",
            )  # fmt: skip


def _by_site(one: Declaration) -> bool:
    """Say whether a value is there for sites to say: it is required of them, or to say otherwise than a default."""
    return one.declared.required or one.declared.default is not None


def _unused(
    one: Declaration, found: list[tuple[Layer, Node, Where]], here: frozenset[str], anywhere: frozenset[str]
) -> Iterator[Finding]:
    """Find what is said and read by nobody, and what is declared for nothing."""
    fix = f"remove it, or name it in a template: {{{{ value('{one.path}') }}}}"
    for layer, _, where in found:
        concrete = is_concrete(layer)
        if not (here if concrete else anywhere):
            who = "no service of the site reads it" if concrete else "no service reads it"
            yield Finding(WARNING, "unused", one.path, who, where, fix)
    if one.source != "catalogue" and not found and not anywhere:
        yield Finding(WARNING, "unused", one.path, "it is declared, and nobody says or reads it", one.where, fix)


def _owner(values: SiteValues, one: Declaration, where: Where, reading: frozenset[str]) -> Iterator[Finding]:
    """Hold whose value it is against who reads it."""
    if one.source == "catalogue":
        return  # where it is declared is not the distribution's to say
    names = ", ".join(sorted(reading))
    secret = " and it is a secret" if one.declared.sensitive else ""
    home = f"sites/{_site(values)}.yaml" if one.declared.sensitive else "values/openstack.yaml"
    if one.owner == GLOBAL and len(reading) == 1:
        yield Finding(
            WARNING, "one-service", one.path, f"only {names} reads it{secret}: it is that service's value", where,
            f"declare it below `services: {names}:` in values/schema.yaml, and say it as {names}.{one.name}",
        )  # fmt: skip
    if one.owner != GLOBAL and len(reading) > 1:
        yield Finding(
            WARNING, "several-services", one.path, f"{names} read it{secret}: it is a global value", where,
            f"declare it below `global:` in values/schema.yaml, and say it in {home}",
        )  # fmt: skip


def _secrets(values: SiteValues) -> Iterator[Finding]:
    """Find secrets that stand there plain to read, whatever layer they are in."""
    for layer in (*values.layers, *own_layers(values.site)):
        for path, text, where in scalars(layer):
            if why := plain_secret(values, path, text):
                yield Finding(ERROR, "plain-secret", ".".join(path), why, where, KEEP)


def _unfit(values: SiteValues) -> Iterator[Finding]:
    """Find what the site's platform lacks."""
    for path, error in unfit(values):
        yield Finding(ERROR, "platform", path, f"{error.what}: {error.why}", error.where, error.fix)


def _sentinels(values: SiteValues, sentinels: tuple[str, ...]) -> Iterator[Finding]:
    """Find texts that stand for a value which nobody has given, where they hold in the end."""
    if not sentinels:
        return
    form = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, sentinels))})(?![A-Za-z0-9])")
    for each in (values, *(values.of_host(host) for host in unlike_hosts(values.site))):
        for path, placed in leaves(each.tree):
            if path[0] != GLOBAL and path[0] not in values.services:
                continue
            for text, where in texts(placed):
                if found := form.search(text):
                    yield Finding(
                        ERROR, "sentinel", ".".join(path), f"{found[0]!r} is left: nobody has given the value", where,
                        f"say it in sites/{_site(values)}.yaml",
                    )  # fmt: skip


def _equal(values: SiteValues, selection: Selection) -> Iterator[Finding]:
    """Find what says only what holds without it."""
    before: dict[tuple[str, ...], Plain] = {}
    for path, placed in leaves(values.known.defaults):
        before[path] = placed.text if _is_text(values, path) else placed.plain
    for service in selection.services:
        for one in catalogue_options(values, selection, service):
            before[service, CONF, one.file, one.section, one.name] = one.value
    for layer in values.layers:
        yield from _equal_in(values, layer, before)
    for host in unlike_hosts(values.site):
        each, until_here = values.of_host(host), dict(before)
        for layer in each.layers[len(values.layers) :]:
            yield from _equal_in(values, layer, until_here)


def _equal_in(values: SiteValues, layer: Layer, before: dict[tuple[str, ...], Plain]) -> Iterator[Finding]:
    """Compare what a layer says with what holds below it, and note what it changes."""
    for path, node, where in sayings(layer):
        if node.appends or values.known.merged_by(path):
            before.pop(path, None)
            continue
        text = _is_text(values, path) and not isinstance(node.content, tuple)
        now = written(node) if text else layer.document.plain_at((*layer.loc, *path))
        if path in before and before[path] == now and type(before[path]) is type(now):
            what = "this list" if isinstance(now, list) else repr(shown(values, path, written(node)))
            yield Finding(NOTE, "equal", ".".join(path), f"{what} is what holds without it", where, "remove it")
        before[path] = now


def _is_text(values: SiteValues, path: tuple[str, ...]) -> bool:
    """Say whether a value is taken as it is written: those of declared types are what they mean."""
    declared = values.known.find(".".join(path))
    return declared is None or (declared.declared.type == "text" and len(path) == 2)


def _shadowed(values: SiteValues, distribution: Distribution) -> Iterator[Finding]:
    """Find what a layer says, and what comes after it hides everywhere."""
    chains = [distribution.layers(site) for site in distribution.sites.values()]
    for layer in values.layers:
        if not is_concrete(layer):
            yield from _hidden(values, layer, chains, "in no site")
    chains = [values.of_host(host).layers for host in unlike_hosts(values.site)]
    for layer in own_layers(values.site):
        yield from _hidden(values, layer, chains, "on no host")


def _hidden(values: SiteValues, layer: Layer, chains: list[tuple[Layer, ...]], where_not: str) -> Iterator[Finding]:
    """Find what a layer says that is hidden in every chain of layers that it is in."""
    above = [_above(layer, chain) for chain in chains if any(_same(one, layer) for one in chain)]
    if not above:
        return
    for path, _, where in sayings(layer):
        if not values.known.merged_by(path) and all(
            any(not node.appends for _, node, _ in said(layers, path)) for layers in above
        ):
            yield Finding(
                NOTE, "shadowed", ".".join(path), f"what the layer {layer.name} says holds {where_not}", where,
                f"remove it, or what hides it: stackwright value explain {'.'.join(path)}",
            )  # fmt: skip


def _above(layer: Layer, chain: tuple[Layer, ...]) -> tuple[Layer, ...]:
    index = next(index for index, one in enumerate(chain) if _same(one, layer))
    return chain[index + 1 :]


def _same(one: Layer, other: Layer) -> bool:
    return (one.name, one.loc) == (other.name, other.loc)


def _site(values: SiteValues) -> str:
    return values.site.name if values.site else "SITE"
