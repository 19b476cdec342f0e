"""What a dry run comes to."""

from __future__ import annotations

from dataclasses import replace

from stackwright.hazards.forecast.model import Hop, Weight
from stackwright.proof.migrations import Compared, Difference, DryRun, Ran, findings

HOP = Hop("2025.1", "2025.2")
WELL = Ran("nova/db-sync", "a database of 2025.1 to 2025.2", 0, 1.5, "log")
GONE = Difference("the index a.b", "", "unique BTREE on b")
MORE = Difference("the table old", "InnoDB", "")
RUN = DryRun("nova", HOP, (WELL,), (Compared("nova", ("a",), ("a",), ()),))
DIFFERS = replace(RUN, databases=(Compared("nova", ("a",), ("a",), (GONE, MORE)),))


def test_all_well_is_a_note() -> None:
    (found,) = findings(RUN)
    assert (found.weight, found.name) == (Weight.NOTE, "nova")
    assert "(2 s), and what comes out is as new: nova" in found.what


def test_a_difference_stops_it_unless_it_is_the_same_without_patches() -> None:
    upstream = replace(RUN, databases=(Compared("nova", ("a",), ("a",), (MORE,)),))
    stop, note = findings(replace(DIFFERS, upstream=upstream))
    assert stop.weight is Weight.STOP
    assert stop.what == (
        "the index a.b of the database nova is not there after the upgrade, and unique BTREE on b in a new database of"
        " 2025.2"
    )
    assert note.weight is Weight.NOTE
    assert note.what == (
        "the database nova is otherwise after the upgrade than a new one, with patches and without, in 1 of its parts:"
        " the table old"
    )
    # Another difference at the same thing is not upstream's.
    other = replace(GONE, upgraded="BTREE on b")
    upstream = replace(RUN, databases=(Compared("nova", ("a",), ("a",), (other, MORE)),))
    assert [one.weight for one in findings(replace(DIFFERS, upstream=upstream))] == [Weight.STOP, Weight.NOTE]
    # Nor is that of another database.
    upstream = replace(RUN, databases=(Compared("cell", ("a",), ("a",), (GONE, MORE)),))
    assert {one.weight for one in findings(replace(DIFFERS, upstream=upstream))} == {Weight.STOP}
    assert {one.weight for one in findings(DIFFERS)} == {Weight.STOP}


def test_a_command_that_fails_stops_it_whether_upstreams_does_or_not() -> None:
    failed = replace(WELL, status=1, tail="a\nb\nc\n  the cause\n")
    run = replace(RUN, ran=(WELL, failed), databases=())
    (found,) = findings(run)
    assert found.weight is Weight.STOP
    assert found.what == (
        "nova/db-sync fails with status 1 when it brings a database of 2025.1 to 2025.2: b / c / the cause"
    )
    assert found.where == "log"
    assert findings(replace(run, upstream=RUN))[0].what.endswith("; without the patches it ends well")
    assert findings(replace(run, upstream=run))[0].what.endswith("; it fails without patches too")


def test_what_was_not_run_is_told() -> None:
    (note,) = findings(DryRun("cinder", HOP, why="nobody knows how"))
    assert (note.weight, note.what) == (Weight.NOTE, "its migrations were not run: nobody knows how")
    (stop,) = findings(DryRun("nova", HOP, why="a series does not apply", stops=True))
    assert stop.weight is Weight.STOP
    assert stop.step
