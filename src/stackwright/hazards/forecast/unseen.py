"""What cannot be seen of a tree: never taken for "there is none"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Finding, Subject, Weight

if TYPE_CHECKING:
    from stackwright.hazards.model import Claims, Kind


def hidden(kind: Kind, subject: Subject, entered: str, before: Claims, after: Claims) -> tuple[Finding, ...]:
    """Say that a tree shows nothing of a kind, where the one before it does; otherwise nothing.

    :param entered: the component and release that is entered: ``nova 2026.2``
    """
    if not before.of(kind) or after.of(kind):
        return ()
    some = next((each for each in after.unseen if each.kind is kind), None)
    why = some.why if some else "its tree has none where the rules look"
    step = f"look by hand at what {entered} has, and add its path to the component's rules"
    where = f"{some.looked[0]} in {entered}" if some and some.looked else ""
    what = f"it cannot be seen which {kind} claims {entered} has: {why}"
    return (Finding(subject, kind, Weight.STEP, what, step, where),)
