"""Made-up options, and files that set them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import Where
from stackwright.site.config.checks import Checked
from stackwright.site.config.definitions import Definition, Definitions, Plugin, TypeForm
from stackwright.site.config.known import known_to
from stackwright.site.files import CATALOGUE, IniFile, Option, Said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stackwright.site.config.checks import Ask
    from stackwright.site.config.model import Finding
    from stackwright.site.config.rules import SectionRule

STRING = TypeForm(kind="String", shown="string value")
INTEGER = TypeForm(kind="Integer", shown="integer value")
BOOLEAN = TypeForm(kind="Boolean", shown="boolean value")
LIST = TypeForm(kind="List", shown="list value", item=STRING)
DICT = TypeForm(kind="Dict", shown="dict value", item=STRING)
LOGIN = (
    Definition(name="auth_url", type=STRING, required=True),
    Definition(name="username", type=STRING),
    Definition(name="password", type=STRING, secret=True),
)


def option(group: str, name: str, form: TypeForm = STRING, **more: object) -> Definition:
    return Definition.model_validate({"group": group, "name": name, "type": form, "namespaces": ("n",), **more})


def definitions(*options: Definition, **more: object) -> Definitions:
    plugins = (Plugin(name="password", options=LOGIN), Plugin(name="kerberos", why="it needs requests_kerberos"))
    return Definitions.model_validate({"version": "1", "options": options, "plugins": plugins, **more})


def file(sections: Mapping[str, Mapping[str, str]], name: str = "nova.conf", layer: str = "site local") -> IniFile:
    """Give a file; each option stands in a line of its own, counted from 1."""
    lines = iter(range(1, 1000))

    def said(value: str) -> tuple[Said, ...]:
        where = Where(Path("sites/local.yaml"), next(lines))
        return (Said(value, layer, lambda: where),)

    options = (
        Option(name, section, one, said(value)) for section, some in sections.items() for one, value in some.items()
    )
    return IniFile(name, tuple(sections), tuple(options))


def of_catalogue(sections: Mapping[str, Mapping[str, str]]) -> IniFile:
    return file(sections, layer=CATALOGUE)


def nobody(_: Definition, __: str) -> None:
    """Answer no question."""


def findings(
    there: Definitions,
    *files: IniFile,
    rules: Sequence[SectionRule] = (),
    ask: Ask = nobody,
) -> list[Finding]:
    """Check the files of a made-up nova."""
    return list(Checked("nova", files, known_to(there, rules, files), ask).findings())
