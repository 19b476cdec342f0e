"""A service's configuration files, rendered from the catalogue, the site and what the user set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where, suggestion
from stackwright.site.render import shared_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import File, Service
    from stackwright.site.render import Renderer

    # file -> section -> option -> value
    Overrides: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]

# The option of a section that takes in maps which services share: `include: keystone.auth memcached.cache`.
INCLUDE = "include"


@dataclass(frozen=True)
class RenderedFile:
    """A file as it is to be; its text may hold secrets."""

    path: Path
    text: str
    owner: str
    mode: int

    def __repr__(self) -> str:
        """Leave the text out."""
        return f"RenderedFile({str(self.path)!r})"


def render_files(
    service: Service, renderer: Renderer, overrides: Overrides, where: Callable[..., Where]
) -> dict[str, RenderedFile]:
    """Render all files of a service by their names.

    :param overrides: what the user set for this service
    :param where: gives the place of what the keys below ``overrides`` lead to
    :raises InputError: the user sets an option in a file that the service does not have, or to several lines
    """
    for name in overrides:
        if name not in service.files or service.files[name].ini is None:
            raise InputError(
                f"{renderer.service} has no configuration file {name!r}",
                where=where(name, key=True),
                fix=suggestion(name, (known for known, file in service.files.items() if file.ini is not None)),
            )
    return {
        name: RenderedFile(
            path=Path(renderer.text(file.path)) if file.path else renderer.values.paths.etc(renderer.service) / name,
            text=(
                _ini(file.ini, renderer, overrides.get(name, {}), partial(where, name))
                if file.ini is not None
                else _text(file, renderer)
            ),
            owner=file.owner,
            mode=file.mode,
        )
        for name, file in service.files.items()
    }


def _text(file: File, renderer: Renderer) -> str:
    assert file.text is not None
    return renderer.text(file.text)


def _ini(
    sections: Mapping[str, Mapping[str, str]],
    renderer: Renderer,
    overrides: Mapping[str, Mapping[str, str]],
    where: Callable[..., Where],
) -> str:
    """Render an oslo.config file: what is included, then what the service says itself, then what the user sets wins."""
    lines: list[str] = []
    for section in [*sections, *(name for name in overrides if name not in sections)]:
        options = renderer.map(with_included(sections.get(section, {}), renderer.values.selection, renderer.service))
        for name, value in options.items():
            _refuse_lines(name, value, Where(subject=f"service {renderer.service}"))
        for name, value in overrides.get(section, {}).items():
            _refuse_lines(name, value, where(section, name))
            options[name] = value
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in options.items()), ""]
    return "\n".join(lines)


def with_included(section: Mapping[str, str], selection: Selection, service: str) -> dict[str, str]:
    """Give the options of a section of the catalogue, as they are written, with those of the maps that it takes in.

    :param selection: has the services that share these maps
    :param service: whose section it is
    :raises InputError: a service or a map is not there
    """
    own = dict(section)
    options: dict[str, str] = {}
    for reference in own.pop(INCLUDE, "").split():
        owner, _, name = reference.partition(".")
        shared = shared_template(selection, owner, name, service)
        if isinstance(shared, str):
            raise InputError(
                f"{owner} shares {name!r} as a text, not as a map that a section could include",
                where=Where(subject=f"service {service}"),
            )
        options.update(shared)
    return options | own


def _refuse_lines(name: str, value: str, where: Where) -> None:
    if any(character in value for character in "\n\r\0"):
        raise InputError(
            f"the value of {name!r} is of several lines",
            where=where,
            why="in the configuration file the second would be an option or a section of its own",
            fix="write it on one line",
        )
