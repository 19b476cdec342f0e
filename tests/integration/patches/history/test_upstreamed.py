"""What upstream has already, on histories made by real git: all of it, nothing else, each known by the surest thing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stackwright.patches import Patch, parse
from stackwright.patches.history.interdiff import differing
from stackwright.patches.history.upstreamed import Upstreamed
from stackwright.patches.matrix.cells import Evidence, Trust
from stackwright.store import CommitId, Store
from tests.upstream import Upstream, numbered

IDS = [f"I{number:040x}" for number in range(100)]


@dataclass
class Truth:
    """Carried patches, and what upstream has of each: by what it is known, the commit, whether it is the same."""

    upstream: Upstream
    store: Store
    cache: Path
    patches: dict[str, Patch] = field(default_factory=dict)
    expected: dict[str, tuple[Trust, str, bool] | None] = field(default_factory=dict)

    def carry(self, path: str, content: str, message: str) -> str:
        """Make a patch of a change to upstream as it is, and go back; gives the commit that it was."""
        self.upstream.branch("ours")
        commit = self.upstream.commit({path: content}, message)
        name = f"{len(self.patches) + 1:04}"
        self.patches[name] = parse(self.upstream.patch().encode(), name=name)
        self.upstream.switch("master")
        self.expected[name] = None
        return commit

    def merge(self, path: str, content: str, message: str) -> str:
        return self.upstream.commit({path: content}, message)

    def known(self, trust: Trust, commit: str, *, same: bool) -> None:
        """Say what has to be found of the patch that was carried last."""
        self.expected[f"{len(self.patches):04}"] = (trust, commit, same)

    @property
    def tip(self) -> CommitId:
        return CommitId(self.upstream.git("rev-parse", "HEAD"))

    def found(self, tip: CommitId | None = None) -> dict[str, tuple[Trust, str, bool] | None]:
        asked = Upstreamed(self.store, self.cache)
        answers = {name: asked.evidence(tip or self.tip, patch) for name, patch in self.patches.items()}
        asked.close()
        return {name: _short(one) for name, one in answers.items()}


@pytest.fixture
def truth(tmp_path: Path) -> Truth:
    upstream = Upstream(tmp_path / "upstream")
    upstream.commit({f"nova/f{number}.py": numbered(40, prefix=f"f{number}") for number in range(20)}, "Begin it all")
    store = Store(tmp_path / "store.git")
    (store.directory / "objects/info").mkdir(exist_ok=True)
    (store.directory / "objects/info/alternates").write_text(f"{upstream.directory}/.git/objects\n")
    return Truth(upstream, store, tmp_path / "cache")


def _short(one: Evidence | None) -> tuple[Trust, str, bool] | None:
    return (one.trust, one.commit, not one.difference) if one else None


def changed(number: int, word: str, line: int = 20) -> str:
    return numbered(40, prefix=f"f{number}").replace(f"f{number} {line}\n", f"{word}\n")


def message(subject: str, change_id: str = "", body: str = "Why it is so.") -> str:
    return f"{subject}\n\n{body}\n" + (f"\nChange-Id: {change_id}\n" if change_id else "")


def fourteen_pairs(truth: Truth) -> None:
    path = "nova/f{}.py".format
    # Merged as it is, with its Change-Id and its subject.
    for number in (0, 1, 2):
        truth.carry(path(number), changed(number, "ours"), message(f"Fix matter {number}", IDS[number]))
        commit = truth.merge(path(number), changed(number, "ours"), message(f"Fix matter {number}", IDS[number]))
        truth.known(Trust.CHANGE_ID, commit, same=True)
    # Merged after changes; under another subject; both.
    truth.carry(path(3), changed(3, "ours"), message("Fix matter three", IDS[3]))
    commit = truth.merge(path(3), changed(3, "reviewed"), message("Fix matter three", IDS[3]))
    truth.known(Trust.CHANGE_ID, commit, same=False)
    truth.carry(path(4), changed(4, "ours"), message("Fix matter four", IDS[4]))
    commit = truth.merge(path(4), changed(4, "ours"), message("Resolve the fourth matter", IDS[4]))
    truth.known(Trust.CHANGE_ID, commit, same=True)
    truth.carry(path(5), changed(5, "ours"), message("Fix matter five", IDS[5]))
    commit = truth.merge(path(5), changed(5, "reviewed"), message("Resolve the fifth matter", IDS[5]))
    truth.known(Trust.CHANGE_ID, commit, same=False)
    # The Change-Id stands in the text of another commit only.
    truth.carry(path(6), changed(6, "ours"), message("Fix matter six", IDS[6]))
    text = f"It has nothing to do with\nChange-Id: {IDS[6]}\nwhich is still open."
    truth.merge("nova/f6.py", changed(6, "else", 3), message("Do something else", IDS[60], text))
    # By the subject, whatever its case, full stop and prefix; merged as it is, and after changes.
    truth.carry(path(7), changed(7, "ours"), message("[stable/2026.1] Fix matter seven."))
    commit = truth.merge(path(7), changed(7, "ours"), message("fix Matter seven", IDS[7]))
    truth.known(Trust.SUBJECT, commit, same=True)
    truth.carry(path(8), changed(8, "ours"), message("Fix matter eight", IDS[8]))
    commit = truth.merge(path(8), changed(8, "reviewed"), message("Fix matter eight (#1234)", IDS[80]))
    truth.known(Trust.SUBJECT, commit, same=False)
    # By what it does only.
    truth.carry(path(9), changed(9, "ours"), message("Fix matter nine"))
    commit = truth.merge(path(9), changed(9, "ours"), message("Rework the ninth thing", IDS[9]))
    truth.known(Trust.PATCH_ID, commit, same=True)
    # Picked from what the patch was picked from.
    origin = "1234567890123456789012345678901234567890"
    picked = f"(cherry picked from commit {origin})"
    truth.carry(path(10), changed(10, "ours"), f"Fix matter ten\n\nWhy.\n\n{picked}\n")
    commit = truth.merge(path(10), changed(10, "reviewed"), f"Tenth matter\n\nWhy.\n\nChange-Id: {IDS[10]}\n{picked}\n")
    truth.known(Trust.CHERRY_PICK, commit, same=False)
    # Merged and reverted; merged, reverted and merged again.
    truth.carry(path(11), changed(11, "ours"), message("Fix matter eleven", IDS[11]))
    commit = truth.merge(path(11), changed(11, "ours"), message("Fix matter eleven", IDS[11]))
    reverted = f'Revert "Fix matter eleven"\n\nThis reverts commit {commit}.\n\nChange-Id: {IDS[61]}\n'
    truth.merge(path(11), numbered(40, prefix="f11"), reverted)
    truth.carry(path(12), changed(12, "ours"), message("Fix matter twelve", IDS[12]))
    first = truth.merge(path(12), changed(12, "ours"), message("Fix matter twelve", IDS[12]))
    second = truth.merge(path(12), numbered(40, prefix="f12"), message('Revert "Fix matter twelve"', IDS[62]))
    again = f'Revert "Revert "Fix matter twelve""\n\nThis reverts commit {second}.\n\nChange-Id: {IDS[63]}\n'
    truth.merge(path(12), changed(12, "ours"), again)
    truth.known(Trust.CHANGE_ID, first, same=True)
    # Of a robot.
    truth.carry(path(13), changed(13, "ours"), message("Imported Translations from Zanata"))
    truth.merge(path(13), changed(13, "theirs"), message("Imported Translations from Zanata", IDS[13]))


def test_all_and_only_what_was_merged_is_found_and_by_the_surest_thing(truth: Truth) -> None:
    fourteen_pairs(truth)
    assert len(truth.patches) == 14
    assert truth.found() == truth.expected


def test_nothing_is_upstream_before_it_was_merged(truth: Truth) -> None:
    fourteen_pairs(truth)
    root = CommitId(truth.upstream.git("rev-list", "--max-parents=0", "HEAD"))
    assert truth.found(root) == dict.fromkeys(truth.patches)


def test_the_index_is_added_to_and_what_is_on_another_branch_does_not_count(truth: Truth) -> None:
    truth.carry("nova/f0.py", changed(0, "ours"), message("Fix matter zero", IDS[0]))
    before = truth.tip
    assert truth.found() == {"0001": None}
    commit = truth.merge("nova/f0.py", changed(0, "ours"), message("Fix matter zero", IDS[0]))
    assert truth.found() == {"0001": (Trust.CHANGE_ID, commit, True)}
    assert truth.found(before) == {"0001": None}


def test_a_damaged_index_is_begun_anew(truth: Truth) -> None:
    fourteen_pairs(truth)
    assert truth.found() == truth.expected
    (file,) = (truth.cache / "histories").glob("*.sqlite")
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    assert truth.found() == truth.expected
    file.write_bytes(b"this is no database" * 1000)
    assert truth.found() == truth.expected


def test_several_threads_ask_at_once(truth: Truth) -> None:
    fourteen_pairs(truth)
    asked = Upstreamed(truth.store, truth.cache)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda patch: asked.evidence(truth.tip, patch), truth.patches.values()))
    assert [_short(one) for one in answers] == list(truth.expected.values())


def test_a_patch_that_undoes_or_goes_on_from_a_commit_of_its_subject_is_not_upstream(truth: Truth) -> None:
    theirs = truth.merge("nova/f0.py", changed(0, "theirs"), message("Use the new call", IDS[0]))
    truth.carry("nova/f0.py", numbered(40, prefix="f0"), message("Use the new call"))
    truth.carry("nova/f0.py", changed(0, "theirs").replace("f0 33\n", "more\n"), message("Use the new call"))
    truth.carry(
        "nova/f0.py", numbered(40, prefix="f0"), message(f'Revert "Use the new call"\n\nThis reverts {theirs}.')
    )
    assert truth.found() == {"0001": None, "0002": None, "0003": None}


def test_a_subject_counts_only_where_a_file_is_the_same_and_few_have_it(truth: Truth) -> None:
    truth.carry("nova/f0.py", changed(0, "ours"), message("Handle the error"))
    truth.carry("nova/f1.py", changed(1, "ours"), message("Add a release note"))
    truth.merge("nova/f2.py", changed(2, "theirs"), message("Handle the error", IDS[2]))
    for number in range(6):
        truth.merge("nova/f1.py", changed(1, f"theirs {number}"), message("Add a release note", IDS[number + 20]))
    assert truth.found() == {"0001": None, "0002": None}


def test_what_the_base_of_a_patch_has_already_is_not_the_patch(truth: Truth) -> None:
    truth.merge("nova/f0.py", changed(0, "theirs"), message("Fix matter zero", IDS[0]))
    base = truth.tip
    truth.carry("nova/f0.py", changed(0, "more"), message("Fix matter zero", IDS[0]))
    asked = Upstreamed(truth.store, truth.cache)
    assert asked.evidence(truth.tip, truth.patches["0001"]) is not None
    assert asked.evidence(truth.tip, truth.patches["0001"], base=base) is None


def test_the_commit_that_a_patch_file_was_made_of_is_found_by_its_id(truth: Truth) -> None:
    commit = truth.merge("nova/f0.py", changed(0, "theirs"), message("Fix matter zero"))
    file = truth.upstream.patch().replace("matter zero", "something").replace("+theirs", "+ours")
    asked = Upstreamed(truth.store, truth.cache)
    found = asked.evidence(truth.tip, parse(file.encode()))
    assert found is not None
    assert (found.trust, found.commit) == (Trust.CHERRY_PICK, commit)


def test_a_plain_diff_is_found_by_its_patch_id(truth: Truth) -> None:
    text = f"--- nova/f0.py.orig\n+++ nova/f0.py\n{''.join(_hunk(truth))}"
    commit = truth.merge("nova/f0.py", changed(0, "ours"), message("Their own words", IDS[0]))
    truth.merge("nova/f0.py", changed(0, "ours").replace("f0 3\n", "later\n"), message("More of it", IDS[1]))
    asked = Upstreamed(truth.store, truth.cache)
    found = asked.evidence(truth.tip, parse(text.encode(), strip=0))
    assert found is not None
    assert (found.trust, found.commit, found.difference) == (Trust.PATCH_ID, commit, "")


def _hunk(truth: Truth) -> list[str]:
    truth.carry("nova/f0.py", changed(0, "ours"), message("Ours"))
    lines = truth.upstream.git("diff", "master", "ours").splitlines(keepends=True)
    return [*lines[4:], "\n"]


def test_the_difference_is_that_of_the_changes_and_not_of_their_places(truth: Truth) -> None:
    truth.carry("nova/f0.py", changed(0, "ours"), message("Fix matter zero", IDS[0]))
    truth.upstream.commit({"nova/f0.py": "new\n" * 5 + numbered(40, prefix="f0")}, "Move all down")
    content = "new\n" * 5 + changed(0, "reviewed")
    truth.upstream.commit({"nova/f0.py": content, "nova/test.py": "test\n"}, message("Fix matter zero", IDS[0]))
    found = Upstreamed(truth.store, truth.cache).evidence(truth.tip, truth.patches["0001"])
    assert found is not None
    assert found.difference == (
        "--- carried/nova/f0.py\n+++ merged/nova/f0.py\n@@ -1,2 +1,2 @@\n -f0 20\n-+ours\n++reviewed\n"
        "--- carried/nova/test.py\n+++ merged/nova/test.py\n@@ -0,0 +1,2 @@\n+new file mode 100644\n++test\n"
    )
    assert differing(found.difference) == 4


def test_tips_that_are_gone_from_the_repository_are_no_hindrance(truth: Truth) -> None:
    fourteen_pairs(truth)
    lost = truth.upstream.commit({"gone": "gone\n"}, "To be forgotten")
    truth.found(CommitId(lost))
    truth.upstream.git("reset", "--quiet", "--hard", "HEAD^")
    truth.upstream.git("reflog", "expire", "--expire=now", "--all")
    truth.upstream.git("gc", "--quiet", "--prune=now")
    truth.upstream.commit({"more": "more\n"}, "Go on")
    assert truth.upstream.git("cat-file", "-t", lost, status=None) == ""
    assert truth.found() == truth.expected
