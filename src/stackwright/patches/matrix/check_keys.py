"""The identity of a check: what its answer is a function of, so that nothing is checked twice and nothing too seldom.

Two changes that are each green and break together have never been checked together: their merge has another key.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright import __version__
from stackwright.errors import StackwrightError
from stackwright.patches.series import digest, unlisted
from stackwright.sources.bases import Asked, Bases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.patches.model import Series


@dataclass(frozen=True)
class Check:
    """The check of a component's series for a release.

    :param key: the digest of the resolved series and the tree; empty where the tree cannot be had
    :param why: in that case, why not
    """

    component: str
    release: str
    key: str
    why: str = ""


def checks(series: Mapping[tuple[str, str], Series], bases: Bases) -> list[Check]:
    """Give the checks of some series by component and release."""
    asked = {Asked(release, component): each for (component, release), each in series.items()}
    found = bases.find(list(asked))
    listed = []
    for one, each in asked.items():
        base = found[one]
        if isinstance(base, StackwrightError):
            listed.append(Check(one.component, one.release, "", base.what))
            continue
        words = [[patch.name, patch.message, patch.author] for patch in each.patches]
        kept = [[line.name for line in each.disabled], unlisted(each)]
        text = json.dumps([__version__, base.tree, digest(each), words, kept])
        listed.append(Check(one.component, one.release, hashlib.sha256(text.encode()).hexdigest()))
    return listed
