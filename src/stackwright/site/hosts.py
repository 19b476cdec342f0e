"""What is different on the hosts of a site: which services they run, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from stackwright.distribution.values import GLOBAL, RESERVED
from stackwright.errors import InputError, suggestion
from stackwright.site.files import ini_files, render_files, shared_file
from stackwright.site.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackwright.distribution import Site
    from stackwright.distribution.document import Loc, Node
    from stackwright.distribution.values import Layer
    from stackwright.site.files import RenderedFile, SharedFile
    from stackwright.site.render import Values
    from stackwright.site.values.values import SiteValues

# Where the layers of hosts are that say the same: hosts with the same ones are alike.
_Alike: TypeAlias = "tuple[Loc, ...]"


def services_of(site: Site, host: str, services: tuple[str, ...]) -> tuple[str, ...]:
    """Give the services that a host of a site runs, in the site's order.

    It runs what it says itself, else what its groups say, else everything.

    :param services: those of the site
    :raises InputError: it or a group of it names one that the site does not have
    """
    said = site.hosts[host]
    groups = said.groups if said.services is None else ()
    lists = [(("hosts", host), said.services)] + [(("groups", group), site.groups[group].services) for group in groups]
    wanted: set[str] = set()
    for loc, names in lists:
        for index, name in enumerate(names or ()):
            if name not in services:
                raise InputError(
                    f"the site has no service {name!r}",
                    where=site.where(*loc, "services", index),
                    fix=suggestion(name, services),
                )
            wanted.add(name)
    return tuple(name for name in services if name in wanted) if wanted else services


def render_hosts(site: Site, values: Values) -> Iterator[tuple[str, Mapping[str, Mapping[str, RenderedFile]]]]:
    """Render the files of every host of a site: service -> name -> file, host by host.

    Hosts for which a service's values are the same share its texts: all of them, or those that do not name the host.

    :param values: of the site
    :raises InputError: a template cannot be rendered, or an option is of several lines
    """
    texts: dict[tuple[str, _Alike], dict[str, str]] = {}
    shared: dict[tuple[str, _Alike], tuple[SharedFile, ...]] = {}
    whole: dict[tuple[str, _Alike], Mapping[str, RenderedFile]] = {}
    said: dict[_Alike, SiteValues] = {}
    for host in site.hosts:
        layers = site.layers(host)
        everything = tuple(layer.loc for layer in layers)
        if everything not in said:
            said[everything] = values.said.of_host(host)
        here = replace(values, said=said[everything], host=host)
        files: dict[str, Mapping[str, RenderedFile]] = {}
        for service in services_of(site, host, tuple(values.selection.services)):
            alike = service, tuple(layer.loc for layer in layers if _concerns(layer, service))
            if alike not in whole:
                entry = values.selection.services[service]
                renderer = Renderer(here, service, texts.setdefault(alike, {}))
                if alike not in shared:
                    shared[alike] = tuple(shared_file(file, renderer) for file in ini_files(entry, renderer))
                renderer.of_host = False
                files[service] = render_files(entry, renderer, files=shared[alike])
                if not renderer.of_host:
                    whole[alike] = files[service]
            else:
                files[service] = whole[alike]
        yield host, files


def _concerns(layer: Layer, service: str) -> bool:
    """Say whether a layer says anything that can be in a service's files: of its own, or what others may name."""
    owners = layer.document.node(layer.loc).content
    assert isinstance(owners, Mapping)
    if service in owners or GLOBAL in owners:
        return True
    return any(name not in RESERVED for node in owners.values() for name in _keys(node))


def _keys(node: Node) -> Iterable[str]:
    assert isinstance(node.content, Mapping)
    return node.content
