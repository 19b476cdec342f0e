"""What cannot be seen of a tree: never taken for "there is none"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Finding, Subject, Weight

if TYPE_CHECKING:
    from stackwright.hazards.model import Claims, Kind


def gone(kind: Kind, before: Claims, after: Claims) -> bool:
    """Tell whether a tree shows nothing of a kind, where the one before it does."""
    return bool(before.of(kind)) and not after.of(kind)


def hidden(kind: Kind, subject: Subject, entered: str, after: Claims, name: str = "") -> Finding:
    """Say that nothing can be told of a kind, or of one thing of it: it is not that there is nothing.

    :param entered: the component and release that is entered: ``nova 2026.2``
    :param after: what can be seen of it
    """
    some = next((each for each in after.unseen if each.kind is kind), None)
    why = some.why if some else "its tree has none where the rules look"
    what = f"the {kind} of {name}" if name else f"any {kind}"
    return Finding(
        subject,
        name or kind,
        Weight.STEP,
        f"it cannot be seen whether {entered} has {what}, as the release before it has: {why}",
        f"look by hand at what {entered} has, and add its path to the component's rules",
        f"{some.looked[0]} in {entered}" if some and some.looked else "",
    )
