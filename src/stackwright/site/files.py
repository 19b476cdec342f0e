"""A service's configuration files, rendered from the catalogue and the site's values.

What is to stand in a file is worked out once, as options that know who says them; a file's text is those options
written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from stackwright.errors import InputError, Where, suggestion
from stackwright.site.policy.files import policy_file_text
from stackwright.site.render import shared_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.catalogue.catalogue import Catalogue, Selection
    from stackwright.catalogue.model import File, Service
    from stackwright.site.render import Renderer
    from stackwright.site.values.merge import Placed

# What the site's values set: file -> section -> option.
Conf: TypeAlias = "Mapping[str, Mapping[str, Mapping[str, Placed]]]"

# The option of a section that takes in maps which services share: `include: keystone.auth memcached.cache`.
INCLUDE = "include"
CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Said:
    """A value of an option, and who says it.

    :param value: as it is to stand in the file, where it may hold a secret; or the template that makes it
    :param layer: the catalogue, or the layer of the site's values
    """

    value: str = field(repr=False)
    layer: str
    _where: Callable[[], Where] = field(repr=False, compare=False)

    @property
    def where(self) -> Where:
        """Where it is said."""
        return self._where()


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a file.

    :param said: all that is said of it, from the general to the special: the last wins
    """

    file: str
    section: str
    name: str
    said: tuple[Said, ...]

    @property
    def value(self) -> str:
        """What stands in the file; it may hold a secret."""
        return self.said[-1].value

    @property
    def where(self) -> Where:
        """Where that is said."""
        return self.said[-1].where

    @property
    def layer(self) -> str:
        """Which layer says it."""
        return self.said[-1].layer


@dataclass(frozen=True)
class IniFile:
    """A file of oslo.config's form.

    :param sections: in the order of the file; some may be empty
    :param options: in the order of the file
    """

    name: str
    sections: tuple[str, ...]
    options: tuple[Option, ...]

    def rendered(self, render: Callable[[str], str]) -> IniFile:
        """Give it with values in the place of templates.

        :raises InputError: a template cannot be rendered, or makes several lines
        """
        options = (
            replace(option, said=tuple(replace(one, value=_line(option.name, one, render)) for one in option.said))
            for option in self.options
        )
        return replace(self, options=tuple(options))

    def text(self, render: Callable[[str], str] = str) -> str:
        """Give the file as it is written; it may hold secrets.

        :param render: makes values of templates, where they are not rendered yet
        :raises InputError: a template cannot be rendered, or makes several lines
        """
        lines: dict[str, list[str]] = {section: [] for section in self.sections}
        for option in self.options:
            lines[option.section].append(f"{option.name} = {_line(option.name, option.said[-1], render)}\n")
        return "\n".join(f"[{section}]\n{''.join(own)}" for section, own in lines.items())


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file of oslo.config's form, rendered as far as it is the same on all hosts with the same values.

    :param parts: text, or the name of an option and what is said of it
    """

    name: str
    parts: tuple[str | tuple[str, Said], ...]

    def text(self, render: Callable[[str], str]) -> str:
        """Give the file as it is written on the host whose renderer this is of."""
        return "".join(
            part if isinstance(part, str) else f"{part[0]} = {_line(*part, render)}\n" for part in self.parts
        )


def shared_file(file: IniFile, renderer: Renderer) -> SharedFile:
    """Render what does not name the host.

    :raises InputError: a template cannot be rendered, or makes several lines
    """
    parts: list[str | tuple[str, Said]] = []
    for index, section in enumerate(file.sections):
        parts.append(f"[{section}]\n" if index == 0 else f"\n[{section}]\n")
        for option in file.options:
            if option.section == section:
                renderer.of_host = False
                text = f"{option.name} = {_line(option.name, option.said[-1], renderer.text)}\n"
                parts.append((option.name, option.said[-1]) if renderer.of_host else text)
    joined: list[str | tuple[str, Said]] = []
    for kind, some in groupby(parts, type):
        if kind is str:
            joined.append("".join(map(str, some)))
        else:
            joined.extend(some)
    return SharedFile(file.name, tuple(joined))


def _line(name: str, one: Said, render: Callable[[str], str]) -> str:
    value = render(one.value)
    if "\n" in value or "\r" in value or "\0" in value:
        raise InputError(
            f"the value of {name!r} is of several lines",
            where=one.where,
            why="in the configuration file the second would be an option or a section of its own",
            fix="write it on one line",
        )
    return value


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
    service: Service, renderer: Renderer, conf: Conf | None = None, *, files: tuple[SharedFile, ...] | None = None
) -> dict[str, RenderedFile]:
    """Render all files of a service by their names.

    :param conf: what is set for this service, if it is not what the site's values say
    :param files: those of a host with the same values
    :raises InputError: a value sets an option in a file that the service does not have, or to several lines
    """
    known = ini_files(service, renderer, conf) if files is None else files
    folder = renderer.values.paths.etc(renderer.service)
    texts = {file.name: file.text(renderer.text) for file in known}
    return {
        file: RenderedFile(
            path=Path(renderer.text(entry.path)) if entry.path else folder / file,
            text=texts[file] if file in texts else _text(entry, renderer),
            owner=entry.owner,
            mode=entry.mode,
        )
        for file, entry in service.files.items()
    }


def _text(entry: File, renderer: Renderer) -> str:
    if entry.policy:
        return _policy(renderer)
    assert entry.text is not None
    return renderer.text(entry.text)


def _policy(renderer: Renderer) -> str:
    """Give a file of policy (https://docs.openstack.org/oslo.policy/latest/admin/policy-yaml-file.html)."""
    rules = renderer.values.said.policy(renderer.service)
    return _dumped(tuple((name, renderer.text(placed.text)) for name, placed in sorted(rules.items())))


@cache  # hosts have the same
def _dumped(rules: tuple[tuple[str, str], ...]) -> str:
    return policy_file_text(dict(rules))


def ini_files(service: Service, renderer: Renderer, conf: Conf | None = None) -> tuple[IniFile, ...]:
    """Give what is to stand in the files of a service that are of oslo.config's form, as templates.

    The parameters and errors are those of `render_files`.
    """
    values = renderer.values
    own = values.said.conf(renderer.service) if conf is None else conf
    return templates(renderer.service, service, values.selection, values.said.known.catalogue, own)


def templates(
    name: str, service: Service, selection: Selection, catalogue: Catalogue, conf: Conf
) -> tuple[IniFile, ...]:
    """Give what is to stand in the files of a service that are of oslo.config's form, as templates.

    What is included comes first, then what the service says itself, then what the site's values set: the last wins.

    :param name: the service's
    :param selection: has the services that share maps
    :param catalogue: tells where entries say something
    :param conf: what is set for this service
    :raises InputError: a value sets an option in a file that the service does not have, or an included map is not there
    """
    known = service.option_files
    for file, sections in conf.items():
        if file not in known:
            where = next((each.where for options in sections.values() for each in options.values()), Where())
            raise InputError(f"{name} has no configuration file {file!r}", where=where, fix=suggestion(file, known))
    return tuple(
        _ini_file(name, file, entry.ini, selection, catalogue, conf.get(entry.said_as or file, {}))
        for file, entry in service.files.items()
        if entry.ini is not None
    )


def _ini_file(
    service: str,
    file: str,
    own: Mapping[str, Mapping[str, str]],
    selection: Selection,
    catalogue: Catalogue,
    conf: Mapping[str, Mapping[str, Placed]],
) -> IniFile:
    options: list[Option] = []
    sections = tuple(dict.fromkeys((*own, *conf)))
    for section in sections:
        said: dict[str, list[Said]] = {}
        for option, template, loc in _of_catalogue(own.get(section, {}), selection, service, file, section):
            said.setdefault(option, []).append(Said(template, CATALOGUE, partial(catalogue.where, *loc)))
        for option, placed in conf.get(section, {}).items():
            said.setdefault(option, []).append(Said(placed.text, placed.layer, partial(_same, placed.where)))
        options += [Option(file, section, option, tuple(all_said)) for option, all_said in said.items()]
    return IniFile(file, sections, tuple(options))


def _of_catalogue(
    options: Mapping[str, str], selection: Selection, service: str, file: str, section: str
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give the options of a section of the catalogue, as they are written, with those of the maps that it takes in.

    The third of each is the keys that lead to it: the entry's name, and those in the entry.

    :raises InputError: a service or a map is not there
    """
    for reference in options.get(INCLUDE, "").split():
        owner, _, name = reference.partition(".")
        shared = shared_template(selection, owner, name, service)
        if isinstance(shared, str):
            raise InputError(
                f"{owner} shares {name!r} as a text, not as a map that a section could include",
                where=Where(subject=f"service {service}"),
            )
        for option, template in shared.items():
            yield option, template, (owner, "shared", name, option)
    for option, template in options.items():
        if option != INCLUDE:
            yield option, template, (service, "files", file, "ini", section, option)


def _same(where: Where) -> Where:
    return where
