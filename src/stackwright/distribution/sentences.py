"""Say what pydantic found wrong in a document: in plain words, with the place and the way to mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    from stackwright.distribution.document import Document, Loc

# pydantic's error types that complain about the kind of a value -> what was expected
_EXPECTED = {
    "string_type": "text",
    "path_type": "a path",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a map",
    "mapping_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "date_type": "a date such as 2026-10-15",
    "date_parsing": "a date such as 2026-10-15",
    "date_from_datetime_parsing": "a date such as 2026-10-15",
}

_NOT_IN_QUOTES = {"a whole number", "a number", "true or false"}

# pydantic's error types that complain about a size -> the end of the sentence, made of the error's context
_SIZES = {
    "greater_than_equal": "expected at least {ge}, found {found}",
    "greater_than": "expected more than {gt}, found {found}",
    "less_than_equal": "expected at most {le}, found {found}",
    "less_than": "expected less than {lt}, found {found}",
    "too_short": "expected at least {min_length} of them, found {actual_length}",
    "too_long": "expected at most {max_length} of them, found {actual_length}",
    "string_too_short": "expected at least {min_length} characters, found {found}",
    "string_too_long": "expected at most {max_length} characters, found {found}",
}


def fault(what: str, *, why: str = "", fix: str = "", at: Loc = (), key: bool = False) -> PydanticCustomError:
    """Give the error that a model's validator raises, with all that a user wants to know.

    :param what: what is wrong, one sentence without a full stop
    :param at: where, from the value that the validator is given
    :param key: it is the key there that is wrong, not its value
    """
    return PydanticCustomError("fault", "{what}", {"what": what, "why": why, "fix": fix, "at": at, "key": key})


def input_errors(model: type[BaseModel], document: Document, details: Sequence[ErrorDetails]) -> list[InputError]:
    """Give the errors of a document: keys without a value, and what pydantic found, in the order of their places."""
    empty = set(document.empty())
    errors = [_without_value(document, loc) for loc in empty]
    misspelt = set(_misspelt(model, details))
    kinds: dict[_Place, list[str]] = {}
    for detail in details:
        place = _Place.of(document, detail["loc"])
        if place.path in empty or (detail["type"] == "missing" and detail["loc"] in misspelt):
            continue
        if detail["type"] in _EXPECTED:
            kinds.setdefault(place, []).append(_EXPECTED[detail["type"]])
        else:
            errors.append(_input_error(model, document, detail, place))
    errors += [_of_wrong_kind(document, place, expected) for place, expected in kinds.items()]
    return sorted(errors, key=lambda error: (error.where.line or 0, error.where.column or 0, error.what))


@dataclass(frozen=True)
class _Place:
    """What pydantic complains about: a value, or a key itself."""

    path: Loc
    key: bool

    @classmethod
    def of(cls, document: Document, loc: Loc) -> _Place:
        return cls(document.path(loc), loc[-1:] == ("[key]",))

    def found(self, document: Document) -> str:
        return f"the text {self.path[-1]!r}" if self.key else document.node(self.path).described()

    def where(self, document: Document) -> Where:
        return document.where(self.path, key=self.key)


def _misspelt(model: type[BaseModel], details: Iterable[ErrorDetails]) -> Iterator[Loc]:
    """Give the places that unknown keys were meant for: that a key is missing there needs no telling."""
    for detail in details:
        if detail["type"] == "extra_forbidden":
            *around, key = detail["loc"]
            for near in get_close_matches(str(key), _properties(model, tuple(around)), n=1):
                yield (*around, near)


def _without_value(document: Document, loc: Loc) -> InputError:
    return InputError(
        f"{_name(loc)} has no value",
        where=document.where(loc, key=True),
        fix='write one ("" is an empty text, {} an empty map, [] an empty list), or remove it',
    )


def _of_wrong_kind(document: Document, place: _Place, expected: Sequence[str]) -> InputError:
    node = document.node(place.path)
    why = ""
    if node.text is not None and re.fullmatch(r"[-+]?0[0-9]+", node.text):
        why = "YAML 1.1 reads a number with a leading zero as octal and YAML 1.2 does not: write 0o17 or 15"
    elif node.text is None and isinstance(node.content, str) and set(expected) & _NOT_IN_QUOTES:
        why = "it is in quotes, so it is text"
    return InputError(
        f"{_name(place.path)}: expected {' or '.join(dict.fromkeys(expected))}, found {place.found(document)}",
        where=place.where(document),
        why=why,
    )


def _input_error(model: type[BaseModel], document: Document, detail: ErrorDetails, place: _Place) -> InputError:
    loc, context = detail["loc"], detail.get("ctx", {})
    name, found, where = _name(place.path), place.found(document), place.where(document)
    match detail["type"]:
        case "fault":
            at = (*loc, *context["at"])
            where = document.where(at, key=place.key or context["key"])
            return InputError(context["what"], where=where, why=context["why"], fix=context["fix"])
        case "missing":
            key = str(loc[-1])
            meaning = _properties(model, loc[:-1]).get(key, {}).get("description", "")
            return InputError(
                f"{name}: the key {key!r} is missing",
                where=document.where(place.path, key=True),
                why=meaning and f"it says: {meaning}",
                fix=f"add `{key}:`",
            )
        case "extra_forbidden":
            return InputError(
                f"the key {str(loc[-1])!r} is unknown",
                where=document.where(place.path, key=True),
                fix=suggestion(str(loc[-1]), _properties(model, loc[:-1])),
            )
        case "literal_error" | "enum":
            known = re.findall(r"'([^']*)'", context["expected"])
            return InputError(
                f"{name}: expected {context['expected']}, found {found}",
                where=where,
                fix=suggestion(str(detail["input"]), known) if len(known) > 1 else "",
            )
        case "string_pattern_mismatch":
            return InputError(f"{name}: {found} is not of the form {context['pattern']}", where=where)
        case "value_error":
            return InputError(f"{name}: {context['error']}", where=where)
        case size if size in _SIZES:
            return InputError(f"{name}: {_SIZES[size].format(found=found, **context)}", where=where)
        case _:
            return InputError(f"{name}: {detail['msg']}", where=where)


def _name(loc: Loc) -> str:
    """Name a place: the key, or the item of the list behind a key."""
    if not loc:
        return "the file"
    if isinstance(loc[-1], int):
        return f"item {loc[-1] + 1} of {_name(loc[:-1])}"
    return f"the key {loc[-1]!r}"


def _properties(model: type[BaseModel], loc: Loc) -> Mapping[str, Mapping[str, Any]]:
    """Give the keys that a model knows at a place, each with its schema.

    A step of the place may be the name of a union's member, as pydantic's places have them.
    """
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})

    def members(of: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
        if "$ref" in of:
            target = of["$ref"].rpartition("/")[2]
            yield from members(definitions[target], target)
        for option in (*of.get("anyOf", ()), *of.get("oneOf", ()), *of.get("allOf", ())):
            yield from members(option)
        yield name, of

    def inside(of: Mapping[str, Any], step: str | int) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if isinstance(step, int):
            below = [of.get("items"), *of.get("prefixItems", ())]
        elif step in of.get("properties", {}):
            below = [of["properties"][step]]
        else:
            below = [of.get("additionalProperties"), *of.get("patternProperties", {}).values()]
        for schema in below:
            if isinstance(schema, dict):
                yield from members(schema)

    candidates = list(members(schema))
    for step in loc:
        below = [member for _, of in candidates for member in inside(of, step)]
        candidates = below or [(name, of) for name, of in candidates if name == step]
    return {key: value for _, of in candidates for key, value in of.get("properties", {}).items()}
