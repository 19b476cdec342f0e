"""The matrix as one HTML page that needs nothing else: no server, no network, no second file.

What the page is made of lies in ``html/``. Its script draws everything from the matrix, which stands in it as JSON. Its
Content-Security-Policy (https://www.w3.org/TR/CSP3/) lets the browser load nothing, and run only the script whose
digest it names, so that no text of a patch can ever become code.
"""

from __future__ import annotations

import hashlib
import html
import json
from base64 import b64encode
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

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
    styles, script = (_joined(names) for names in (STYLES, SCRIPTS))
    policy = f"default-src 'none'; style-src {_source(styles)}; script-src {_source(script)}; img-src data:"
    return Template(_joined(("page.html",))).substitute(
        title=html.escape(matrix.distribution).encode("ascii", "xmlcharrefreplace").decode(),
        policy=f"{policy}; base-uri 'none'; form-action 'none'",
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


def _source(text: str) -> str:
    """Name an inline style or script in a Content-Security-Policy."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _joined(names: tuple[str, ...]) -> str:
    folder = resources.files(__package__) / "html"
    return "".join((folder / name).read_text(encoding="ascii") for name in names)
