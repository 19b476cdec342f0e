"""What an option's type makes of a text: oslo.config's own types, made again from what the environment told of them.

https://docs.openstack.org/oslo.config/latest/reference/types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from oslo_config import types

if TYPE_CHECKING:
    from stackwright.site.config.definitions import Definition, TypeForm

    # Makes a value of a text, or raises ValueError.
    Made: TypeAlias = Callable[[Any], Any]

# Types of Python that options have instead of oslo.config's.
OF_PYTHON: dict[str, Made] = {"str": str, "int": int, "float": float, "Any": lambda value: value}


@cache
def type_of(form: TypeForm) -> Made | None:
    """Give the type that a form tells of; None if it is a component's own, or one that this oslo.config has not."""
    try:
        return _made(form)
    except (TypeError, ValueError, re.error):  # what its own version takes, ours may not
        return None


def _made(form: TypeForm) -> Made | None:
    kind, least, most = form.kind, form.min, form.max
    simple: dict[str, Callable[[], Made]] = {
        "String": lambda: types.String(
            _choices(form), form.quotes, _regex(form), form.ignore_case, max_length=form.max_length
        ),
        "MultiString": types.MultiString,
        "Boolean": types.Boolean,
        "Integer": lambda: types.Integer(_whole(least), _whole(most), choices=_choices(form)),
        "Port": lambda: types.Port(_whole(least), _whole(most), choices=_choices(form)),
        "Float": lambda: types.Float(least, most),
        "Range": lambda: types.Range(_whole(least), _whole(most), form.inclusive),
        "IPAddress": lambda: types.IPAddress(form.version),
        "Hostname": types.Hostname,
        "HostAddress": lambda: types.HostAddress(form.version),
        "HostDomain": lambda: types.HostDomain(form.version),
        "URI": lambda: types.URI(form.max_length, form.schemes or None),
    }
    if kind in simple:
        return simple[kind]()
    return _made_of_items(form) if kind in ("List", "Dict") else OF_PYTHON.get(kind)


def _made_of_items(form: TypeForm) -> Made | None:
    # What the items are may be any callable, whatever the annotation says.
    item: Any = None if form.item is None else type_of(form.item)
    if item is None:
        return None
    if form.kind == "List":
        return types.List(item, form.bounds, min_length=form.min_length)
    return types.Dict(item, form.bounds, key_value_separator=form.key_value_separator, min_length=form.min_length)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _choices(form: TypeForm) -> list[Any] | None:
    return None if form.choices is None else [choice for choice, _ in form.choices]


def _regex(form: TypeForm) -> re.Pattern[str] | None:
    return re.compile(form.regex, form.flags) if form.regex else None


def refusal(form: TypeForm, text: str) -> str | None:
    """Say why a type refuses a text; empty if it takes it, None if only the environment can tell."""
    made = type_of(form)
    if made is None:
        return None
    try:
        made(text)
    except ValueError as error:
        return _sentence(error)
    except Exception as error:  # what else it raises ends the service, too
        return f"{type(error).__name__}: {error}"
    return ""


def is_default(one: Definition, text: str) -> bool:
    """Tell whether a text makes the same as the default does; not of a default that is another on each machine."""
    if one.computed or one.sample is not None or one.default is None:
        return False
    made = type_of(one.type)
    if made is None or (isinstance(one.default, str) and "$" in one.default):
        return bool(one.default == text)
    try:
        if one.multi:
            return [made(text)] == [made(each) for each in one.default]
        return bool(made(text) == made(default_told(one)))
    except (ValueError, TypeError, AttributeError):
        return False


def type_told(form: TypeForm) -> str:
    """Tell a type for a person: ``integer value, 1 to 65535``, ``string value: kvm, qemu or lxc``."""
    told = form.shown or {"str": "string value", "int": "integer value", "float": "floating point value"}.get(
        form.kind, f"of the type {form.foreign or form.kind}"
    )
    if form.choices is not None:
        return (
            f"{told}: {' | '.join('(nothing)' if choice in (None, '') else str(choice) for choice, _ in form.choices)}"
        )
    if form.kind in ("List", "Dict") and form.item is not None and form.item.kind not in ("String", "str"):
        told += f" of {type_told(form.item)}"
    least = "" if form.min is None else f"{form.min:g}"
    most = "" if form.max is None else f"{form.max:g}"
    if least or most:
        told += f", {least} to {most}" if least and most else f", from {least}" if least else f", up to {most}"
    if form.regex:
        told += f", matches {form.regex}"
    return told + (f", up to {form.max_length} characters" if form.max_length else "")


def default_told(one: Definition) -> str:
    """Give a default as a configuration file has it, ``<None>`` for nothing."""
    if one.sample is not None:
        return one.sample
    told = _written(one.default, one.type.key_value_separator)
    around = {"List": "[]", "Dict": "{}"}.get(one.type.kind) if one.type.bounds and one.default is not None else None
    return f"{around[0]}{told}{around[1]}" if around else told


def _written(value: Any, between: str) -> str:
    if value is None:
        return "<None>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(_written(each, between) for each in value)
    if isinstance(value, dict):
        return ",".join(f"{key}{between}{_written(each, between)}" for key, each in value.items())
    return str(value)


def _sentence(error: ValueError) -> str:
    """Give what oslo.config says, as the middle of a sentence.

    Some of its messages are not filled in, and others are another library's error with all that this is made of.
    """
    said, *more = error.args or ("",)
    if isinstance(said, Exception):
        said = (*said.args, said)[0]
    words = str(said) % tuple(more) if more else str(said)
    return words.rstrip(".") or "it is not of its type"
