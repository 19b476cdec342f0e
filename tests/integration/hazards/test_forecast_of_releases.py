"""The way of databases between upstream's own releases: no alarm at any, and the way that alembic itself takes."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.claims import claims_of
from stackwright.hazards.forecast.databases import migrations
from stackwright.hazards.forecast.model import Weight
from stackwright.hazards.migrations import ancestors, before, parents
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import rules_of
from tests.releases import NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.hazards.model import Claims
    from tests.releases import Releases

COMPONENTS = ("nova", "cinder", "manila", "ironic", "placement", "keystone", "neutron", "glance")
# Writes revisions as files that do nothing, and lets alembic say what it would run on stamped databases.
ALEMBIC = """
import json, pathlib, sys
from alembic.script import ScriptDirectory
graph, heads = json.load(sys.stdin)
folder = pathlib.Path(sys.argv[1])
(folder / "versions").mkdir()
for name, (down, depends) in graph.items():
    text = f"revision = {name!r}\\ndown_revision = {tuple(down) or None!r}\\ndepends_on = {tuple(depends) or None!r}\\n"
    text += "def upgrade(): pass\\n"
    (folder / "versions" / f"{name}.py").write_text(text)
steps = ScriptDirectory(str(folder))._upgrade_revs("heads", tuple(heads))
print(json.dumps([step.revision.revision for step in steps]))
"""


def read(releases: Releases, component: str, release: str) -> Claims:
    return claims_of(releases.store, releases.of(component, release), rules_of(component), releases.memo)


@pytest.mark.parametrize("component", COMPONENTS)
def test_no_pair_of_upstreams_own_releases_gives_an_alarm(releases: Releases, component: str) -> None:
    claims = {name: read(releases, component, name) for name in NAMES}
    for start, end in combinations(NAMES, 2):
        readers = [partial(releases.store.read, releases.of(component, name)) for name in (end, start)]
        paths, found = migrations(component, claims[start], claims[end], readers[0], (), readers[1])
        assert [one for one in found if one.weight is not Weight.NOTE] == [], (start, end)
        new = claims[end].of(Kind.REVISION).keys() - claims[start].of(Kind.REVISION).keys()
        assert {move.revision for path in paths for move in path.moves} == new, (start, end)
        assert all(len(path.start) == len(path.end) == 1 for path in paths)


def test_what_moves_cost_is_told(releases: Releases) -> None:
    reader = partial(releases.store.read, releases.of("neutron", "2023.2"))
    here, there = (read(releases, "neutron", name) for name in ("2023.1", "2023.2"))
    _, found = migrations("neutron", here, there, reader, ())
    assert "93f394357a27 drops the column in_use on the table subnets: what is in it is lost" in {
        one.what for one in found
    }


@pytest.mark.parametrize(
    ("component", "start", "end"),
    [
        ("neutron", "", "2026.2"),
        ("neutron", "2023.1", "2026.2"),
        ("keystone", "", "2024.1"),
        ("keystone", "2023.1", "2026.2"),
        ("glance", "", "2026.2"),
        ("glance", "2023.1", "2024.2"),
        ("manila", "2023.1", "2026.2"),
        ("nova", "2023.1", "2026.2"),
    ],
)
def test_the_way_is_that_of_alembic(
    releases: Releases, placement_python: Path, tmp_path: Path, component: str, start: str, end: str
) -> None:
    none = type(read(releases, component, end))(())
    here, there = read(releases, component, start) if start else none, read(releases, component, end)
    paths, _ = migrations(component, here, there, lambda _: None, ())
    graph = there.of(Kind.REVISION)
    plain = {name: (sorted(before(one)), sorted(parents(one) - before(one))) for name, one in graph.items()}
    heads = {head for path in paths for head in path.start}
    # A head that another one depends on is not in the table: it goes without saying.
    stamped = sorted(heads - {name for head in heads for name in ancestors(head, graph)})
    done = subprocess.run(
        [str(placement_python), "-c", ALEMBIC, str(tmp_path)],
        input=json.dumps([plain, stamped]),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    order: list[str] = json.loads(done.stdout)
    assert len(order) == sum(len(path.moves) for path in paths)
    for path in paths:
        ran = [name for name in order if graph[name].says("branch") == path.branch]
        assert [move.revision for move in path.moves] == ran
