"""The matrix as one HTML page that needs nothing else: no server, no network, no second file.

What the page is made of lies in ``html/``. Its script draws everything from the matrix, which stands in it as JSON.
"""

from __future__ import annotations

import html
import json
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from stackwright.html import look, policy
from stackwright.patches.matrix.cells import GOOD, State

if TYPE_CHECKING:
    from stackwright.patches.matrix.cells import Matrix

# The worst first, with what each means for a person who has to do something about it.
MEANING = {
    State.CONFLICT: "It does not apply and is left out. `patch explain` names the upstream commit that broke it, "
    "`patch rebase` carries it forward.",
    State.UPSTREAM: "Upstream has it. Look at the difference; `patch drop` takes it out, with the evidence.",
    State.FUZZ: "It applies only if lines around its changes are left out of sight. `patch refresh` writes it anew.",
    State.UNLISTED: "The file is there, and no series names it. Put it into one, or remove it.",
    State.OFFSET: "It applies; some hunk is at another line than it says. Nothing to do.",
    State.APPLIES: "Each hunk is where it says. Nothing to do.",
    State.DISABLED: "It is kept in the series, and not applied. Nothing to do.",
}
STYLES = ("page.css", "matrix.css", "panel.css")
SCRIPTS = ("data.js", "dom.js", "matrix.js", "lists.js", "diff.js", "patch.js", "page.js")


def page(matrix: Matrix) -> str:
    """Give a matrix as an HTML page; its text is ASCII."""
    styles, script = look() + _joined(STYLES), _joined(SCRIPTS)
    return Template(_joined(("page.html",))).substitute(
        title=html.escape(matrix.distribution).encode("ascii", "xmlcharrefreplace").decode(),
        policy=policy(styles, script),
        colour="%231f7a54" if matrix.good else "%23b3261e",
        styles=styles,
        script=script,
        data=_data(matrix),
    )


def _data(matrix: Matrix) -> str:
    """Give the matrix as JSON that can stand in a script element: `<` would be the only way out of it.

    Patch files of the same content share one text.
    """
    texts = {text: number for number, text in enumerate(dict.fromkeys(matrix.diffs.values()))}
    value = {
        "distribution": matrix.distribution,
        "made": matrix.made,
        "states": [
            {"id": state.name.lower(), "name": state, "good": state in GOOD, "meaning": text}
            for state, text in MEANING.items()
        ],
        "cells": matrix.cells,
        "texts": list(texts),
        "files": {file: texts[text] for file, text in matrix.diffs.items()},
    }
    return json.dumps(value, default=vars, separators=(",", ":")).replace("<", r"\u003c")


def _joined(names: tuple[str, ...]) -> str:
    folder = resources.files(__package__) / "html"
    return "".join((folder / name).read_text(encoding="ascii") for name in names)
