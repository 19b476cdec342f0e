"""The way that alembic takes with a database, and what it takes for done although it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.forecast.databases import migrations
from stackwright.hazards.forecast.model import Finding, MigrationPath, Weight
from stackwright.hazards.model import Claim, Claims, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

BASE = {"a1": "", "b2": "a1"}


def revision(name: str, down: str, branch: str = "", depends: str = "") -> Claim:
    meaning = (("branch", branch), ("depends", depends), ("down", down))
    return Claim(Kind.REVISION, name, meaning, f"versions/{name}.py", 7)


def claims(graph: Mapping[str, str], *more: Claim) -> Claims:
    """Give the claims of a tree: revision -> what it comes after, and, behind a slash, its branch."""
    some = (revision(name, *said.split("/")) for name, said in graph.items())
    return Claims((*some, *more))


def head(name: str, said: str) -> Claim:
    return Claim(Kind.HEAD, name, (("revision", said),), f"versions/{name}", 1)


class Way:
    """What is forecast, of trees whose files are told by revision."""

    def __init__(
        self,
        before: Claims,
        after: Claims,
        own: Collection[str] = (),
        files: Mapping[str, str] | None = None,
        earlier: Mapping[str, str] | None = None,
    ) -> None:
        def reader(texts: Mapping[str, str]) -> dict[str, bytes]:
            return {f"versions/{name}.py": f"def upgrade():\n    {text}\n".encode() for name, text in texts.items()}

        there, here = reader(files or {}), reader(earlier or {})
        self.paths, self.findings = migrations("nova", before, after, there.get, own, here.get)

    def path(self, branch: str = "") -> MigrationPath:
        return next(path for path in self.paths if path.branch == branch)

    def moves(self, branch: str = "") -> list[str]:
        return [move.revision for move in self.path(branch).moves]

    def only(self, weight: Weight = Weight.STOP) -> Finding:
        (found,) = self.of(weight)
        return found

    def of(self, *weights: Weight) -> list[Finding]:
        return [one for one in self.findings if one.weight in weights]

    @property
    def quiet(self) -> bool:
        return not self.of(Weight.STOP, Weight.STEP)


def test_the_path_goes_from_the_stamped_head_to_the_new_one_in_order() -> None:
    way = Way(claims(BASE), claims({"d4": "c3", **BASE, "c3": "b2"}), ["d4"], {"c3": "op.drop_table('old')"})
    assert way.path().start == ("b2",)
    assert way.path().end == ("d4",)
    assert way.moves() == ["c3", "d4"]
    first, last = way.path().moves
    assert (first.operations, first.path, first.ours) == (("drops the table old",), "versions/c3.py", False)
    assert last.ours
    assert way.quiet


def test_branches_are_told_apart_and_the_trunk_they_share_is_none() -> None:
    before = claims({"t": "", "e1": "t/expand", "c1": "t/contract"})
    after = claims(
        {"t": "", "e1": "t/expand", "c1": "t/contract", "e2": "e1/expand"}, revision("c2", "c1", "contract", "e2")
    )
    way = Way(before, after)
    assert [path.branch for path in way.paths] == ["contract", "expand"]
    assert way.path("expand").start == ("e1",)
    assert (way.moves("expand"), way.moves("contract")) == (["e2"], ["c2"])
    assert way.quiet


def test_a_database_made_anew_goes_through_everything() -> None:
    assert Way(claims({}), claims(BASE)).moves() == ["a1", "b2"]
    assert Way(claims({}), claims({})).paths == ()


def test_a_revision_that_comes_before_a_stamped_head_only_there_is_skipped_and_named() -> None:
    before = claims({**BASE, "ours": "b2"})
    after = claims({**BASE, "new": "b2", "ours": "new"})
    found = Way(before, after, ["ours"], {"new": "op.create_unique_constraint('uniq_x', 'shares', ['x'])"}).only()
    assert found.name == "new"
    assert "a database stamped at ours counts as having it, so it is skipped" in found.what
    assert "creates the unique constraint uniq_x on the table shares" in found.what
    assert "stamp the parent of new (b2)" in found.step
    assert found.where == "versions/new.py:7"


def test_what_is_skipped_below_a_branch_that_depends_is_seen() -> None:
    before = claims({"t": "", "e1": "t/expand", "c1": "t/contract"})
    after = claims({"t": "", "e1": "t/expand", "e2": "e1/expand"}, revision("c1", "t", "contract", "e2"))
    assert Way(before, after).only().name == "e2"


def test_a_head_that_nobody_knows_any_more_stops_it() -> None:
    found = Way(claims({**BASE, "ours": "b2"}), claims({**BASE, "c3": "b2"}), ["ours"]).only()
    assert "which a patch brought" in found.what
    assert "Can't locate revision identified by 'ours'" in found.what
    assert "stamp b2" in found.step


def test_squashed_revisions_are_no_alarm() -> None:
    before = claims({"a1": "", "b2": "a1", "c3": "b2", "d4": "c3"})
    assert Way(before, claims({"a1": "", "c3": "a1", "d4": "c3"})).quiet  # one is left out
    way = Way(before, claims({"new": "", "c3": "new", "d4": "c3", "e5": "d4"}))  # one stands for two
    assert way.quiet
    assert way.moves() == ["e5"]
    assert "new stands there for b2" in way.only(Weight.NOTE).what
    assert Way(before, claims({"n1": "", "n2": "n1", "c3": "n2", "d4": "c3"})).quiet  # two stand for two


def test_what_takes_the_place_of_ours_is_no_squashing() -> None:
    before = claims({"a1": "", "ours": "a1", "c3": "ours"})
    way = Way(before, claims({"a1": "", "new": "a1", "c3": "new"}), ["ours"], earlier={"ours": "op.drop_table('x')"})
    assert way.only().name == "new"
    left = way.only(Weight.STEP)
    assert left.what == "the database keeps what ours did, and nothing there knows it: drops the table x"


def test_a_revision_of_ours_that_does_something_else_there_is_found() -> None:
    trees = (claims({**BASE, "c3": "b2"}), claims({**BASE, "c3": "b2"}))
    column, other = "op.add_column('x', sa.Column('one'))", "op.add_column('x', sa.Column('other'))"
    found = Way(*trees, ["c3"], {"c3": other}, {"c3": column}).only()
    assert "does something else there" in found.what
    assert "adds the column other on the table x" in found.what
    assert Way(*trees, ["c3"], {"c3": column}, {"c3": column}).quiet
    assert Way(*trees, [], {"c3": other}, {"c3": column}).quiet  # upstream corrected what it has


def test_two_heads_stop_it_and_two_branches_do_not() -> None:
    found = Way(claims(BASE), claims({**BASE, "c3": "b2", "ours": "b2"}), ["ours"]).only()
    assert found.name == "ours"
    assert '2 heads there: c3, ours; alembic refuses to upgrade ("Multiple head revisions are present")' in found.what
    assert found.step == "let ours come after c3"
    assert Way(claims({}), claims({"a": "/api", "m": "/main"})).quiet


@pytest.mark.parametrize(
    ("graph", "what"),
    [
        ({**BASE, "ours": "nowhere"}, "ours comes after nowhere, which is nowhere"),
        ({"a1": "b2", "b2": "a1"}, "in a circle"),
    ],
)
def test_a_graph_that_alembic_cannot_read_stops_it(graph: Mapping[str, str], what: str) -> None:
    assert any(what in found.what for found in Way(claims(BASE), claims(graph)).of(Weight.STOP))


def test_an_id_that_two_files_have_stops_it() -> None:
    double = claims(BASE, Claim(Kind.REVISION, "b2", (("down", "a1"),), "versions/other.py", 1))
    assert "two files are the revision b2" in Way(claims(BASE), double).only().what
    assert Way(double, double).quiet  # not of the upgrade


def test_a_head_file_that_does_not_name_the_head_of_a_patch_is_told() -> None:
    before = claims({"e1": "/expand"}, head("EXPAND_HEAD", "e1"))
    after = claims({"e1": "/expand", "e2": "e1/expand"}, head("EXPAND_HEAD", "e1"))
    found = Way(before, after, ["e2"]).only(Weight.STEP)
    assert "EXPAND_HEAD names e1, and the head of expand is e2" in found.what
    assert Way(before, after).quiet  # upstream's own: keystone 28.0.0 has had such a one
    right = claims({"e1": "/expand", "e2": "e1/expand"}, head("EXPAND_HEAD", "e2"), head("CURRENT_RELEASE", "2026_2"))
    assert Way(before, right, ["e2"]).quiet


def test_what_a_move_costs_is_noted_but_not_of_tables_that_the_way_makes() -> None:
    files = {
        "c3": "op.drop_table('old'); op.create_table('old', sa.Column('id')); op.drop_column('old', 'id')",
        "d4": "op.create_index('i', 'servers', ['x']); op.create_unique_constraint('u', 'servers', ['x'])",
    }
    way = Way(claims(BASE), claims({**BASE, "c3": "b2", "d4": "c3"}), files=files)
    assert [found.what for found in way.findings] == [
        "c3 drops the table old: what is in it is lost",
        "d4 creates the index i on the table servers: it may go through the whole table, which takes long if it is"
        " large",
        "d4 creates the unique constraint u on the table servers: it fails if rows are against it, and reads the whole"
        " table",
    ]
    assert way.quiet
