"""What HTML pages have in common: their look, and a policy that lets a browser load nothing.

A page needs nothing else: no server, no network, no second file. The policy is a Content-Security-Policy
(https://www.w3.org/TR/CSP3/): only the styles and the script whose digests it names are taken, so that no text that
comes from a patch or from upstream can ever become code.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from importlib import resources


def look() -> str:
    """Give the styles that all pages begin with: colours by what they mean, in light and dark, and plain elements."""
    return (resources.files(__package__) / "look.css").read_text(encoding="ascii")


def policy(styles: str, script: str = "") -> str:
    """Give the policy of a page.

    :param styles: what stands in its style element
    :param script: what stands in its script element; without, nothing runs at all
    """
    scripts = f"script-src {_source(script)}; " if script else ""
    return (
        f"default-src 'none'; style-src {_source(styles)}; {scripts}img-src data:; base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    """Name an inline style or script in a policy."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
