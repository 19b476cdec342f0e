"""Options and policies that are in none of the lists that a tree keeps by hand, and options without a help text."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.lint.model import Finding
from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import dotted
from stackwright.hazards.readers.options import makes_option
from stackwright.hazards.readers.python import chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.lint.model import Subject, View
    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.python import Module

HAPPENS = {
    Kind.OPTION: "The sample configuration and the documentation do not have it, and nobody learns of it.",
    Kind.POLICY: "The service never registers it: a request that asks for it fails, and the sample file lacks it.",
}
LIST_RULES = "list_rules"


def helpless(subject: Subject) -> Iterator[Finding]:
    """Find new options that do not say what they are for."""
    for claim in _new(subject, Kind.OPTION):
        call = _call_at(subject.after.module(claim.path), claim)
        if call is None or any(word.arg in ("help", None) for word in call.keywords):
            continue
        hazard = subject.ours.hazard(
            Rule.NO_HELP,
            claim,
            Side(subject.tree, "it has no help text"),
            what=f"the option {claim.name} has no help text",
            happens="The sample configuration and the documentation show a name and a default, and nobody knows what"
            " they do.",
            fix="give it help=...: what it does, in which unit, and what else it goes with",
        )
        yield Finding(hazard, by_hand="only a person knows what it is for")


def unlisted(subject: Subject) -> Iterator[Finding]:
    """Find what a patch makes a new group of, and what the list that is kept by hand does not take in."""
    for kind, words in ((Kind.OPTION, subject.rules.lists.option), (Kind.POLICY, subject.rules.lists.policy)):
        claims = list(_new(subject, kind)) if words else []
        lists = subject.after.paths.first(words) if claims else ()
        mentioned = {name for path in lists for name in _mentioned(subject.after.module(path))}
        told: set[tuple[str, str]] = set()
        for claim in claims if mentioned else ():
            thing = _thing(subject, claim)
            if thing and (claim.path, thing) not in told and not _in(claim.path, thing, mentioned, subject.after):
                told.add((claim.path, thing))
                yield _unlisted(subject, claim, thing, lists[0])


def _unlisted(subject: Subject, claim: Claim, thing: str, path: str) -> Finding:
    hazard = subject.ours.hazard(
        Rule.UNLISTED,
        claim,
        Side(subject.tree, f"it does not name {dotted(claim.path)}.{thing}", path),
        what=f"{path} does not list {dotted(claim.path)}.{thing}, which the {claim.kind} {claim.name} is in",
        happens=HAPPENS[claim.kind],
        fix=f"add it to {path}",
        identity=(thing,),
    )
    return Finding(hazard, by_hand="a person decides where in the list it goes")


def _new(subject: Subject, kind: Kind) -> Iterator[Claim]:
    return (change.new for change in subject.made if change.old is None and change.new.kind is kind)


def _call_at(module: Module | None, claim: Claim) -> ast.Call | None:
    calls = module.calls if module else []
    return next((call for call in calls if call.lineno == claim.line and makes_option(call)), None)


def _thing(subject: Subject, claim: Claim) -> str:
    """Give the new name at the top of a module that a list has to name for a claim; empty if there is no new one."""
    after, before = subject.after.module(claim.path), subject.before.module(claim.path)
    if after is None:
        return ""
    if claim.kind is Kind.POLICY:
        return LIST_RULES if LIST_RULES in after.functions and before is None else ""
    holders = [name for name, node in after.top.items() if node.lineno <= claim.line <= (node.end_lineno or 0)]
    return next((name for name in holders if before is None or name not in before.top), "")


def _in(path: str, thing: str, mentioned: set[str], view: View) -> bool:
    """Tell whether a list names something, or what in the same module has it in it."""
    module = view.module(path)
    names = {thing}
    for name, node in [*module.top.items(), *module.functions.items()] if module else ():
        if any(isinstance(each, ast.Name) and each.id == thing for each in ast.walk(node)):
            names.add(name)
    return any(f"{dotted(path)}.{name}" in mentioned for name in names)


def _mentioned(module: Module | None) -> Iterator[str]:
    """Give every dotted name in a module, as it is known outside of it."""
    for node in module.all(ast.Attribute, ast.Name) if module else ():
        first, *rest = chain(node) or [""]
        if module and first:
            yield ".".join([module.imports.get(first, first), *rest])
