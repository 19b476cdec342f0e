"""The HTML page as a text: what it says to a browser before any of its script runs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from stackwright.patches.matrix.cells import GOOD, Cell, Matrix, State
from stackwright.patches.matrix.page import MEANING, page
from tests.matrices import PATCH, every_state, of_one

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def data_of(text: str) -> dict[str, Any]:
    (found,) = DATA.findall(text)
    data: dict[str, Any] = json.loads(found)
    return data


def test_the_whole_matrix_is_in_the_page() -> None:
    matrix = every_state()
    data = data_of(page(matrix))
    assert (data["distribution"], data["made"]) == ("ourcloud", "2026-11-20T09:30:00Z")
    assert [cell["component"] for cell in data["cells"]] == [cell.component for cell in matrix.cells]
    conflict = data["cells"][1]["patches"][0]
    assert conflict["state"] == "conflict"
    assert [line for line in conflict["problems"][0]["expected"] if line.startswith("  !")]
    assert data["cells"][0]["patches"][0]["evidence"]["trust"] == "Change-Id"
    assert {file: data["texts"][number] for file, number in data["files"].items()} == matrix.diffs


def test_files_of_the_same_content_share_one_text() -> None:
    assert data_of(page(every_state()))["texts"].count(PATCH) == 1


def test_each_state_has_its_meaning_and_the_bad_come_first() -> None:
    assert set(MEANING) == set(State)
    good = [state in GOOD for state in MEANING]
    assert good == sorted(good)


def test_the_policy_allows_the_script_and_the_styles_of_the_page_and_nothing_else() -> None:
    text = page(every_state())
    policy = text.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!-- <script>",
        "]]>",
        "\u2028\u2029",
        "caf\u00e9 \U0001f600",
        "\udcff",
        "$data",
    ],
)
def test_no_text_gets_out_of_its_place(text: str) -> None:
    matrix = of_one(text, name=text, subject=text)
    made = page(replace(matrix, distribution=text, cells=(*matrix.cells, Cell(text, text, text, text, missing=text))))
    assert made.isascii()
    assert made.count("</script>") == made.count("<script") == 2
    assert "<!--" not in made
    data = data_of(made)
    assert data["texts"] == [text]
    assert data["cells"][0]["patches"][0]["subject"] == data["cells"][1]["missing"] == text


def test_it_names_no_address() -> None:
    addresses = set(re.findall(r"""\w+://[^'"\s]+""", page(every_state())))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, which no browser asks for


def test_a_matrix_without_cells() -> None:
    assert data_of(page(Matrix("ourcloud", "2026-11-20T09:30:00Z", (), {})))["cells"] == []
