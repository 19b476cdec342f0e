"""Each patch of a series on another tree: as it is, merged, resolved as before, upstream, or in conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError
from stackwright.patches import parse, read_series
from stackwright.patches.rebasing import marked
from stackwright.patches.rebasing.rebase import Choice, Outcome, Step
from stackwright.patches.rebasing.resolutions import FOLDER, How, read_resolution, read_resolutions, write_resolution
from stackwright.store import TreeId
from stackwright.tools import git_merge
from tests.integration.patches.rebasing.bench import Bench, changed
from tests.upstream import numbered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.integration.patches.rebasing.bench import Files


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, {"a.py": numbered(40), "b.py": numbered(40), "gone.py": numbered(30, prefix="gone")})


def outcomes(steps: Sequence[Step]) -> list[str]:
    return [str(step.outcome) for step in steps]


def read(bench: Bench, step: Step, path: str) -> bytes | None:
    return bench.store.read(step.tree, path)


def test_what_applies_is_kept_and_what_only_moved_too(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="seven")})
    bench.patch({"b.py": changed(numbered(40), _30="thirty")})
    onto = bench.moves_on({"b.py": "new\n" + numbered(40)})
    steps = bench.rebase(onto)
    assert outcomes(steps) == ["kept", "moved"]
    assert [step.content for step in steps] == [None, None]
    assert steps[1].detail == "b.py +1"


def test_a_context_that_changed_is_merged_and_the_patch_keeps_its_head(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="seven")}, "Change seven\n\nBecause.\n\nChange-Id: I1\n")
    onto = bench.moves_on({"a.py": changed(numbered(40), _9="nine")})
    (step,) = bench.rebase(onto)
    assert step.outcome == Outcome.MERGED
    old, new = read_series(bench.series).patches[0], parse(step.content or b"")
    assert (new.author, new.date, new.message) == (old.author, old.date, old.message)
    assert read(bench, step, "a.py") == changed(numbered(40), _7="seven", _9="nine").encode()


def test_a_file_that_upstream_renamed_is_followed(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="seven")})
    (step,) = bench.rebase(bench.moves_on({}, rename=[("a.py", "lib/a.py")]))
    assert (step.outcome, step.detail) == (Outcome.MERGED, "a.py -> lib/a.py")
    assert parse(step.content or b"").paths == {"lib/a.py"}


def test_a_new_file_goes_where_its_folder_went(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"old/a.py": numbered(40), "old/b.py": numbered(30, prefix="b")})
    bench.patch({"old/new.py": "ours\n", "old/a.py": changed(numbered(40), _7="seven")})
    renames = [("old/a.py", "lib/a.py"), ("old/b.py", "lib/b.py")]
    (step,) = bench.rebase(bench.moves_on({}, rename=renames))
    assert step.outcome == Outcome.MERGED
    assert parse(step.content or b"").paths == {"lib/a.py", "lib/new.py"}


def test_what_upstream_has_is_left_out_whole_or_in_part(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="seven")})
    bench.patch({"a.py": changed(numbered(40), _7="seven", _20="twenty"), "b.py": changed(numbered(40), _3="three")})
    onto = bench.moves_on({"a.py": changed(numbered(40), _7="seven", _20="twenty"), "new.py": "\n"})
    first, second = bench.rebase(onto)
    assert first.outcome == Outcome.UPSTREAM
    assert second.outcome == Outcome.MERGED
    assert parse(second.content or b"").paths == {"b.py"}


def test_a_patch_that_is_upstream_among_other_changes(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="seven")})
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="seven", _8="eight")}))
    assert step.outcome == Outcome.CONFLICT  # nobody can say that eight was not meant for what follows
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="seven", _20="twenty")}))
    assert step.outcome == Outcome.UPSTREAM


def test_one_hunk_of_two_in_conflict_and_the_rest_of_the_series_is_looked_at(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours", _30="thirty")})
    bench.patch({"b.py": changed(numbered(40), _7="seven")})
    steps = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="theirs")}))
    assert outcomes(steps) == ["conflict", "kept"]
    assert steps[0].detail == "a.py: 1 place"
    assert steps[0].open
    (conflict,) = steps[0].open.conflicts
    assert conflict.tokens
    assert [token for token in conflict.tokens if isinstance(token, marked.Clash)] == [
        marked.Clash((b"theirs\n",), (b"line 7\n",), (b"ours\n",))
    ]


def test_a_resolution_is_read_as_it_was_written_and_resolves_the_same_conflict_elsewhere(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours", _30="thirty")})
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="theirs")}))
    want = changed(numbered(40), _7="both", _30="thirty").encode()
    (made,) = bench.resolved(step, {"a.py": want})
    file = bench.series.parent / FOLDER / f"{made.id}.diff"
    file.parent.mkdir()
    file.write_bytes(write_resolution(made))
    (kept,) = read_resolutions(file.parent)
    assert kept == made
    text = file.read_text()
    assert "-<<<<<<< upstream\n-theirs\n-||||||| before\n-line 7\n-=======\n-ours\n->>>>>>> patch\n+both\n" in text
    # Another release: other lines around it, and another place.
    other = changed("x\ny\n" + numbered(40), _7="theirs", _5="five", _9="nine", _40="forty")
    (step,) = bench.rebase(bench.moves_on({"a.py": other}), [kept])
    assert (step.outcome, step.detail) == (Outcome.RESOLUTION, "as resolved for 2026.2 by Ada on 2026-11-20")
    assert read(bench, step, "a.py") == changed(other, _30="thirty").replace("theirs", "both").encode()


def test_a_resolution_goes_with_a_renamed_file(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours")})
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="theirs")}))
    kept = bench.resolved(step, {"a.py": changed(numbered(40), _7="both").encode()})
    onto = bench.moves_on({"lib.py": changed(numbered(40), _7="theirs")}, rename=[("a.py", "lib.py")])
    (step,) = bench.rebase(onto, kept)
    assert step.outcome == Outcome.RESOLUTION
    assert read(bench, step, "lib.py") == changed(numbered(40), _7="both").encode()


def test_another_conflict_in_the_same_place_is_not_resolved_by_it(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours")})
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="theirs")}))
    kept = bench.resolved(step, {"a.py": changed(numbered(40), _7="both").encode()})
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="other")}), kept)
    assert step.outcome == Outcome.CONFLICT


def test_one_of_two_files_is_resolved_and_the_other_waits(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours"), "b.py": changed(numbered(40), _9="ours")})
    (step,) = bench.rebase(
        bench.moves_on({"a.py": changed(numbered(40), _7="theirs"), "b.py": changed(numbered(40), _9="theirs")})
    )
    assert step.open
    assert len(step.open.conflicts) == 2
    want = {"a.py": changed(numbered(40), _7="both").encode(), "b.py": changed(numbered(40), _9="both").encode()}
    kept = bench.resolved(step, want)
    assert [resolution.paths for resolution in kept] == [("a.py",), ("b.py",)]
    onto = bench.moves_on({"a.py": changed(numbered(40), _7="theirs"), "b.py": changed(numbered(40), _9="new")})
    (step,) = bench.rebase(onto, kept)
    assert step.open
    assert [conflict.path for conflict in step.open.conflicts] == ["b.py"]
    assert bench.store.read(step.open.tree, "a.py") == want["a.py"]


def test_what_was_changed_along_comes_along_or_not_at_all(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours")})
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="theirs")}))
    want = {
        "a.py": changed(numbered(40), _7="both", _25="and this").encode(),
        "b.py": changed(numbered(40), _20="along").encode(),
        "made.py": b"made\n",
        "empty.py": b"",
        "gone.py": None,
    }
    (kept,) = bench.resolved(step, want)
    assert {part.path: part.how for part in kept.parts} == {
        "a.py": How.EDITED, "b.py": How.EDITED, "made.py": How.CONTENT, "empty.py": How.EMPTY, "gone.py": How.DELETED,
    }  # fmt: skip
    file = bench.directory / f"{kept.id}.diff"
    file.write_bytes(write_resolution(kept))
    (step,) = bench.rebase(
        bench.moves_on({"a.py": changed(numbered(40), _7="theirs"), "b.py": "x\n" + numbered(40)}),
        [read_resolution(file)],
    )
    assert step.outcome == Outcome.RESOLUTION
    assert read(bench, step, "b.py") == b"x\n" + changed(numbered(40), _20="along").encode()
    assert [read(bench, step, path) for path in ("a.py", "made.py", "empty.py", "gone.py")] == [
        want["a.py"], b"made\n", b"", None,
    ]  # fmt: skip
    # Where what was changed along is not there, half of a resolution is none.
    (step,) = bench.rebase(
        bench.moves_on({"a.py": changed(numbered(40), _7="theirs"), "b.py": changed(numbered(40), _20="2")}), [kept]
    )
    assert step.outcome == Outcome.CONFLICT


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ({"gone.py": changed(numbered(30, prefix="gone"), _0="") + "ours\n"}, {"gone.py": None},
         "gone.py: the patch changes it, upstream has deleted or renamed it"),
        ({"gone.py": None}, {"gone.py": numbered(30, prefix="gone") + "theirs\n"},
         "gone.py: the patch deletes or renames it, upstream has changed it"),
        ({"x.png": b"\0ours"}, {"x.png": b"\0theirs"}, "x.png: both add it"),
        ({"x.py": "ours\n"}, {"x.py": "theirs\n"}, "x.py: 1 place"),
    ],
    ids=["upstream deletes", "the patch deletes", "binary", "both add"],
)  # fmt: skip
def test_conflicts_that_are_not_of_lines(bench: Bench, ours: Files, theirs: Files, said: str) -> None:
    bench.patch(ours)
    onto = bench.moves_on(theirs)
    (step,) = bench.rebase(onto)
    assert (step.outcome, step.detail) == (Outcome.CONFLICT, said)
    (path,) = ours
    for content in (b"\0by hand", None):
        (kept,) = bench.resolved(step, {path: content})
        file = bench.directory / f"{kept.id}.diff"
        file.write_bytes(write_resolution(kept))
        (again,) = bench.rebase(onto, [read_resolution(file)])
        nothing = content is None and theirs.get(path) is None
        assert again.outcome == (Outcome.UPSTREAM if nothing else Outcome.RESOLUTION)
        assert read(bench, again, path) == content


def test_a_mode_that_the_patch_changes_is_kept_in_a_merge(bench: Bench) -> None:
    bench.patch({"a.py": ""}, mode="+x")
    bench.patch({"a.py": changed(numbered(40), _7="seven")})
    steps = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _9="nine")}))
    assert outcomes(steps) == ["kept", "three-way"]
    assert bench.store.entries(steps[-1].tree)["a.py"].mode == "100755"


def test_bytes_that_are_not_utf8_and_lines_of_windows(tmp_path: Path) -> None:
    base = b"".join(b"l\xe4ne %d\r\n" % number for number in range(40))
    bench = Bench(tmp_path, {"a.txt": base})
    bench.patch_bytes({"a.txt": base.replace(b"ne 7\r", b"\xdfours\r").replace(b"ne 30\r", b"thirty\r")})
    onto = bench.moves_on({"a.txt": base.replace(b"ne 7\r", b"theirs\xff\r")})
    (step,) = bench.rebase(onto)
    assert step.outcome == Outcome.CONFLICT
    want = base.replace(b"ne 7\r", b"\xfeboth\r").replace(b"ne 30\r", b"thirty\r")
    (kept,) = bench.resolved(step, {"a.txt": want})
    file = tmp_path / f"{kept.id}.diff"
    file.write_bytes(write_resolution(kept))
    (step,) = bench.rebase(onto, [read_resolution(file)])
    assert (step.outcome, read(bench, step, "a.txt")) == (Outcome.RESOLUTION, want)


def test_files_that_have_lines_like_markers_get_longer_ones(tmp_path: Path) -> None:
    text = "Heading\n=======\n\n" + numbered(20) + "<<<<<<< not a conflict\n"
    bench = Bench(tmp_path, {"a.rst": text})
    bench.patch({"a.rst": changed(text, _7="ours\n=======\nof mine")})
    onto = bench.moves_on({"a.rst": changed(text, _7="theirs")})
    (step,) = bench.rebase(onto)
    assert step.open
    assert step.open.size == 8
    want = changed(text, _7="theirs\n=======\nof mine").encode()
    (kept,) = bench.resolved(step, {"a.rst": want})
    file = tmp_path / f"{kept.id}.diff"
    file.write_bytes(write_resolution(kept))
    (step,) = bench.rebase(onto, [read_resolution(file)])
    assert read(bench, step, "a.rst") == want


def test_a_choice_changes_the_message_and_keeps_the_author(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours")})
    onto = bench.moves_on({"a.py": changed(numbered(40), _7="theirs")})
    (step,) = bench.rebase(onto)
    assert step.open
    blob = git_merge.write_blob(bench.store.directory, changed(numbered(40), _7="both").encode())
    tree = TreeId(git_merge.changed_tree(bench.store.directory, step.open.tree, {"a.py": ("100644", blob)}))
    (step,) = bench.rebase(onto, choices={step.open.sides: Choice(tree, "Another reason\n\nLong.\n")})
    old, new = read_series(bench.series).patches[0], parse(step.content or b"")
    assert (step.outcome, new.message, new.author) == (Outcome.RESOLVED, "Another reason\n\nLong.", old.author)


def test_the_same_merge_gives_the_same_bytes_each_time(bench: Bench) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="seven")})
    onto = bench.moves_on({"a.py": changed(numbered(40), _9="nine")})
    assert bench.rebase(onto) == bench.rebase(onto)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"+both\n", b"+something else\n", "its digest is another"),
        (b"By: Ada", b"By: Eve", "its digest is another"),
        (b"Digest: ", b"Digets: ", "its digest is another"),
    ],
)
def test_a_resolution_that_was_tampered_with_is_not_used(bench: Bench, old: bytes, new: bytes, why: str) -> None:
    bench.patch({"a.py": changed(numbered(40), _7="ours")})
    (step,) = bench.rebase(bench.moves_on({"a.py": changed(numbered(40), _7="theirs")}))
    (kept,) = bench.resolved(step, {"a.py": changed(numbered(40), _7="both").encode()})
    file = bench.directory / f"nova/{FOLDER}/{kept.id}.diff"
    file.parent.mkdir(parents=True)
    content = write_resolution(kept)
    assert old in content
    file.write_bytes(content.replace(old, new))
    with pytest.raises(InputError) as caught:
        read_resolution(file)
    assert why in caught.value.why
    assert str(caught.value).startswith(f"{file}: the resolution is damaged and is not used")
    assert f"forget nova {kept.id}" in caught.value.fix
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="damaged"):
        read_resolution(file)
    file.rename(file.with_name("0123456789abcdef.diff")).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_resolution(file.with_name("0123456789abcdef.diff"))
    assert "its name says another" in caught.value.why
