"""Templates of the catalogue rendered with the values of a site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import jinja2
from jinja2 import meta

from stackwright.errors import InputError, Where, suggestion
from stackwright.tools import namespaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stackwright.catalogue.catalogue import Selection
    from stackwright.site.paths import SitePaths
    from stackwright.site.state import SiteState

Value = TypeVar("Value")

_ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)


@dataclass(frozen=True)
class Values:
    """Everything a site's templates may name, whatever the service.

    :param environments: service -> the folder of its Python environment
    :param cache: the cache of downloads and artifacts
    """

    selection: Selection
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
    ``port('service-port')``, ``secret('service-name')`` and ``shared.<service>.<name>``, the texts that other services
    share.
    """

    def __init__(self, values: Values, service: str) -> None:
        self.values = values
        self.service = service

    def text(self, template: str) -> str:
        """Render a text.

        :raises InputError: it names what is not there, or is not a template
        """
        if "{" not in template:
            return template
        try:
            compiled, names = _compiled(template)
            unknown = names - self._context.keys()
            if unknown:
                name = min(unknown)
                raise self._cannot_render(template, f"there is no {name!r}", suggestion(name, self._context))
            return compiled.render(self._context)
        except InputError:
            raise
        except Exception as error:  # a template can go wrong in every way that code can
            raise self._cannot_render(template, str(error)) from error

    def _cannot_render(self, template: str, why: str, fix: str = "") -> InputError:
        return InputError(
            f"cannot render {template!r}", where=Where(subject=f"service {self.service}"), why=why, fix=fix
        )

    def words(self, templates: Iterable[str]) -> tuple[str, ...]:
        """Render the words of a command."""
        return tuple(self.text(template) for template in templates)

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
            "port": self._port,
            "secret": self._secret,
            "shared": _Shared(self),
        }

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
