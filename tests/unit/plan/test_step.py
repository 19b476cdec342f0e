from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from stackwright.errors import InputError, Where
from stackwright.plan.step import State, Step, Verdict, done, name_step, needed, unseen


@pytest.mark.parametrize(
    ("verdict", "state", "is_done"),
    [
        (done("it answers"), State.DONE, True),
        (needed("it does not answer"), State.NEEDED, False),
        (unseen("the server does not run yet"), State.UNSEEN, False),
    ],
)
def test_only_what_was_seen_to_be_as_wished_is_done(verdict: Verdict, state: State, is_done: bool) -> None:
    assert (verdict.state, verdict.done) == (state, is_done)
    assert verdict.reason


def test_a_step_does_not_change() -> None:
    step = Step("a", "make a", done, lambda _: None)
    with pytest.raises(FrozenInstanceError):
        step.name = "b"  # type: ignore[misc]


def test_an_error_names_its_step_beside_the_file_it_speaks_of() -> None:
    error = InputError("no", where=Where(Path("site.yaml"), 3, 5))
    name_step(error, Step("nova/config", "write nova.conf", done, lambda _: None))
    assert str(error) == "site.yaml:3:5, step nova/config: no"
