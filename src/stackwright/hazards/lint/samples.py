"""API samples without their templates, and the other way round; each is written from the other where that tells it.

What a line of a sample is in a template, the pairs that a tree has tell: those of the same sample at other versions
first, then those of the same folder, then all. A line that none of them has is taken as it is, unless it has a value
that is another in every run of the tests.
"""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING

from stackwright.hazards import collisions_named
from stackwright.hazards.lint.model import Edit, Finding, bytes_of, text_of
from stackwright.hazards.model import Kind
from stackwright.hazards.readers.listed import ENDING
from stackwright.hazards.readers.look import fixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.lint.model import Subject, View
    from stackwright.hazards.rulebook import Rule

READER = "samples"
# What stands for a value in a template.
PLACE = "%("
# Values that are others in every run: ids, times, addresses; and keys of numbers that are.
VARIES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}|\d{4}-\d\d-\d\d[T ]\d\d:|://|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r'|"(?:\w*_)?id":\s*\d'
)
VERSION = re.compile(r"/v\d+(?:\.\d+)*(?=/)")


def samples(subject: Subject) -> Iterator[Finding]:
    """Find samples and templates that the patch leaves alone."""
    rule = next(subject.rules_with(READER), None)
    for change in subject.made if rule else ():
        if change.new.kind is not Kind.SAMPLE:
            continue
        for hazard in collisions_named.sample(subject.ours, change):
            assert rule is not None
            yield _finding(subject, rule, change.new.name, change.new.path, hazard)


def _finding(subject: Subject, rule: Rule, name: str, path: str, hazard: Hazard) -> Finding:
    here = "templates" if path.endswith(".tpl") else "samples"
    there = "samples" if here == "templates" else "templates"
    words = next((words for words in rule.files.get(there, ()) if subject.after.paths.first([words])), "")
    ending = ENDING.search(path)
    if not words or ending is None:
        return Finding(hazard, by_hand=f"the tree has no {there}")
    target = f"{fixed(words)}/{name}.{ending[1]}" + (".tpl" if there == "templates" else "")
    made, lost = _other(subject.after, rule, name, subject.after.text(path), here)
    if lost:
        return Finding(hazard, by_hand=f"what stands for `{lost}` cannot be told from the pairs that the tree has")
    return Finding(hazard, (Edit(target, partial(_written, made)),))


def _written(text: str, content: bytes | None) -> bytes:
    return bytes_of(text) if content is None else content


def _other(view: View, rule: Rule, name: str, text: str, here: str) -> tuple[str, str]:
    """Give the text of the other one of a pair, or the first line that cannot be told."""
    made = []
    known: list[Mapping[str, Counter[str]]] = []
    for line in text.splitlines():
        bare = line.strip().removesuffix(",")
        found = _by_scope(view, rule, name, here, known, bare)
        if found is None and (PLACE in line if here == "templates" else VARIES.search(line)):
            return "", bare
        new = bare if found is None else found
        indent = line[: len(line) - len(line.lstrip())]
        made.append(f"{indent}{new}{',' if line.rstrip().endswith(',') else ''}")
    return "".join(f"{line}\n" for line in made), ""


def _by_scope(
    view: View, rule: Rule, name: str, here: str, known: list[Mapping[str, Counter[str]]], bare: str
) -> str | None:
    """Give what most pairs of the nearest scope that has a line make of it.

    None if none has it, if they disagree, or if only samples of other folders have a varying value as it is.
    """
    if not known:
        known += _learned(view, rule, name, here)
    for scope in known:
        if bare in scope:
            (made, count), *_ = scope[bare].most_common(1)
            copied = scope is known[-1] and made == bare and VARIES.search(bare)
            return made if 2 * count > scope[bare].total() and not copied else None
    return None


def _learned(view: View, rule: Rule, name: str, here: str) -> Sequence[Mapping[str, Counter[str]]]:
    paths = {role: _by_name(view, rule, role) for role in ("samples", "templates")}
    both = sorted(paths["samples"].keys() & paths["templates"].keys())
    there = "samples" if here == "templates" else "templates"
    contents = view.read_all([paths[role][each] for role in paths for each in both])
    scopes: tuple[dict[str, Counter[str]], ...] = ({}, {}, {})
    for each in both:
        one, other = (text_of(contents[paths[role][each]]).splitlines() for role in (here, there))
        near = 0 if _plain(each) == _plain(name) else 1 if _folder(each) == _folder(name) else 2
        for line, made in _side_by_side(one, other):
            for scope in scopes[near:]:
                scope.setdefault(line, Counter())[made] += 1
    return scopes


def _side_by_side(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the lines of a sample and of its template that are the same but for their values."""
    lines, others = ([line.strip().removesuffix(",") for line in text] for text in (one, other))
    key, other_key = ([line.partition(":")[0] for line in text] for text in (lines, others))
    for begin, end, count in SequenceMatcher(None, key, other_key, autojunk=False).get_matching_blocks():
        yield from zip(lines[begin : begin + count], others[end : end + count], strict=True)


def _by_name(view: View, rule: Rule, role: str) -> dict[str, str]:
    """Give the files of a role by what they have in common with their other ones."""
    folders = [fixed(words) for words in rule.files.get(role, ())]
    found = {}
    for path in view.paths.first(rule.files.get(role, ())):
        folder = next(folder for folder in folders if path.startswith(f"{folder}/"))
        found[ENDING.sub("", path[len(folder) + 1 :])] = path
    return found


def _plain(name: str) -> str:
    """Give the name of a sample without its version."""
    return VERSION.sub("", name)


def _folder(name: str) -> str:
    return name.partition("/")[0]
