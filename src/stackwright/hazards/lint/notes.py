"""Release notes: what users see of a patch, in the form of reno (https://docs.openstack.org/reno/latest)."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING

from stackwright.hazards.claims import changes
from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.lint.model import Edit, Finding
from stackwright.hazards.model import Claim, Kind
from stackwright.patches import trailers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.hazards.lint.model import Subject
    from stackwright.patches.model import Patch

READER = "notes"
# What users see, the most telling first: the words for one that is new, and for one that is another now.
SEEN = {
    Kind.MICROVERSION: ("Adds the API microversion {}.", "Changes the API microversion {}."),
    Kind.CLIENT_VERSION: ("Speaks the API of {}.", "Speaks a newer API of {}."),
    Kind.EXTENSION: ("Adds the API extension ``{}``.", "Changes the API extension ``{}``."),
    Kind.OPTION: ("Adds the configuration option ``{}``.", "Changes the configuration option ``{}``."),
    Kind.POLICY: ("Adds the policy ``{}``.", "Changes the policy ``{}``."),
    Kind.EXTRA_SPEC: ("Adds the extra spec ``{}``.", "Changes the extra spec ``{}``."),
    Kind.REVISION: ("Adds the database revision ``{}``: the database has to be synchronised.", "Changes ``{}``."),
}
# What makes work for whoever upgrades, also where it is new.
UPGRADES = frozenset({Kind.REVISION})
GONE = "Removes the {kind} ``{name}``."
DIGITS = 16
LONGEST = 48


def notes(subject: Subject) -> Iterator[Finding]:
    """Find a patch that users see, and that has no release note, where the component has such notes."""
    made = changes(subject.ours.before, subject.ours.after)
    known = subject.before.claims.of(Kind.NOTE)
    noted = [claim for claim in (*made.added, *(new for _, new in made.changed)) if claim.kind is Kind.NOTE]
    rule = next(subject.rules_with(READER), None)
    new = _told([claim for claim in made.added if claim.kind not in UPGRADES], 0)
    other = _told([claim for claim in made.added if claim.kind in UPGRADES], 0)
    other |= _told([claim for _, claim in made.changed], 1)
    other |= {GONE.format(kind=claim.kind, name=claim.name): claim for claim in made.removed if claim.kind in SEEN}
    if not known or noted or rule is None or not (new or other):
        return
    claim = next(iter({**new, **other}.values()))
    slug = _slug(subject.patch)
    folder = next(iter(known.values())).path.rpartition("/")[0]
    path = f"{folder}/{slug}.yaml"
    made_note = _note(subject.patch, list(new), list(other))
    hazard = subject.ours.hazard(
        Rule.NOTE_MISSING,
        claim,
        Side(subject.tree, f"the patch has none in {folder}"),
        what=f"users see the {claim.kind} {claim.name}, and no release note tells of it",
        happens="Whoever upgrades does not learn of it from the notes of your release.",
        fix="add a release note to the patch: `reno new` makes one",
    )
    if subject.patch.message.strip():
        yield Finding(hazard, (Edit(path, partial(_written, made_note)),))
    else:
        yield Finding(hazard, by_hand="the patch has no message to make it of")


def _told(claims: Sequence[Claim], form: int) -> dict[str, Claim]:
    """Give a sentence about each claim that users see."""
    order = list(SEEN)
    seen = sorted((claim for claim in claims if claim.kind in SEEN), key=lambda claim: order.index(claim.kind))
    return {SEEN[claim.kind][form].format(claim.name): claim for claim in seen}


def _slug(patch: Patch) -> str:
    """Give the name of the note: always the same for the same patch."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"^\s*(?:\[[^]]*\]\s*)+", "", patch.subject).lower()) or ["note"]
    name = words[0][:LONGEST]
    for word in words[1:]:
        if len(name) + len(word) >= LONGEST:
            break
        name += f"-{word}"
    digest = hashlib.sha256(patch.message.encode("utf-8", "surrogateescape") + b"\0" + patch.diff)
    return f"{name}-{digest.hexdigest()[:DIGITS]}"


def _note(patch: Patch, new: Sequence[str], other: Sequence[str]) -> str:
    """Give the text of the note: what the patch says of itself, then what of it users see."""
    said = _paragraphs(patch)
    parts = {"features": [*said, *new] if new else [], "upgrade": [*([] if new else said), *other] if other else []}
    lines = ["---"]
    for section, paragraphs in parts.items():
        if not paragraphs:
            continue
        lines += [f"{section}:", "  - |"]
        for at, paragraph in enumerate(paragraphs):
            lines += [""] if at else []
            lines += [f"    {line}".rstrip() for line in paragraph.splitlines()]
    return "\n".join(lines) + "\n"


def _paragraphs(patch: Patch) -> list[str]:
    """Give the message of a patch without its trailers; what YAML has no character for is left out."""
    subject, _, rest = patch.message.strip("\n").partition("\n")
    lines = rest.strip("\n").split("\n")
    where = trailers.block(lines)
    body = "\n".join(lines[: where.start]).strip("\n")
    subject = re.sub(r"^\s*(?:\[[^]]*\]\s*)+", "", subject).strip()
    first = subject if subject.endswith((".", "!", "?")) else f"{subject}."
    text = f"{first}\n\n{body}" if body else first
    return [re.sub(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\U00010000-\U0010ffff]", " ", part)
            for part in re.split(r"\n\s*\n", text) if part.strip()]  # fmt: skip


def _written(text: str, content: bytes | None) -> bytes:
    return text.encode() if content is None else content
