"""A new microversion: the newest that the code says, its place in the history and the list, and its repetitions."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.hazards.collisions_base import order
from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.lint.histories import entry_added, section_added
from stackwright.hazards.lint.model import Edit, Finding, bytes_of, line_of, text_of
from stackwright.hazards.model import Claim, Kind
from stackwright.hazards.readers import microversions
from stackwright.hazards.readers.python import Module, UnparsedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackwright.hazards.lint.model import Subject, View
    from stackwright.hazards.rulebook import Repeat
    from stackwright.hazards.rulebook import Rule as ReadingRule

READER = "microversions"
SOURCES = {"history": "the version history", "summary": "the list of versions"}


def maximum(subject: Subject) -> Iterator[Finding]:
    """Find a new microversion that is above the newest that the code says it has."""
    newest = _newest_claim(subject.after)
    new = [change.new for change in subject.made if change.new.kind is Kind.MICROVERSION and change.old is None]
    highest = max(new, key=lambda claim: order(claim.name), default=None)
    if newest is None or highest is None or order(highest.name) <= order(newest.says("version")):
        return
    rule = next(subject.rules_with(READER))
    name, major = rule.options.get("maximum", ""), rule.options.get("major", "")
    constants = rule.options.get("summary", "").removesuffix("*") if major else ""
    number = highest.name.removeprefix(f"{major}.") if major else highest.name

    def raised(content: bytes | None) -> bytes:
        return _raised(content or b"", newest.path, name, number, constants) or content or b""

    content = subject.after.read(newest.path)
    mechanical = raised(content) != content
    yield Finding(
        subject.ours.hazard(
            Rule.MAXIMUM_BEHIND,
            highest,
            Side(subject.tree, f"the newest is {newest.says('version')}", newest.path, newest.line),
            what=f"the code says that its newest microversion is {newest.says('version')}, not {highest.name}",
            happens=f"A request for {highest.name} is refused (406): what the patch brings cannot be used.",
            fix=f"write {highest.name} into {newest.path}",
        ),
        (Edit(newest.path, raised),) if mechanical else (),
        "" if mechanical else f"how {name or 'the newest'} is written in {newest.path} is not known",
    )  # fmt: skip


def untold(subject: Subject) -> Iterator[Finding]:
    """Find a new microversion that the history or the list of versions does not have, where they are kept."""
    new = {change.new.name: change.new for change in subject.made if change.new.kind is Kind.MICROVERSION
           and change.old is None}  # fmt: skip
    before, after = _newest_claim(subject.before), _newest_claim(subject.after)
    if after and before and order(after.says("version")) > order(before.says("version")):
        said = after.says("version")
        new.setdefault(said, replace(after, kind=Kind.MICROVERSION, name=said, meaning=()))
    if not new or before is None:
        return
    for rule in subject.rules_with(READER):
        known = {role: _told(subject.before, rule, role) for role in SOURCES}
        told = {role: _told(subject.after, rule, role) for role in SOURCES}
        for role in SOURCES:
            if before.says("version") in known[role] and told[role]:
                for name in sorted(new.keys() - told[role].keys(), key=order):
                    yield _untold(subject, rule, role, new[name], told)


def repeated(subject: Subject) -> Iterator[Finding]:
    """Find files that have repeated the newest version until now, and still have the old one."""
    old, new = _newest_claim(subject.before), _newest_claim(subject.after)
    was, now = (claim.says("version") if claim else "" for claim in (old, new))
    for repeat in subject.rules.repeats if new and was and was != now else ():
        for path in subject.after.paths.first(repeat.files):
            lines = _lines(repeat, subject.after.text(path), was)
            if not lines or not _lines(repeat, subject.before.text(path), was):
                continue
            assert new is not None
            claim = replace(new, path=path, line=lines[0])
            hazard = subject.ours.hazard(
                Rule.VERSION_STALE,
                claim,
                Side(subject.tree, f"the newest is {now}", new.path, new.line),
                says=f"the newest is {was}",
                what=f"{path} still says that the newest version is {was}, not {now}",
                happens=repeat.happens,
                fix=f"write {now} there",
                identity=(path,),
            )
            yield Finding(hazard, (Edit(path, _written(repeat, was, now)),))


def _newest_claim(view: View) -> Claim | None:
    return view.claims.of(Kind.NEWEST).get("microversion")


def _lines(repeat: Repeat, text: str, version: str) -> list[int]:
    """Give the lines in which a version is repeated."""
    found = re.finditer(repeat.pattern, text, re.MULTILINE)
    return [line_of(text, match.start(1)) for match in found if match[1] == version]


def _written(repeat: Repeat, was: str, now: str) -> Callable[[bytes | None], bytes]:
    def of(match: re.Match[str]) -> str:
        if match[1] != was:
            return match[0]
        at = match.start(1) - match.start()
        return f"{match[0][:at]}{now}{match[0][at + len(was) :]}"

    return lambda content: bytes_of(re.sub(repeat.pattern, of, text_of(content), flags=re.MULTILINE))


# The newest ---------------------------------------------------------------------------------------------------------


def _raised(content: bytes, path: str, name: str, number: str, constants: str) -> bytes | None:
    """Give the module with another newest version; None if it is not written in a way that is known.

    :param constants: what begins the names of the constants that it may be one of
    """
    try:
        module = Module(path, content)
    except UnparsedError:
        return None
    node = module.assigned.get(name)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _replaced(content, node, f"{_quote(content, node)}{number}{_quote(content, node)}")
    if isinstance(node, ast.Name) and constants:
        wanted = re.compile(rf"{re.escape(constants)}{number}_\w+")
        other = next(filter(wanted.fullmatch, module.top), None)
        return _replaced(content, node, other) if other else None
    last = node.elts[-1] if isinstance(node, ast.List) and node.elts else None
    if isinstance(node, ast.List) and isinstance(last, ast.Constant):
        return _appended(content, node, last, number)
    return None


def _replaced(content: bytes, node: ast.expr, text: str) -> bytes | None:
    lines = content.splitlines(keepends=True)
    if node.end_lineno != node.lineno:
        return None
    line = lines[node.lineno - 1]
    lines[node.lineno - 1] = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
    return b"".join(lines)


def _appended(content: bytes, node: ast.List, last: ast.Constant, number: str) -> bytes | None:
    """Put a version behind the last of a list that has a line for each, and whose end has one too."""
    lines = content.splitlines(keepends=True)
    assert node.end_lineno is not None
    line, behind = lines[last.lineno - 1], lines[last.lineno - 1][last.end_col_offset :]
    if not behind.startswith(b",") or lines[node.end_lineno - 1].strip() != b"]":
        return None
    quote = _quote(content, last)
    new = line[: last.col_offset] + f"{quote}{number}{quote},\n".encode()
    return b"".join([*lines[: node.end_lineno - 1], new, *lines[node.end_lineno - 1 :]])


def _quote(content: bytes, node: ast.expr) -> str:
    return chr(content.splitlines()[node.lineno - 1][node.col_offset])


# History and list ---------------------------------------------------------------------------------------------------


def _told(view: View, rule: ReadingRule, role: str) -> dict[str, tuple[str, str, int]]:
    """Give what the history or the list says of each version: what it brings in short, the file and the line."""
    found: dict[str, tuple[str, str, int]] = {}
    look = view.look(rule, Kind.MICROVERSION)
    if role == "history":
        for path in look.paths(role):
            for number, title, text, line in microversions.history(look.text(path)):
                found.setdefault(number, (title or microversions.first_sentence(text), path, line))
    else:
        for module in look.modules(role):
            found |= {number: (title, module.path, line) for number, title, line in microversions.summary(look, module)}
    return found


def _untold(
    subject: Subject, rule: ReadingRule, role: str, claim: Claim, told: dict[str, dict[str, tuple[str, str, int]]]
) -> Finding:
    other = next(each for each in SOURCES if each != role)
    said = told[other].get(claim.name, ("", "", 0))[0]
    _, path, line = told[role][max(told[role], key=order)]

    def added(content: bytes | None) -> bytes:
        add = section_added if role == "history" else entry_added
        return bytes_of(add(text_of(content), claim.name, said))

    content = subject.after.read(path)
    constants = rule.options.get("summary", "").endswith("*")
    by_hand = ""
    if not said:
        by_hand = "nothing in the tree tells what it brings" if not told[other] else f"{SOURCES[other]} lacks it too"
    elif constants:
        by_hand = "a constant's name does not tell what it brings"
    elif added(content) == content:
        by_hand = f"where it belongs in {path} is not known"
    hazard = subject.ours.hazard(
        Rule.HISTORY_MISSING,
        claim,
        Side(subject.tree, f"{SOURCES[role]} ends without it", path, line),
        what=f"{SOURCES[role]}, {path}, does not tell of the microversion {claim.name}",
        happens="Users read there what a version brings, and do not learn of this one; a later patch takes the number"
        " for free.",
        fix=f"tell in {path} what {claim.name} brings",
        identity=(role,),
    )
    return Finding(hazard, () if by_hand else (Edit(path, added),), by_hand)
