"""The step that holds a service's configuration against an environment that has just been built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import ManyInputsError
from stackwright.plan.step import Context, Step, Verdict, done, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stackwright.errors import InputError


def validity_step(service: str, faults: Callable[[], Sequence[InputError]], *, force: bool) -> Step:
    """Make the step ``<service>/validity``, for a service whose environment is not built yet.

    :param faults: gives what is wrong; only once the environment is there
    :param force: go on all the same
    """
    seen: list[bool] = []

    def check() -> Verdict:
        return done() if seen else needed("its environment, which knows the options, is not built yet")

    def do(context: Context) -> None:
        found = faults()
        if found and not force:
            raise found[0] if len(found) == 1 else ManyInputsError(found)
        for one in found:
            context.progress(risk(one))
        seen.append(True)

    return Step(
        f"{service}/validity",
        "hold its configuration and policy against what its programs know",
        check,
        do,
        (f"{service}/environment",),
        seconds=3,
    )


def risk(fault: InputError) -> str:
    """Say what is risked by going on all the same."""
    return f"forced: {fault.where}: {fault.what}"
