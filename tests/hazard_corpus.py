"""A corpus of collisions over OpenStack's own releases: distributions whose patches are edits of the real files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from stackwright.distribution import load
from stackwright.events import Events
from stackwright.hazards.check import Report, check
from stackwright.hazards.readers.look import Paths
from stackwright.hazards.rulebook import rules_of
from stackwright.patches.matrix.survey import Wanted
from stackwright.sources.bases import Bases
from stackwright.store import Memo
from stackwright.store.store import TreeId
from stackwright.tools import git
from tests.releases import CACHE, NAMES, NEWEST, PACKAGES, VERSIONS, Releases

if TYPE_CHECKING:
    from stackwright.hazards.hazard import Hazard

# What becomes of the text of a file; a file that is not there begins empty, and one that is left empty is removed.
Edit: TypeAlias = Callable[[str], str]
TODAY = date(2026, 11, 20)


def swapped(old: str, new: str) -> Edit:
    """Put something in the place of what the file has once or first."""

    def edit(text: str) -> str:
        assert old in text, f"the file does not have {old!r}"
        return text.replace(old, new, 1)

    return edit


def appended(more: str) -> Edit:
    """Add to the end of a file, or make a new one."""
    return lambda text: text + more


def removed(text: str) -> str:
    """Take a file away."""
    assert text
    return ""


def both(*edits: Edit) -> Edit:
    """Do one after the other."""

    def edit(text: str) -> str:
        for each in edits:
            text = each(text)
        return text

    return edit


def revision(name: str, down: str, *lines: str, depends: str = "", labels: str = "") -> Edit:
    """Write a database revision: what it comes after, and what it does."""
    body = "".join(f"    {line}\n" for line in lines or ("pass",))
    more = f"depends_on = {depends!r}\n" if depends else ""
    more += f"branch_labels = {labels!r}\n" if labels else ""
    return appended(
        f"from alembic import op\nimport sqlalchemy as sa\n\nrevision = {name!r}\ndown_revision = {down!r}\n{more}\n\n"
        f"def upgrade():\n{body}"
    )


@dataclass(frozen=True)
class Carried:
    """A patch that a team carries.

    :param set_name: the set that it is one of
    """

    component: str
    release: str
    edits: Mapping[str, Edit]
    name: str = "ours.patch"
    set_name: str = ""


class Corpus:
    """Makes distributions of real releases with patches, and checks them.

    :param directory: they are made below it
    """

    def __init__(self, directory: Path, releases: Releases) -> None:
        self.directory = directory
        self.releases = releases
        self.memo = Memo(CACHE)

    def check(
        self, versions: Mapping[str, Mapping[str, str]], carried: Sequence[Carried], ledger: str = ""
    ) -> tuple[Path, Report]:
        """Write a distribution, and look for hazards.

        :param versions: by component and release
        :param carried: the patches, in the order of their series
        """
        root = self.distribution(versions, carried)
        if ledger:
            (root / "claims.yaml").write_text(ledger)
        distribution = load(root)
        bases = Bases(distribution, store=self.releases.store, memo=self.memo, cache=CACHE, events=Events())
        return root, check(distribution, Wanted(), bases=bases, memo=self.releases.memo, today=TODAY)

    def distribution(self, versions: Mapping[str, Mapping[str, str]], carried: Sequence[Carried]) -> Path:
        """Write a distribution."""
        root = Path(tempfile.mkdtemp(dir=self.directory))
        (root / "releases").mkdir()
        (root / "distribution.yaml").write_text("name: team\n")
        for release in dict.fromkeys(name for some in versions.values() for name in some):
            lines = ['python: "3.11"', f"pins: {{exclude-newer: {NEWEST}}}", "components:"]
            lines += [
                f"  {component}: {{source: {{pypi: {PACKAGES.get(component, component)}, version: {some[release]}}}}}"
                for component, some in versions.items()
                if release in some
            ]
            (root / f"releases/{release}.yaml").write_text("\n".join(lines) + "\n")
        trees: dict[tuple[str, str], TreeId] = {}
        for one in carried:
            key = one.component, one.release
            before = trees.get(key) or self.releases.tree(one.component, versions[one.component][one.release])
            trees[key] = self.edited(before, one.edits)
            folder = root / "patches" / one.component / one.release
            folder.mkdir(parents=True, exist_ok=True)
            about = f"\nSet: {one.set_name}" if one.set_name else ""
            head = f"From: Ada <ada@example.org>\nSubject: [PATCH] Carry {one.name}\n\nBecause we can.\n{about}\n---\n"
            (folder / one.name).write_bytes(head.encode() + self.releases.store.diff(before, trees[key]))
            with (folder / "series").open("a") as series:
                series.write(f"{one.name}\n")
        return root

    def edited(self, tree: TreeId, edits: Mapping[str, Edit]) -> TreeId:
        """Give a tree with some files edited."""
        store = self.releases.store
        with store.index(tree) as index, tempfile.TemporaryDirectory(dir=self.directory) as folder:
            for path, edit in edits.items():
                before = (store.read(tree, path) or b"").decode()
                text = edit(before)
                assert text != before, f"the edit changes nothing in {path}"
                if text:
                    file = Path(folder) / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text)
            git.update_index(store.directory, index, Path(folder), [path.encode() for path in edits])
            return TreeId(git.write_tree(store.directory, index))


def places(hazard: Hazard) -> tuple[tuple[str, ...], str, str]:
    """Give where a hazard shows up, and the files that say so on both sides."""
    return hazard.targets, hazard.ours.path, hazard.theirs.path


@dataclass(frozen=True)
class Case:
    """A collision of a carried patch, and all that is to be found of it.

    :param releases: the one that the patch is made on, and the later ones
    :param found: rule, name, the releases it shows up with, the file on our side, and that on the other
    """

    component: str
    releases: tuple[str, ...]
    edits: Mapping[str, Edit]
    found: frozenset[tuple[str, str, tuple[str, ...], str, str]]

    @property
    def id(self) -> str:
        rules = "+".join(sorted({one[0] for one in self.found}))
        return f"{self.component}-{rules or 'nothing'}"


def case(component: str, releases: str, edits: Mapping[str, Edit], *found: tuple[str, str, str, str, str]) -> Case:
    """Give a case; releases are parted by blanks."""
    return Case(
        component,
        (*releases.split(),),
        edits,
        frozenset((rule, name, (*targets.split(),), ours, theirs) for rule, name, targets, ours, theirs in found),
    )


def found_in(corpus: Corpus, one: Case) -> frozenset[tuple[str, str, tuple[str, ...], str, str]]:
    """Give what is found of a case; each hazard has to point into the patch, and to say what happens and what to do."""
    versions = {one.component: {name: VERSIONS[one.component][NAMES.index(name)] for name in one.releases}}
    root, report = corpus.check(versions, [Carried(one.component, one.releases[0], one.edits)])
    assert not report.errors
    hazards = [each.hazard for each in report.found]
    for hazard in hazards:
        patch, _, line = hazard.ours.file.partition(":")
        assert patch == f"patches/{one.component}/{one.releases[0]}/ours.patch"
        text = (root / patch).read_text()
        assert 0 < int(line) <= len(text.splitlines()) if line else f" b/{hazard.ours.path}\n" not in text
        assert all((hazard.happens, hazard.fix, hazard.what, hazard.theirs.who))
        assert hazard.theirs.path or hazard.theirs.says
    return frozenset((one.rule, one.name, *places(one)) for one in hazards)


COMMENTS = {".py": "# Touched.\n", ".rst": ".. Touched.\n\n", ".yaml": "# Touched.\n"}


def commented(releases: Releases, component: str, release: str) -> dict[str, Edit]:
    """Give the edits that add a comment at the head of every file that the rules of a component look at."""
    paths = Paths(releases.store.entries(releases.of(component, release)))
    wanted = {
        path
        for rule in rules_of(component).claims
        for words in rule.files.values()
        for path in paths.first(words)
        if Path(path).suffix in COMMENTS
    }
    return {path: _headed(COMMENTS[Path(path).suffix]) for path in sorted(wanted)}


def _headed(comment: str) -> Edit:
    return lambda text: comment + text
