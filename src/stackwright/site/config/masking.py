"""Texts without the secrets in them."""

from __future__ import annotations

import re

from stackwright.events import concealed
from stackwright.site.values.secrecy import HIDDEN, names_secret

# The password in a URL (RFC 3986, userinfo); those of several hosts in one URL as well, as oslo.messaging has them.
IN_URL = re.compile(r"(?P<before>(?:://|,)[^\s:/@,]*:)[^\s/@]+(?=@)")


def masked(text: str) -> str:
    """Give a text without the secrets that this process knows, and without passwords in URLs."""
    return IN_URL.sub(rf"\g<before>{HIDDEN}", concealed(text))


def masked_value(value: str, *, secret: bool) -> str:
    """Give a value as it may be shown: of one that is secret nothing, but for a URL's address.

    :param secret: whether the option says that it is one
    """
    shown = masked(value)
    return shown if not secret or not value or "://" in value else HIDDEN


def masked_line(line: str) -> str:
    """Give a line of a configuration file, or of a diff of one, as it may be shown."""
    head, between, value = line.partition(" = ")
    if not between:
        return masked(line)
    name = head.lstrip("+-# ")
    return f"{head}{between}{masked_value(value, secret=names_secret(name))}"
