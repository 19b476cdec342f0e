"""Which values are secrets that stand there plain to read: by what they are declared as, by name, and by their look.

Lint tells of them, and whatever shows values puts `HIDDEN` in their place: both ask here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.distribution.values import CONF, GLOBAL, POLICY, SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.distribution.document import Plain
    from stackwright.site.values.values import SiteValues

HIDDEN = "***"

# Names of options and values that hold secrets, and not those that only speak of them (`password_regex`).
_NAME = re.compile(
    r"(?:^|[_.-])(?:pass(?:word|wd|phrase)|secret|token|credential"
    r"|(?:access|api|auth|encryption|fernet|fixed|heartbeat|hmac|private|secret|shared)[_-]?key)s?$",
    re.IGNORECASE,
)
# What stands at such a name and is no secret: whether there is one, or the file that it is in.
_HARMLESS = re.compile(
    r"true|false|yes|no|on|off|none|null|<none>|~?(?:/[\w.+-]+)+/?|[\w.-]+\.(?:pem|key|crt|json)|file://.*",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# What is put in when the text is used: another option (`$admin_password`), a field of a format (`{password}`), stars.
_PUT_IN = re.compile(r"\$\{?[a-z][a-z0-9_.]*\}?|%\([a-z_]+\)s|.*[{}].*|\*+")
_REFERENCE = re.compile(r"[a-z][a-z0-9+.-]*://")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:([^/\s@]+)@", re.IGNORECASE)
_WORDS = r"(?:password|passwd|pwd|secret|token|api_?key|account_?key)"
_ASSIGNED = re.compile(
    rf"(?:^|[\s?&;]){_WORDS}=([^\s&;,\"']+)|\"{_WORDS}\"\s*:\s*\"([^\"]+)\"|\bBearer ([\w.~+/-]{{8,}})", re.IGNORECASE
)
_KEY_TEXT = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
# How tokens and keys of well-known kinds begin; and the hashes of passwords, which can be guessed from (crypt(5)).
_KINDS = re.compile(
    r"\b(?:AKIA[0-9A-Z]{16}|AGE-SECRET-KEY-1[0-9A-Z]{50,}|gh[opsu]_\w{30,}|glpat-[\w-]{20,}|hv[sb]\.[\w-]{20,}"
    r"|xox[abpr]-[\w-]{10,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.)"
    r"|\$(?:2[aby]|5|6|y|argon2id?)\$[\w./$=,+-]{20,}"
)
# As random as a secret, and for all to see: the public half of an SSH key, a certificate, a digest.
_PUBLIC = re.compile(
    r"\b(?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]+|\b(?:md5|sha[0-9]{1,3})[-:=][A-Za-z0-9+/=_-]+"
    r"|-----BEGIN (CERTIFICATE|PUBLIC KEY|[A-Z0-9]+ CRL)-----.*?-----END \1-----",
    re.DOTALL | re.IGNORECASE,
)

# What base64 is made of (https://www.rfc-editor.org/rfc/rfc4648 sections 4 and 5), and words, names and paths are, too.
_RUN = re.compile(r"[A-Za-z0-9+/_-]{20,}")
_PATH = re.compile(r"/[a-z0-9._-]+/")
_PIECE = re.compile(r"[A-Za-z0-9]+")
# Ids, addresses and digests are hexadecimal, after nothing, `0x`, or the letter that Gerrit or `git describe` puts.
_HEXADECIMAL = re.compile(r"(?:0x|[Ig])?(?:[0-9a-f]+|[0-9A-F]+)")
# The hundred most frequent pairs of letters in the words of Debian's documentation and of OpenStack's sources. Of the
# pairs in a word two thirds are among them; of those in random text, one in seven.
_PAIRS = (
    "teeserinstreonattienseedorledentanetalngcoliroectariceracaasarmemaneittrioacveeaisgensrtndicadeltolo"
    "chunssfinapesictdiprpooupalallnoilhenctsolthmiketchaexbautemotabdaidomfarsagamursoapnickvioseeefevim"
)
_COMMON = frozenset(_PAIRS[index : index + 2] for index in range(0, len(_PAIRS), 2))
_LENGTH, _PIECE_LENGTH = 20, 10
# Of the neighbours in random text of 20 characters and more, fewer than these are a pair of a word or a number, and
# more change between capitals, small letters and digits (where it has letters of one kind only, the second).
# Of 300,000 words in Debian's and OpenStack's files, these let 286 through, nearly all of them keys and tokens.
_WORDY, _CHANGES, _CHANGES_OF_ONE_CASE = 0.36, 0.34, 0.16


def is_sensitive(values: SiteValues, steps: tuple[str, ...]) -> bool:
    """Say whether what a path leads to is declared as a secret."""
    declared = values.known.find(".".join(steps[:2])) if len(steps) > 1 else None
    return declared is not None and declared.declared.sensitive


def plain_secret(values: SiteValues, steps: tuple[str, ...], text: str) -> str:
    """Say why a text is a secret that stands there plain to read; nothing if it is none.

    What a template makes is no part of it.

    :param steps: the keys and indices that lead to it
    """
    if steps[1:3] == (CONF, POLICY):
        return ""
    own = _TEMPLATE.sub("{}", text)
    left = own.replace("{}", "").strip()
    if not left:
        return ""
    if _KEY_TEXT.search(own):
        return "a private key, plain to read"
    if any(not _PUT_IN.fullmatch(found) for found in _URL.findall(own)):
        return "a URL with a password in it, plain to read"
    if steps[1:2] == (SECRETS,) and steps[0] != GLOBAL:
        return "" if _REFERENCE.match(own) else "a secret itself, where its place is expected"
    if is_sensitive(values, steps):
        return "a secret, plain to read"
    if _is_named_so(values, steps) and not _HARMLESS.fullmatch(left) and not _PUT_IN.fullmatch(left):
        return "a secret by its name, plain to read"
    if any(not _PUT_IN.fullmatch("".join(found)) for found in _ASSIGNED.findall(own)):
        return "a text with a password or token in it, plain to read"
    if _KINDS.search(own) or looks_random(own):
        return "it looks like a secret: it is as random as one"
    return ""


def shown(values: SiteValues, steps: tuple[str, ...], value: Plain) -> Plain:
    """Give a value for others to see: `HIDDEN` stands in the place of every secret in it.

    :param steps: the keys that lead to it
    """
    if isinstance(value, dict):
        return {key: shown(values, (*steps, key), child) for key, child in value.items()}
    if isinstance(value, list):
        return [shown(values, (*steps, str(index)), item) for index, item in enumerate(value)]
    return HIDDEN if is_sensitive(values, steps) or plain_secret(values, steps, str(value)) else value


def looks_random(text: str) -> bool:
    """Say whether something in a text is as random as only secrets are."""
    return len(text) >= _LENGTH and any(_is_random(run) for run in _RUN.findall(_PUBLIC.sub("", text)))


def names_secret(name: str) -> bool:
    """Say whether the name of an option or a value says that it holds a secret."""
    return _NAME.search(name) is not None


def _is_named_so(values: SiteValues, steps: tuple[str, ...]) -> bool:
    """Say whether a name says that a secret is there; one that is declared as a number or a truth only counts them."""
    declared = values.known.find(".".join(steps[:2])) if len(steps) > 1 else None
    if declared is not None and declared.declared.type in {"integer", "number", "boolean"}:
        return False
    name = next((step for step in reversed(steps) if not step.isdigit()), "")
    return names_secret(name)


def _is_random(run: str) -> bool:
    if _PATH.match(run):
        return False
    pieces = [piece for piece in _PIECE.findall(run) if not _HEXADECIMAL.fullmatch(piece)]
    if sum(map(len, pieces)) < _LENGTH or max(map(len, pieces)) < _PIECE_LENGTH:
        return False
    pairs = list(_neighbours(pieces))
    wordy = sum(pair.isdigit() or pair.lower() in _COMMON for pair in pairs)
    kinds = [(_kind(pair[0]), _kind(pair[1])) for pair in pairs]
    changes = sum(first != second for first, second in kinds)
    found = {kind for pair in kinds for kind in pair}
    enough = _CHANGES if {"upper", "lower"} <= found else _CHANGES_OF_ONE_CASE
    return "digit" in found and wordy < _WORDY * len(pairs) and changes >= enough * len(pairs)


def _neighbours(pieces: list[str]) -> Iterator[str]:
    return (piece[index : index + 2] for piece in pieces for index in range(len(piece) - 1))


def _kind(character: str) -> str:
    return "digit" if character.isdigit() else "lower" if character.islower() else "upper"
