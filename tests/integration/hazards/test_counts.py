"""The published counts: the page is what the program writes, and says that nothing is reported of upstream's trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.documented import PROJECT
from tests.hazard_corpus import Carried, commented
from tests.hazard_counts import MADE, RULES, SEEN, count, page
from tests.releases import NAMES, VERSIONS

if TYPE_CHECKING:
    from tests.hazard_corpus import Corpus

PAGE = (PROJECT / "docs/hazard-counts.md").read_text()


def rows(text: str, head: str) -> dict[str, list[str]]:
    """Give the rows of the table that begins with a column of this name, by their first cells; the head, too."""
    table = text[text.index(f"| {head} |") :].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {row[0]: row[1:] for row in cells}


def test_the_page_names_every_rule_and_every_component() -> None:
    assert MADE in PAGE
    assert list(SEEN) == RULES
    assert list(rows(PAGE, "Component"))[2:] == list(VERSIONS)
    assert rows(PAGE, "Rule")["Rule"] == [*VERSIONS, "All"]
    assert all(f"| `{rule}` | {SEEN[rule]} |" in PAGE for rule in RULES)


def test_nothing_is_reported_of_upstreams_own_trees() -> None:
    for component, (pairs, empty, files, untouched, _) in list(rows(PAGE, "Component").items())[2:]:
        assert (pairs, empty, untouched) == ("28", "0", "0"), component
        assert int(files) > 0, component


def test_the_page_says_what_the_program_counts(corpus: Corpus) -> None:
    made = page([count("placement", corpus), count("python-ironicclient", corpus)])
    assert made.splitlines()[:8] == PAGE.splitlines()[:8]
    for component in ("placement", "python-ironicclient"):
        assert rows(made, "Component")[component] == rows(PAGE, "Component")[component]
    for name, cells in rows(made, "Rule").items():
        published = dict(zip(rows(PAGE, "Rule")["Rule"], rows(PAGE, "Rule")[name], strict=True))
        assert cells[:2] == [published["placement"], published["python-ironicclient"]], name


@pytest.mark.parametrize(
    ("component", "names"),
    [
        ("nova", ("2024.2", "2025.1", "2025.2")),
        ("neutron", ("2024.1", "2024.2", "2025.2")),
        ("glance", ("2024.1", "2024.2")),
    ],
)
def test_a_comment_in_every_file_that_is_looked_at_is_no_hazard(
    corpus: Corpus, component: str, names: tuple[str, ...]
) -> None:
    versions = {component: {name: VERSIONS[component][NAMES.index(name)] for name in names}}
    edits = commented(corpus.releases, component, names[0])
    assert len(edits) > 20
    _, report = corpus.check(versions, [Carried(component, names[0], edits)])
    assert (report.found, report.errors) == ((), ())
