"""The reference pages of the documentation, made of what they speak of: the commands' parsers and the models.

``python -m stackwright.cli.reference docs/reference`` writes them; a test holds them to it.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stackwright.catalogue.model import Service
from stackwright.catalogue.platform import Platform
from stackwright.cli.distribution import FILES
from stackwright.cli.main import COMMANDS, Stackwright
from stackwright.distribution.schemas import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cliff.command import Command

MADE = "<!-- Made by `python -m stackwright.cli.reference docs/reference`: change the code, not this page. -->"
ANYTHING = "anything"
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}


def pages() -> dict[str, str]:
    """Give every page by its file's name."""
    return {"commands.md": _commands(), "distribution.md": _distribution(), "catalogue.md": _catalogue()}


def write(directory: Path) -> None:
    """Write every page."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (directory / name).write_text(text, encoding="utf-8")


def _commands() -> str:
    application = Stackwright()
    parts = [
        "# Commands",
        MADE,
        "`stackwright [global options] COMMAND [options]`. `stackwright help COMMAND` says the same on a terminal.",
        "Exit status: 0 done, 1 the check found something, 2 the input is wrong, 3 the environment lacks something, "
        "4 the run failed and can be resumed.",
        "## Global options",
        _options(application.parser._actions),
    ]
    tables: dict[str, argparse.Action] = {}
    for name in sorted(COMMANDS):
        command = _made(name, application)
        parser = command.get_parser(f"stackwright {name}")
        # Cliff puts the options that come with a table into groups of their own.
        own = [*parser._positionals._group_actions, *parser._optionals._group_actions]
        others = [action for action in parser._actions if action not in own and action.help != argparse.SUPPRESS]
        tables |= {action.option_strings[0]: action for action in others}
        usage = " ".join([f"stackwright {name}", *map(_usage, _without_help(own))])
        parts += [f"## {name}", f"`{usage}`", f"{command.get_description().rstrip('.')}."]
        parts += [_options(own)] if _without_help(own) else []
        parts += ["Takes the [options of tables](#options-of-tables)."] if others else []
    parts += [
        "## Options of tables",
        "Of the commands that print a table; the formats are those of the `openstack` client.",
        _options(tables.values()),
    ]
    return _page(parts)


def _made(name: str, application: Stackwright) -> Command:
    factory = EntryPoint(name, f"stackwright.cli.{COMMANDS[name]}", "stackwright.cli").load()
    return cast("Command", factory(application, None, cmd_name=name))


def _without_help(actions: Iterable[argparse.Action]) -> list[argparse.Action]:
    return [action for action in actions if "--help" not in action.option_strings]


def _options(actions: Iterable[argparse.Action]) -> str:
    rows = []
    for action in _without_help(actions):
        words = ", ".join(action.option_strings) or str(action.metavar or action.dest).upper()
        value = f" {_value(action)}" if action.nargs != 0 and (action.option_strings or action.choices) else ""
        rows.append((f"`{words}{value}`", _cell((action.help or "") % {"default": action.default})))
    return _table(("Option", "What it does"), rows)


def _usage(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"[{action.dest.upper()}]" if action.nargs == "?" else action.dest.upper()
    return f"[{action.option_strings[0]}{'' if action.nargs == 0 else f' {_value(action)}'}]"


def _value(action: argparse.Action) -> str:
    if action.choices:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return str(action.metavar or action.dest.upper())


def _distribution() -> str:
    parts = [
        "# The files of a distribution",
        MADE,
        "Every key of every file. [distribution.md](../distribution.md) explains them with examples; `stackwright "
        "schema KIND` prints the same as a JSON Schema.",
    ]
    for model in FILES.values():
        whole = schema(model)
        models = whole.get("$defs", {})
        words = {f"#/$defs/{name}": part for name, part in models.items() if "enum" in part}
        parts += _of_object(whole["title"].removeprefix("Stackwright ").capitalize(), whole, words)
        for name, part in models.items():
            if "enum" not in part and f"## {_title(name)}" not in parts:  # several files may have it
                parts += _of_object(_title(name), part, words)
    return _page(parts)


def _catalogue() -> str:
    whole = Service.model_json_schema()
    parts = [
        "# The keys of a catalogue entry",
        MADE,
        "Every key of every part of an entry. [catalogue.md](../catalogue.md) says how one is written.",
        *_of_object("Service", whole),
    ]
    for name, part in whole["$defs"].items():
        parts += _of_object(name, part)
    platform = Platform.model_json_schema()
    parts += ["# The keys of a platform", *_of_object("Platform", platform)]
    for name, part in platform["$defs"].items():
        if name != "Service" and name not in whole["$defs"]:
            parts += _of_object(name, part)
    return _page(parts)


def _of_object(title: str, part: Mapping[str, Any], words: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Give a heading, what the object is, and the table of its keys.

    :param words: what references to a choice of words mean
    """
    yield f"## {title}"
    yield str(part["description"]).replace("``", "`")
    for form, words_before in (("oneOf", "Exactly one of"), ("anyOf", "At least one of")):
        if form in part:
            choices = (one["required"][0] for one in part[form])
            yield f"{words_before} {', '.join(f'`{choice}`' for choice in choices)}."
    required = part.get("required", ())
    rows = [
        (
            f"`{key}`",
            _kind(value, words),
            _presence(key, value, required=key in required),
            _cell(value.get("description", "")),
        )
        for key, value in part["properties"].items()
    ]
    if (others := part.get("additionalProperties", False)) is not False:
        rows.append(("any other", _kind(others, words) if isinstance(others, dict) else ANYTHING, "", ""))
    yield _table(("Key", "Value", "If missing", "Meaning"), rows)


def _title(model: str) -> str:
    """Give the name of a model as users know it: an entry of a file is a class ending in ``File``."""
    return model.removesuffix("File") or model


def _kind(value: Mapping[str, Any], words: Mapping[str, Any] | None = None) -> str:
    """Say in words what a value may be."""
    value = (words or {}).get(str(value.get("$ref")), value)
    if "$ref" in value:
        name = _title(value["$ref"].rsplit("/", 1)[-1])
        return f"[{name}](#{name.lower()})"
    if "const" in value or "enum" in value:
        return " or ".join(f"`{word}`" for word in value.get("enum", [value.get("const")]))
    for choice in ("anyOf", "oneOf"):
        if choice in value:
            return " or ".join(_kind(one, words) for one in value[choice] if one.get("type") != "null")
    if "type" not in value:
        return ANYTHING
    if value["type"] == "array":
        return f"list of {_kind(value['items'], words)}"
    if value["type"] == "object":
        inner = value.get("additionalProperties") or next(iter(value["patternProperties"].values()))
        return f"map of {_kind(inner, words) if isinstance(inner, dict) else ANYTHING}"
    return {"path": "path", "date": "day"}.get(value.get("format", ""), WORDS[value["type"]])


def _presence(key: str, value: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "error"
    default = value.get("default")
    if default is None or default in ("", [], {}) or isinstance(default, dict):
        return ""
    return f"`{default:#o}`" if key == "mode" else f"`{str(default).lower() if default is False else default}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
