"""Prove a component's series by upstream's style checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache as remembering
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.workshop import Workshop
from stackwright.errors import InputError, Where
from stackwright.events import Kind
from stackwright.proof.upstream.blame import Kind as Judged
from stackwright.proof.upstream.blame import judge
from stackwright.proof.upstream.environment import environment_of
from stackwright.proof.upstream.place import Place
from stackwright.proof.upstream.proving import FOLDER, Proof, Trees, carry, what_tree
from stackwright.proof.upstream.records import Records
from stackwright.proof.upstream.style.checks import Checks
from stackwright.proof.upstream.style.declared import ENVIRONMENTS
from stackwright.proof.upstream.style.findings import path_of, place_of, told
from stackwright.proof.upstream.style.hooks import FILE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from stackwright.distribution import Component, Distribution, Release
    from stackwright.events import Events
    from stackwright.proof.upstream.model import Outcome
    from stackwright.proof.upstream.proving import Ask, Carried
    from stackwright.proof.upstream.style.model import Linter
    from stackwright.store import Memo, Store

RECORDS = "style-checks"  # in the cache


@dataclass(frozen=True)
class StyleProof(Proof):
    """What came of it: what is chosen are files, an outcome is a finding or a file without any.

    It has no one environment: each linter may have its own.

    :param linters: what has checked the last tree
    :param not_run: names of the project's other style checks
    """

    linters: tuple[str, ...]
    not_run: tuple[str, ...]


def prove_style(
    distribution: Distribution,
    release: Release,
    component: Component,
    ask: Ask,
    *,
    store: Store,
    memo: Memo,
    cache: Path,
    logs: Path,
    events: Events,
) -> StyleProof:
    """Run upstream's style checks on a component with its patches; the parameters are those of `proving.prove`.

    :raises PatchConflictError: the series does not apply
    :raises InputError: a source or a series is wrong, no linter is declared, or no versions fit
    :raises EnvironmentLacksError: a source cannot be reached, or an environment cannot be made here
    :raises RunFailedError: a linter cannot do its work
    """
    workshop = Workshop(store, memo, ArtifactCache(cache), events, logs)
    carried = carry(distribution, release, component, workshop)

    @remembering
    def environment(linter: Linter) -> str:
        def made(of: Release) -> str:
            return environment_of(distribution, of, component.name, linter.requirements, workshop, "style checks")

        try:
            return made(release)
        except InputError as error:
            note = f"the release's pins exclude {linter.declared or linter.tool}: it comes without them ({error.what})"
            events.emit(Kind.NOTE, f"{component.name}/style", note)
            return made(_unpinned(release))

    with Place(store, workshop.artifacts, cache / FOLDER / "compiled") as place:
        checks = Checks(
            component.name, release.name, environment,
            place=place, records=Records(cache / RECORDS), events=events, timeout=ask.timeout,
        )  # fmt: skip
        return _Proving(checks, store, carried, ask).proof()


class _Proving:
    """One proof under way."""

    def __init__(self, checks: Checks, store: Store, carried: Carried, ask: Ask) -> None:
        self._checks, self._store, self._ask = checks, store, ask
        self._trees, self._patches = carried.trees, carried.patches
        self._why = ""

    def proof(self) -> StyleProof:
        """Choose files, check them, and judge."""
        self._need_linters()
        last = len(self._patches)
        each = self._ask.trees is Trees.EACH and last
        counts = range(1, last + 1) if each else [last]
        chosen = {count: self._chosen(count - 1 if each else 0, count) for count in counts}
        if self._ask.trees is Trees.NONE:
            return self._made(chosen, {})
        return self._made(chosen, {count: self._run(count, files) for count, files in chosen.items()})

    def _need_linters(self) -> None:
        style = self._checks.style(self._trees[-1])
        if style.linters:
            return
        others = f"; there are only {', '.join(style.not_run)}" if style.not_run else ""
        raise InputError(
            f"{self._checks.component} has no style checks that can be run",
            where=self._where,
            why="flake8 (or hacking) and ruff were looked for in the commands of"
            f" {', '.join(f'[testenv:{name}]' for name in ENVIRONMENTS)} in tox.ini and in {FILE}{others}",
            fix="leave out --pep8",
        )

    def _chosen(self, before: int, after: int) -> frozenset[str]:
        """Give the files to be checked on a tree: those that have changed, or all."""
        tree = self._trees[after]
        if self._ask.all:
            return self._checks.files(tree, None)
        if not self._patches:
            raise InputError(
                f"{self._checks.component} has no patches in {self._checks.release} whose style could be checked",
                where=self._where,
                fix="--all checks all of its files",
            )
        why = self._differs(before, after)
        if why:
            self._why = self._why or why
            return self._checks.files(tree, None)
        old, new = self._store.entries(self._trees[before]), self._store.entries(tree)
        return self._checks.files(tree, [path for path, entry in new.items() if old.get(path) != entry])

    def _differs(self, before: int, after: int) -> str:
        """Say in what two trees differ that changes the findings in files that stay as they are."""
        old, new = self._checks.style(self._trees[before]), self._checks.style(self._trees[after])
        was, now = dict(old.settings), dict(new.settings)
        changed = next((path for path in {**now, **was} if now.get(path) != was.get(path)), "")
        if changed:
            return f"{changed} has changed"
        return "the linters or their requirements have changed" if old.linters != new.linters else ""

    def _run(self, count: int, files: Collection[str]) -> Mapping[str, Outcome]:
        return self._checks.run(self._trees[count], files, what_tree(count, len(self._patches)))

    def _failing(self, count: int, names: Collection[str]) -> Collection[str]:
        outcomes = self._run(count, {path_of(name) for name in names})
        return [name for name in names if name in outcomes]

    def _made(self, chosen: Mapping[int, frozenset[str]], seen: Mapping[int, Mapping[str, Outcome]]) -> StyleProof:
        failures = judge(seen, self._patches, self._failing, find=self._ask.trees is not Trees.LAST)
        last, style = seen[max(seen)] if seen else {}, self._checks.style(self._trees[-1])
        found = [replace(failure, outcome=told(failure.outcome)) for failure in failures]
        order = list(Judged)
        return StyleProof(
            self._checks.component,
            self._checks.release,
            self._patches,
            self._trees[-1],
            "",
            chosen,
            self._why,
            tuple(sorted(map(told, last.values()), key=lambda one: place_of(one.test))),
            tuple(sorted(found, key=lambda one: (order.index(one.kind), place_of(one.outcome.test)))),
            self._checks.ran,
            tuple(map(str, style.linters)),
            style.not_run,
        )

    @property
    def _where(self) -> Where:
        return Where(subject=f"{self._checks.component} {self._checks.release}")


def _unpinned(release: Release) -> Release:
    """Give a release whose environments have the newest versions: what no hook of pre-commit goes without."""
    return release.model_copy(
        update={"components": {}, "pins": release.pins.model_copy(update={"exclude_newer": None, "constraints": None})}
    )
