"""What is different: files as they are to be and as they are; the options of two releases, for what a site sets."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.hazards.forecast.options import key_of
from stackwright.site.config.masking import masked_line
from stackwright.site.config.reading import Reading
from stackwright.site.config.typed import default_told, refusal, type_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.site.config.definitions import Definition, TypeForm
    from stackwright.site.config.known import Known
    from stackwright.site.files import IniFile, Option, RenderedFile

# Types that take all that another takes.
WIDER = {"String": ("Boolean", "Integer", "Float", "Port", "IPAddress", "Hostname", "HostAddress", "HostDomain", "URI")}


def file_diff(file: RenderedFile, name: str) -> str:
    """Give the unified diff from a file as it is to the same as it is to be; empty if there is none.

    Secrets are left out of it: a line in which only a secret differs is there as it was and as it will be, alike.

    :param name: what the file is called in it
    """
    try:
        now = file.path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        now = ""
    lines = difflib.unified_diff(
        now.splitlines(), file.text.splitlines(), f"{name} (as it is)", f"{name} (as it is to be)", lineterm=""
    )
    return "".join(f"{masked_line(line)}\n" for line in lines)


@dataclass(frozen=True)
class Change:
    """What another release makes of an option that is set.

    :param what: removed, renamed, refused, narrowed, default, deprecated, new
    :param here: what it is in the release that is left
    :param there: what it is in the other one
    """

    service: str
    option: Option
    what: str
    here: str
    there: str


def release_diff(service: str, files: Sequence[IniFile], here: Known, there: Known) -> Iterator[Change]:
    """Say what is different in another release, of the options that the files of a service set.

    :param files: rendered; the values are the same in both
    :param here: the options that the service has with them
    :param there: the same in the other release
    """
    reading = Reading(here, files)
    for option in (option for file in files for option in file.options):
        key = key_of(option.section, option.name)
        old, new = here.get(key), there.get(key)
        if old and not new:
            yield Change(service, option, "removed", old[0].written, "")
        elif new and not old:
            yield Change(service, option, "new", "", new[0].written)
        elif old and new:
            text = reading.put_in(option.file, option.section, option.value)
            for what, was, will_be in _differences(old, new, text):
                yield Change(service, option, what, was, will_be)


def _differences(
    old: Sequence[Definition], new: Sequence[Definition], text: str | None
) -> Iterator[tuple[str, str, str]]:
    one, other = old[0], new[0]
    if one.written != other.written:
        yield "renamed", one.written, other.written
    if other.removal and not one.removal:
        yield "deprecated", "", f"for removal{f' since {other.since}' if other.since else ''}"
    if (
        text is not None
        and all(refusal(each.type, text) for each in new)
        and not all(refusal(each.type, text) for each in old)
    ):
        yield "refused", type_told(one.type), type_told(other.type)
    elif one.type != other.type and _narrowed(one.type, other.type):
        yield "narrowed", type_told(one.type), type_told(other.type)
    secret = one.secret or other.secret
    if not secret and default_told(one) != default_told(other):
        yield "default", default_told(one), default_told(other)


def _narrowed(one: TypeForm, other: TypeForm) -> bool:
    """Tell whether a type may refuse what another took."""
    if one.kind != other.kind:
        return one.kind not in WIDER.get(other.kind, ()) or other.choices is not None or bool(other.regex)
    if one.item is not None and other.item is not None and one.item != other.item and _narrowed(one.item, other.item):
        return True
    fewer = other.choices is not None and (
        one.choices is None or not {choice for choice, _ in one.choices} <= {choice for choice, _ in other.choices}
    )
    higher = other.min is not None and (one.min is None or one.min < other.min)
    lower = other.max is not None and (one.max is None or one.max > other.max)
    shorter = bool(other.max_length) and (not one.max_length or one.max_length > (other.max_length or 0))
    return fewer or higher or lower or shorter or (bool(other.regex) and one.regex != other.regex)
