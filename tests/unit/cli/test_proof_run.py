from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from stackwright.proof.machine.proving import Proving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Told


def test_an_interrupted_proof_says_what_to_type_and_that_works_where_the_same_does_not(
    stackwright: Callable[..., Told],
    distribution: Path,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Proving, "carry_out", interrupt)
    monkeypatch.setattr("stackwright.cli.proof_run.require_root", lambda: None)
    monkeypatch.setattr("stackwright.cli.proof_run.signal.signal", lambda *_: None)  # this process is pytest's
    typed = ("-C", distribution, "--state", state, "proof", "run", "--in", "here", "--keep", "--tempest", "none")
    results = tmp_path / "results"
    told = stackwright(*typed, "--results", results)
    assert told.status == 130
    (results / "journal.sqlite").touch()  # as the run that was cut off has it
    assert stackwright(*typed, "--results", results).status == 2
    assert f"logs and results: {results}\n" in told.err
    hint = re.search("a new one: stackwright (.*)", told.err)
    assert hint, told.err
    words = shlex.split(hint[1])
    assert words[-7:] == ["proof", "run", "--in", "here", "--tempest", "none", "--keep"]
    again = stackwright(*words)
    assert again.status == 130
    assert hint[0] in again.err
