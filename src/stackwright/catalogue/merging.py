"""Parts of entries merged into entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stackwright.catalogue.model import Service

if TYPE_CHECKING:
    from collections.abc import Container


def merged(data: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Merge maps; all else is replaced, and no key removed."""
    result = dict(data)
    for key, value in change.items():
        there = result.get(key)
        result[key] = merged(there, value) if isinstance(there, Mapping) and isinstance(value, Mapping) else value
    return result


def settled(service: Service, others: Container[str]) -> Service:
    """Give an entry with the forms of its alternatives that a site's services allow.

    :param others: the services of the site
    :raises pydantic.ValidationError: what comes of it is no entry
    """
    taken = [
        next((form for form in forms if form.given is None or form.given in others), None)
        for forms in service.alternatives.values()
    ]
    data: dict[str, Any] = service.model_dump(by_alias=True, exclude_unset=True)
    for form in taken:
        if form is not None:
            data = merged(data, form.change)
            if form.given is not None and form.given not in data.get("requires", ()):
                data["requires"] = (*data.get("requires", ()), form.given)
    return Service.model_validate(data) if any(taken) else service
