"""`hazard claims`: what a tree claims, and what each patch makes of that."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import InputError, StackwrightError, suggestion
from stackwright.hazards.claims import claims_by_patch, claims_of
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import rules_of
from stackwright.patches import apply, read_series
from stackwright.sources.bases import Asked, Bases
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from stackwright.hazards.claims import PatchClaims
    from stackwright.hazards.model import Claim, Claims, Unseen

MOST = 60  # letters of a meaning, for a person
SHOWN = 3  # places of what cannot be seen, for a person
FOR_PEOPLE = ("table", "value")
COLUMNS = ("Kind", "Name", "Meaning", "Where")


class ListClaims(WorkspaceLister):
    """List the numbers and names that a component's tree claims, or with --patches what each patch makes of them."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component")
        parser.add_argument("release")
        parser.add_argument("--kind", metavar="KIND", action="append", default=[], help="a kind of claim (all)")
        parser.add_argument("--patches", action="store_true", help="what each patch adds, changes and takes away")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read the tree, or the trees before and after each patch."""
        workspace = self.workspace
        kinds = _kinds(parsed_args.kind)
        release = workspace.distribution.release(parsed_args.release)
        component = release.component(parsed_args.component)
        rules = rules_of(component.name, component.distribution_name)
        series = read_series(workspace.distribution.series_directory(component.name, release.name))
        memo = Memo(workspace.cache)
        store = Store(workspace.state / "store.git")
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            asked = Asked(release.name, component.name)
            base = bases.find([asked])[asked]
        if isinstance(base, StackwrightError):
            raise base
        self._unseen: list[tuple[str, Unseen]] = []
        self._for_people = parsed_args.formatter in FOR_PEOPLE
        if parsed_args.patches:
            return self._by_patch(claims_by_patch(base.store, base.tree, series, rules, memo), kinds)
        tree = apply(base.store, base.tree, series, memo).tree
        return self._all(claims_of(base.store, tree, rules, memo), kinds)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what is not to be seen."""
        super().run(parsed_args)
        for patch, unseen in self._unseen:
            sys.stderr.write(f"note: {f'{patch}: ' if patch else ''}{_cannot_see(unseen)}\n")
        return 0

    def _all(self, claims: Claims, kinds: Collection[Kind]) -> Listing:
        rows = [self._row(claim) for claim in claims.claims if claim.kind in kinds]
        return COLUMNS, [*rows, *self._not_seen("", claims.unseen, kinds)]

    def _by_patch(self, found: Iterable[PatchClaims], kinds: Collection[Kind]) -> Listing:
        rows: list[Sequence[object]] = []
        for one in found:
            name, made = one.patch.name, one.changes
            rows += [(name, "adds", *self._row(claim)) for claim in made.added if claim.kind in kinds]
            rows += [
                (name, "changes", *self._row(after, before)) for before, after in made.changed if after.kind in kinds
            ]
            rows += [(name, "takes away", *self._row(claim)) for claim in made.removed if claim.kind in kinds]
            rows += [(name, "hides", *row) for row in self._not_seen(name, made.unseen, kinds)]
        return ("Patch", "What", *COLUMNS), rows

    def _row(self, claim: Claim, before: Claim | None = None) -> tuple[object, ...]:
        """Give the columns of a claim; of one that was changed, what it meant before as well."""
        meaning: object = dict(claim.meaning)
        if self._for_people:
            meaning = _short(claim) if before is None else _difference(before, claim)
        elif before is not None:
            meaning = {"before": dict(before.meaning), "after": meaning}
        return claim.kind.value, claim.name, meaning, f"{claim.path}:{claim.line}"

    def _not_seen(self, patch: str, unseen: Iterable[Unseen], kinds: Collection[Kind]) -> Iterator[tuple[object, ...]]:
        """Remember what is not to be seen, for a note; programs get it as rows."""
        for each in unseen:
            if each.kind not in kinds:
                continue
            self._unseen.append((patch, each))
            if not self._for_people:
                yield each.kind.value, "", {"cannot see": each.why}, " ".join(each.looked)


def _kinds(words: Sequence[str]) -> Collection[Kind]:
    """Give the kinds that words mean: as they are shown, or as their names are."""
    known = {kind.value: kind for kind in Kind} | {kind.name.lower().replace("_", "-"): kind for kind in Kind}
    for word in words:
        if word not in known:
            raise InputError(f"there is no kind of claim {word!r}", fix=suggestion(word, known))
    return {known[word] for word in words} or set(Kind)


def _short(claim: Claim) -> str:
    """Give a meaning for a line of a table: its title, else its parts."""
    title = claim.says("title") or claim.says("brought")
    if title:
        return _cut(title)
    return _cut(", ".join(f"{word} {text}" for word, text in sorted(claim.meaning, key=_weight)))


def _weight(part: tuple[str, str]) -> bool:
    """Put the version of an interface before its methods."""
    return part[0] not in ("version", "server")


def _difference(before: Claim, after: Claim) -> str:
    """Give the parts of a meaning that differ."""
    old, new = dict(before.meaning), dict(after.meaning)
    words = [word for word in {**old, **new} if old.get(word) != new.get(word)]
    each = MOST // (2 * len(words)) + 1 if len(words) < 3 else MOST // 6
    return "; ".join(f"{word}: {_cut(old.get(word, '-'), each)} -> {_cut(new.get(word, '-'), each)}" for word in words)


def _cut(text: str, most: int = MOST) -> str:
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def _cannot_see(unseen: Unseen) -> str:
    places = ", ".join(unseen.looked[:SHOWN])
    more = f" and {len(unseen.looked) - SHOWN} more" if len(unseen.looked) > SHOWN else ""
    return f"cannot see ({unseen.kind.value}): {unseen.why}: {places}{more}"
