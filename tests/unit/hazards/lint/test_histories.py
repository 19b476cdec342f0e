"""Version histories and lists of versions go on as they were written."""

from __future__ import annotations

import pytest

from stackwright.hazards.lint.histories import entry_added, section_added

NOVA = """\
History
=======

.. _microversion 2.9:

2.9
---

Nine.

.. _microversion 2.10:

2.10 (Maximum in 2024.1)
------------------------

Ten.
"""
MANILA = "1.0\n---\n  One.\n\n1.1 (Maximum)\n-------------\n  Two.\n"
NEWEST_FIRST = "1.2\n---\n\nTwo.\n\n1.1\n---\n\nOne.\n"
LIST = '# * 2.0 no\nX = """Versions:\n\n    * 2.9 - Nine\n    * 2.10 - Ten\n             and more\n"""\nMAX = "2.10"\n'


def test_a_section_has_the_label_the_line_and_the_blanks_of_the_one_before_it() -> None:
    added = section_added(NOVA, "2.11", "Eleven")
    assert added == f"{NOVA}\n.. _microversion 2.11:\n\n2.11\n----\n\nEleven.\n"
    between = section_added(added, "2.10", "Ten again")
    assert between == added  # it is there
    assert section_added(NOVA.replace("2.10", "2.12"), "2.11", "Eleven.").index("2.11:") < NOVA.index("2.10:") + 20


def test_the_text_is_indented_as_it_was() -> None:
    assert section_added(MANILA, "1.2", "Three. Four") == f"{MANILA}\n1.2\n---\n  Three. Four.\n"


def test_one_between_two_keeps_what_is_behind_it() -> None:
    text = section_added(NOVA.replace("2.10", "2.12"), "2.11", "Eleven")
    assert text.replace(".. _microversion 2.11:\n\n2.11\n----\n\nEleven.\n\n", "") == NOVA.replace("2.10", "2.12")


@pytest.mark.parametrize("text", [NEWEST_FIRST, "", "No versions.\n", "3.0\n---\n\nOnly later ones.\n"])
def test_where_it_belongs_nowhere_nothing_is_written(text: str) -> None:
    assert section_added(text, "1.3", "Three") == text


def test_an_entry_goes_behind_the_one_before_it_and_is_wrapped() -> None:
    said = "Eleven " * 14 + "end."
    added = entry_added(LIST, "2.11", said)
    before, entry = LIST.split('"""\nMAX')[0], added[len(LIST.split('"""\nMAX')[0]) :]
    assert added.startswith(before)
    lines = entry.splitlines()
    assert lines[0].startswith("    * 2.11 - Eleven")
    assert lines[1].startswith("             Eleven")
    assert lines[1].endswith("end")
    assert lines[2:] == ['"""', 'MAX = "2.10"']
    assert all(len(line) < 80 for line in lines)


@pytest.mark.parametrize(
    "text", ["", "X = 1\n", LIST.replace("and more\n", "and more"), '    * 2.12 - Only later ones\n"""\n']
)
def test_where_an_entry_has_no_line_of_its_own_nothing_is_written(text: str) -> None:
    assert entry_added(text, "2.11", "Eleven") == text
