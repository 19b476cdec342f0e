"""What oslo.config makes of an option's value, as far as its claim tells it.

The rules are those of oslo_config.types (https://docs.openstack.org/oslo.config/latest/reference/types.html). What a
claim does not tell, such as a type that a component has made itself, is not judged.
"""

from __future__ import annotations

import ast
import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stackwright.hazards.model import Claim

TRUE = ("true", "1", "on", "yes")
FALSE = ("false", "0", "off", "no")
WHOLE = ("Int", "Port")
NUMBERS = (*WHOLE, "Float")
PORTS = (0, 65535)
# A value with one of these is made of others when a file is rendered, or when the service reads it.
MADE_OF_OTHERS = ("{{", "{%", "$")


class _NoConstant:
    """What only running the code would tell."""


NO_CONSTANT = _NoConstant()


def refusal(claim: Claim, text: str) -> str:
    """Say why a value of a configuration file is refused; empty if it is not, or if that is not certain."""
    if any(word in text for word in MADE_OF_OTHERS):
        return ""
    kind = claim.says("type")
    if kind == "Bool":
        return "" if text.lower() in (*TRUE, *FALSE) else "it has to be true or false"
    if kind in NUMBERS:
        return _refused_number(claim, kind, text.strip())
    if kind == "Str" and not claim.says("quotes"):
        return _refused_text(claim, text)
    if kind == "Dict" and not claim.says("bounds") and not claim.says("key_value_separator"):
        return _refused_pairs(text.strip())
    if kind == "IP" and "%" not in text:
        return "" if _is_address(text) else "it has to be an IP address"
    return ""


def _refused_number(claim: Claim, kind: str, text: str) -> str:
    if not text:
        return ""
    try:
        number = int(text) if kind in WHOLE else float(text)
    except ValueError:
        return f"it has to be a {'whole ' if kind in WHOLE else ''}number"
    choices = _known(claim.says("choices"))
    if isinstance(choices, list):
        return "" if number in choices else f"it may be {_listed(choices)}"
    least, most = (_known(claim.says(word)) for word in ("min", "max"))
    if kind == "Port":
        least, most = PORTS[0] if least is None else least, PORTS[1] if most is None else most
    if isinstance(least, int | float) and number < least:
        return f"the least is {least}"
    return f"the most is {most}" if isinstance(most, int | float) and number > most else ""


def _refused_text(claim: Claim, text: str) -> str:
    length = _known(claim.says("max_length"))
    if isinstance(length, int) and 0 < length < len(text):
        return f"it may have {length} characters"
    choices = _known(claim.says("choices"))
    if not isinstance(choices, list):
        return ""
    allowed = [str(each) for each in choices]
    same = text in allowed
    if claim.says("ignore_case"):
        same = text.lower() in [each.lower() for each in allowed]
    return "" if same else f"it may be {_listed(choices)}"


def _refused_pairs(text: str) -> str:
    """Refuse what does not end with a pair: commas before may belong to a value. A name may not be empty."""
    wrong = text and (text.startswith(":") or ":" not in text.rpartition(",")[2])
    return "it has to be pairs, such as name:value,other:value" if wrong else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _listed(choices: list[Any]) -> str:
    return ", ".join(str(each) or "(nothing)" for each in choices)


def same_default(old: Claim, new: Claim) -> bool:
    """Tell whether two options have the same default, or one of them a default that only running the code would tell.

    Of upstream's releases each of those was the same, written otherwise: a constant that moved to a library.
    """
    between = new.says("key_value_separator") or ":"
    values = [_typed(new.says("type"), _known(claim.says("default")), between) for claim in (old, new)]
    return NO_CONSTANT in values or values[0] == values[1]


def default_written(claim: Claim) -> str:
    """Give a default as a configuration file has it; empty where it is nothing, or cannot be told."""
    value = _known(claim.says("default"))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ",".join(f"{key}:{each}" for key, each in value.items())
    return str(value) if isinstance(value, str | int | float) else ""


def _known(text: str) -> Any:
    """Give the constant that a claim tells as Python writes it; None for nothing."""
    try:
        return ast.literal_eval(text) if text else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return NO_CONSTANT


def _typed(kind: str, value: Any, between: str) -> Any:
    """Give what oslo.config makes of a default: a text is read as one of a configuration file is.

    :param between: parts names and values of a dictionary
    """
    if kind in ("List", "MultiStr", "Multi") and isinstance(value, tuple):
        return list(value)
    if kind == "Dict" and isinstance(value, list | str):
        parts = value if isinstance(value, list) else [part for part in value.split(",") if part]
        pairs = [str(part).partition(between) for part in parts]
        return {name.strip(): text.strip() for name, _, text in pairs} if all(pair[1] for pair in pairs) else value
    if kind == "Str" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return value
    try:
        if kind == "Bool" and value.lower() in (*TRUE, *FALSE):
            return value.lower() in TRUE
        if kind in NUMBERS:
            return int(value) if kind in WHOLE else float(value)
    except ValueError:
        return value
    if kind == "List":
        return [part.strip() for part in value.strip().rstrip(",").split(",")] if value.strip() else []
    return value
