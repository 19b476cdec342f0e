"""What the broker remembers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stackwright.consoled.protocol import Console
from stackwright.consoled.saved import load, save

if TYPE_CHECKING:
    from pathlib import Path

CONSOLES = {Console("one", "/dev/nmdm0B", 10000): 4711, Console("two", "/dev/nmdm1B", 10001): None}


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    save(tmp_path / "state.json", CONSOLES)
    assert load(tmp_path / "state.json") == (CONSOLES, "")
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_at_first_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path / "state.json") == ({}, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "consoles": []}',
        '{"version": 1, "consoles": [{"name": "one"}]}',
        json.dumps({"version": 1, "consoles": [{"name": "../x", "device": "/dev/null", "port": 1, "pid": None}]}),
    ],
)
def test_what_cannot_be_read_is_kept_aside_and_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    consoles, complaint = load(file)
    assert consoles == {}
    (aside,) = tmp_path.iterdir()
    assert aside.name.startswith("state.json.damaged-")
    assert str(aside) in complaint
    assert aside.read_text() == text
