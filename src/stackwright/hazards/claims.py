"""What a tree claims, and what a patch makes of that.

Only the files that the rules name are read, each once; what came out of a rule is remembered by the ids of its files,
so that a tree that differs from a known one in one file costs what that rule's files cost.
"""

from __future__ import annotations

import gc
import hashlib
import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackwright.hazards.model import Claim, Claims, Kind, Unseen
from stackwright.hazards.readers import READERS, VERSION
from stackwright.hazards.readers.look import Look, Paths
from stackwright.patches.apply import apply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.hazards.readers.python import Module
    from stackwright.hazards.rulebook import Rule, Rules
    from stackwright.patches.model import Patch, Series
    from stackwright.store import Entry, Memo, Store, TreeId


@dataclass(frozen=True)
class Changes:
    """How the claims of a tree differ from those of another.

    :param changed: the same name with another meaning, before and after
    :param unseen: what cannot be seen after, and could be before
    """

    added: tuple[Claim, ...] = ()
    changed: tuple[tuple[Claim, Claim], ...] = ()
    removed: tuple[Claim, ...] = ()
    unseen: tuple[Unseen, ...] = ()


@dataclass(frozen=True)
class PatchClaims:
    """What a patch makes of the claims of the tree before it."""

    patch: Patch
    changes: Changes


def claims_of(store: Store, tree: TreeId, rules: Rules, memo: Memo) -> Claims:
    """Give what a tree claims.

    :param rules: those of its component
    """
    whole = f"{tree} {_digest(rules.model_dump(mode='json'))}"
    keys = json.loads(memo.get("claims", whole) or "[]")
    found = [_remembered(memo, key) for key in keys]
    if not found or None in found:
        keys, found = _read(store, tree, rules.claims, memo)
        memo.put("claims", whole, json.dumps(keys))
    some = [one for one in found if one]
    claims = dict.fromkeys(claim for one in some for claim in one.claims)
    return Claims(tuple(claims), tuple(dict.fromkeys(unseen for one in some for unseen in one.unseen)))


def changes(before: Claims, after: Claims) -> Changes:
    """Tell what has to be added to, changed in and taken from the claims of one tree to have those of another.

    A claim that only stands in another place is the same.
    """
    old, new = _by_name(before), _by_name(after)
    added: list[Claim] = []
    changed: list[tuple[Claim, Claim]] = []
    removed: list[Claim] = []
    for key in {**old, **new}:
        gone, come = list(old.get(key, ())), list(new.get(key, ()))
        for claim in tuple(come):
            same = next((other for other in gone if other.meaning == claim.meaning), None)
            if same is not None:
                gone.remove(same)
                come.remove(claim)
        both = min(len(gone), len(come))
        changed += zip(gone, come, strict=False)
        added += come[both:]
        removed += gone[both:]
    unseen = tuple(each for each in after.unseen if each not in before.unseen)
    return Changes(tuple(added), tuple(changed), tuple(removed), unseen)


def claims_by_patch(store: Store, base: TreeId, series: Series, rules: Rules, memo: Memo) -> tuple[PatchClaims, ...]:
    """Give what each patch of a series adds, changes and takes away.

    :raises PatchConflictError: a patch does not apply
    """
    found = []
    before = claims_of(store, base, rules, memo) if series.patches else Claims(())
    for patch, tree in zip(series.patches, apply(store, base, series, memo).trees, strict=True):
        after = claims_of(store, tree, rules, memo)
        found.append(PatchClaims(patch, changes(before, after)))
        before = after
    return tuple(found)


def _by_name(claims: Claims) -> dict[tuple[Kind, str], list[Claim]]:
    found: defaultdict[tuple[Kind, str], list[Claim]] = defaultdict(list)
    for claim in claims.claims:
        found[claim.kind, claim.name].append(claim)
    return found


# Reading ------------------------------------------------------------------------------------------------------------


def _read(store: Store, tree: TreeId, rules: Sequence[Rule], memo: Memo) -> tuple[list[str], list[Claims | None]]:
    """Give the claims of each rule, and the key that they are remembered by; files are read for what is not known."""
    entries = store.entries(tree)
    paths = Paths(entries)
    files = [{role: paths.first(words) for role, words in rule.files.items()} for rule in rules]
    keys = [_key(rule, each, entries) for rule, each in zip(rules, files, strict=True)]
    found = [_remembered(memo, key) for key in keys]
    new = [at for at, known in enumerate(found) if known is None]
    wanted = dict.fromkeys(
        path for at in new if not READERS[rules[at].reader].listing for some in files[at].values() for path in some
    )
    store.need(entries[path].blob for path in wanted)
    contents = {path: content or b"" for path, content in store.read_all(tree, wanted).items()}
    parsed: dict[str, Module | None] = {}
    with _uncollected():
        for at in new:
            found[at] = _claims(rules[at], files[at], entries, contents, parsed)
            memo.put("claims-rule", keys[at], _dump(found[at] or Claims(())))
    return keys, found


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage while the block runs.

    Syntax trees are a great many objects without a cycle: to look through them again and again takes longer than to
    make them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _claims(
    rule: Rule,
    files: Mapping[str, tuple[str, ...]],
    entries: Mapping[str, Entry],
    contents: Mapping[str, bytes],
    parsed: dict[str, Module | None],
) -> Claims:
    reader = READERS[rule.reader]
    look = Look(files, rule.files, rule.options, entries, contents, reader.kind, parsed, means=rule.means)
    for role, words in rule.files.items():
        if not files[role]:
            look.miss(f"the tree has no such file ({role})", *words)
    claims = dict.fromkeys(reader.read(look))
    return Claims(tuple(claims), tuple(look.unseen))


def _key(rule: Rule, files: Mapping[str, tuple[str, ...]], entries: Mapping[str, Entry]) -> str:
    blobs = {role: [(path, entries[path].blob) for path in paths] for role, paths in files.items()}
    return _digest([rule.model_dump(mode="json"), blobs])


def _digest(about: object) -> str:
    return hashlib.sha256(json.dumps([VERSION, about]).encode("utf-8", "surrogateescape")).hexdigest()


def _dump(claims: Claims) -> str:
    rows = [[each.kind, each.name, each.meaning, each.path, each.line] for each in claims.claims]
    return json.dumps([rows, [[each.kind, each.looked, each.why] for each in claims.unseen]])


def _remembered(memo: Memo, key: str) -> Claims | None:
    """Read the claims of a rule from the memo, if they are there."""
    try:
        rows, unseen = json.loads(memo.get("claims-rule", key) or "")
        return Claims(tuple(map(_claim, rows)), tuple(Unseen(Kind(k), tuple(looked), why) for k, looked, why in unseen))
    except (ValueError, TypeError):
        return None


def _claim(row: list[Any]) -> Claim:
    kind, name, meaning, path, line = row
    return Claim(Kind(kind), name, tuple((word, text) for word, text in meaning), path, line)
