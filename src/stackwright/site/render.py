"""Templates of the catalogue rendered with the values of a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import jinja2
from jinja2 import meta

from stackwright.distribution.values import GLOBAL
from stackwright.errors import InputError, StackwrightError, Where, suggestion
from stackwright.site.values.declared import completed, rendered, unfit
from stackwright.site.values.references import qualified
from stackwright.site.values.secrecy import HIDDEN, plain_secret
from stackwright.tools import namespaces

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution.document import Plain
    from stackwright.site.paths import SitePaths
    from stackwright.site.state import SiteState
    from stackwright.site.values.merge import Tree
    from stackwright.site.values.values import SiteValues

Value = TypeVar("Value")
HOST = "host"  # what a template names that is another text on each host


def _written(value: object) -> object:
    """Give a value as configuration files have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(str(_written(item)) for item in value) if isinstance(value, list) else value


_ENVIRONMENT = jinja2.Environment(
    undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False, finalize=_written
)


@dataclass(frozen=True)
class Values:
    """Everything a site's templates may name, whatever the service.

    :param said: what the layers say
    :param environments: service -> the folder of its Python environment
    :param cache: the cache of downloads and artifacts
    """

    selection: Selection
    said: SiteValues
    state: SiteState
    paths: SitePaths
    region: str
    host: str
    environments: Mapping[str, Path]
    cache: Path
    processors: int

    @property
    def unpacked(self) -> Path:
        """The folder that packages are unpacked to without being installed."""
        return self.cache / "unpacked"


class Renderer:
    """Renders the templates of one service.

    Names in templates: ``service``, ``region``, ``host``, ``site_id``, ``processors``; ``subnet``, the first three
    numbers of the outside network; ``site_address`` and ``compute_address``, where the compute host reaches the site
    and the site the compute host; ``in_compute_network``, before a command that has to run there; the folders
    ``etc``, ``data``, ``run``, ``log``, ``cache``, ``unpacked`` and, of a service with an environment, ``venv``;
    ``value('name')`` and ``value('service.name')``, the site's values; ``port('service-port')``,
    ``secret('service-name')`` and ``shared.<service>.<name>``, the texts that other services share.

    ``of_host`` tells whether one of the texts that it has rendered named the host.

    :param common: texts that are the same on hosts with the same values, by their templates; those found are added
    """

    def __init__(self, values: Values, service: str, common: dict[str, str] | None = None) -> None:
        self.values = values
        self.service = service
        self._common = {} if common is None else common
        self.of_host = False

    def text(self, template: str) -> str:
        """Render a text.

        :raises InputError: it names what is not there, or is not a template
        """
        if "{" not in template:
            return template
        if template in self._common:
            return self._common[template]
        before, self.of_host = self.of_host, False
        text = self._rendered(template)
        if not self.of_host:
            self._common[template] = text
        self.of_host |= before
        return text

    def _rendered(self, template: str) -> str:
        try:
            compiled, names = _compiled(template)
            unknown = names - self._context.keys()
            if unknown:
                name = min(unknown)
                raise self._cannot_render(template, f"there is no {name!r}", suggestion(name, self._context))
            self.of_host |= HOST in names
            return compiled.render(self._context)
        except StackwrightError:
            raise
        except Exception as error:  # a template can go wrong in every way that code can
            raise self._cannot_render(template, str(error)) from error

    def _cannot_render(self, template: str, why: str, fix: str = "") -> InputError:
        shown = HIDDEN if plain_secret(self.values.said, (), template) else repr(template)
        return InputError(f"cannot render {shown}", where=Where(subject=f"service {self.service}"), why=why, fix=fix)

    def words(self, templates: Iterable[str]) -> tuple[str, ...]:
        """Render the words of a command."""
        return tuple(self.text(template) for template in templates)

    def plain_value(self, name: str) -> Plain:
        """Give a value of the site with the templates in it rendered, as it is: no text is made of it.

        :param name: of this service, or ``service.name``
        :raises InputError: there is none, or it cannot be rendered
        """
        return self._value(name)

    def map(self, templates: Mapping[str, str]) -> dict[str, str]:
        """Render the values of a map."""
        return {name: self.text(template) for name, template in templates.items()}

    @cached_property
    def _context(self) -> dict[str, Any]:
        values, paths = self.values, self.values.paths
        return {
            "service": self.service,
            "region": values.region,
            "host": values.host,
            "site_id": values.state.id,
            "subnet": values.state.outside,
            "site_address": values.state.site_address,
            "compute_address": values.state.compute_address,
            "in_compute_network": " ".join(namespaces.entering(values.state.namespace)),
            "processors": values.processors,
            "etc": paths.etc(self.service),
            "data": paths.data(self.service),
            "run": paths.run,
            "log": paths.log,
            **({"venv": values.environments[self.service]} if self.service in values.environments else {}),
            "cache": values.cache,
            "unpacked": values.unpacked,
            "value": self._value,
            "port": self._port,
            "secret": self._secret,
            "shared": _Shared(self),
        }

    def _value(self, name: str) -> Plain:
        path = qualified(name, self.service)
        return _resolved(self.values.said.find(path), self, path)

    def in_value(self, template: str, owner: str) -> str:
        """Render a text in a value, which names what is its owner's as the owner does."""
        if owner in (self.service, GLOBAL):
            return self.text(template)
        renderer = Renderer(self.values, owner)
        text = renderer.text(template)
        self.of_host |= renderer.of_host
        return text

    def _port(self, name: str) -> int:
        return _known("port", self.values.state.ports, name, self.service)

    def _secret(self, name: str) -> str:
        return _known("secret", self.values.state.secrets, name, self.service)

    def shared(self, service: str, name: str) -> str | dict[str, str]:
        """Render what another service shares, with the values of this one."""
        value = shared_template(self.values.selection, service, name, self.service)
        return self.text(value) if isinstance(value, str) else self.map(value)


def shared_template(selection: Selection, owner: str, name: str, service: str) -> str | Mapping[str, str]:
    """Give what a service shares, as it is written.

    :param service: which takes it in
    :raises InputError: there is no such service, or it shares nothing of this name
    """
    entry = _known("service", selection.services, owner, service)
    return _known("shared text", entry.shared, name, service)


def _resolved(tree: Tree, renderer: Renderer, path: str) -> Plain:
    """Give a value with the templates in it rendered, for the service that reads it."""
    if isinstance(tree, Mapping):
        return {key: _resolved(child, renderer, f"{path}.{key}") for key, child in tree.items()}
    owner = path.partition(".")[0]

    def inside(value: Plain) -> Plain:
        if isinstance(value, dict):
            return {key: inside(child) for key, child in value.items()}
        if isinstance(value, list):
            return [inside(child) for child in value]
        return renderer.in_value(value, owner) if isinstance(value, str) else value

    declaration = renderer.values.said.known.find(path)
    if isinstance(tree.value, tuple):
        items: Plain = [inside(item.value) for item in tree.value]
        return completed(items, declaration.declared) if declaration is not None else items
    whole = tree.text if declaration is not None and declaration.declared.type == "text" else tree.value
    value = inside(whole)
    if declaration is not None and isinstance(whole, str) and value != whole and declaration.path == path:
        value = rendered(str(value), declaration.declared)
        if wrong := unfit(value, declaration.declared):
            raise InputError(f"{path}: {wrong}", where=tree.where, why=f"it is made of {whole!r}")
    return value


@cache
def _compiled(template: str) -> tuple[jinja2.Template, frozenset[str]]:
    """Give a template ready for use, and the names it uses; entries share texts, and checks come again and again."""
    return _ENVIRONMENT.from_string(template), frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(template)))


class _Shared:
    """``shared.mariadb.url`` in a template: attributes that are looked up when they are used."""

    def __init__(self, renderer: Renderer, service: str = "") -> None:
        self._renderer, self._service = renderer, service

    def __getitem__(self, name: str) -> Any:
        if self._service:
            return self._renderer.shared(self._service, name)
        return _Shared(self._renderer, name)


def _known(kind: str, values: Mapping[str, Value], name: str, service: str) -> Value:
    try:
        return values[name]
    except KeyError:
        raise InputError(
            f"there is no {kind} {name!r}",
            where=Where(subject=f"service {service}"),
            fix=suggestion(name, values),
        ) from None
