"""Who can read what: each secret with those who can decrypt it, those who read it, and what is too open."""

from __future__ import annotations

import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.site.secrets.forms import AUTHORITY_FORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from stackwright.site.secrets.keeper import KeptFile
    from stackwright.site.secrets.readers import Reader
    from stackwright.site.secrets.vault import Referred

SOON = 30  # days before the end of a certificate on which it is told


@dataclass(frozen=True)
class Entry:
    """One who can read a secret, or the place that it is kept in.

    :param days: since the secret was made; None if that is not known
    :param readers: who can read it there: services, or the recipients of what is encrypted
    :param place: a file, or what else it is in
    :param mode: of the file, such as ``0600``; empty if it is not there
    :param finding: what is wrong; empty if nothing is
    """

    secret: str
    form: str
    days: int | None
    readers: str
    host: str
    user: str
    place: str
    mode: str = ""
    finding: str = ""


@dataclass(frozen=True)
class Audited:
    """What an audit looks at.

    :param forms: name -> form, of all that the site's services want
    :param kept: the file of the encrypted ones, if it is there
    :param place: its path, for a person
    :param referred: those that are in a Vault
    :param readers: who reads them
    """

    forms: Mapping[str, str]
    kept: KeptFile | None
    place: str
    referred: Mapping[str, Referred]
    readers: Iterable[Reader]


def audit(audited: Audited, today: date) -> tuple[Entry, ...]:
    """Give who can read each secret, in the order of names; first where it is kept, then its readers."""
    by_secret: dict[str, list[Reader]] = {}
    for reader in audited.readers:
        by_secret.setdefault(reader.secret, []).append(reader)
    kept = audited.kept.secrets if audited.kept else {}
    found: list[Entry] = []
    for name in sorted({*audited.forms, *kept, *audited.referred}):
        head = _kept(audited, name, today, read=name in by_secret)
        found.append(head)
        found += [_reading(head, reader) for reader in by_secret.get(name, ())]
    return tuple(found)


def days(kept: KeptFile | None, name: str, today: date) -> int | None:
    """Give the days since a secret was made; None if it is not kept."""
    one = kept.secrets.get(name) if kept else None
    return (today - one.made).days if one else None


def _kept(audited: Audited, name: str, today: date, *, read: bool) -> Entry:
    form = audited.forms.get(name, "")
    one = audited.kept.secrets.get(name) if audited.kept else None
    if name in audited.referred:
        finding = "it is kept here as well, where nobody uses it" if one else ""
        return Entry(name, form, None, "whom the Vault lets in", "", "", str(audited.referred[name]), finding=finding)
    if one is None or audited.kept is None:
        return Entry(name, form, None, "", "", "", "not made yet")
    finding = "" if read or form == AUTHORITY_FORM else "no file, process or task reads it"
    if not form:
        finding = f"no service of the site wants it: remove its lines from {audited.place}"
    elif one.form != form:
        finding = f"it is kept as {one.form}"
    elif one.until is not None and (one.until - today).days < SOON:
        finding = f"it ends on {one.until}: stackwright secret rotate {name}"
    recipients = ", ".join(audited.kept.recipients)
    return Entry(name, one.form, days(audited.kept, name, today), recipients, "", "", audited.place, finding=finding)


def _reading(head: Entry, reader: Reader) -> Entry:
    mode, user, finding = "", reader.user, ""
    if reader.file is not None:
        mode, owner, finding = _look(reader.file)
        if owner and owner != user:
            finding = finding or f"it belongs to {owner}: stackwright up"
            user = owner
    return Entry(
        head.secret,
        head.form,
        head.days,
        reader.service,
        reader.host,
        user,
        str(reader.file or reader.what),
        mode,
        finding,
    )


def _look(file: Path) -> tuple[str, str, str]:
    """Give the mode of a file, its owner's name, and what is wrong with that; nothing of one that is not there."""
    try:
        status = file.stat()
    except OSError:
        return "", "", ""
    mode = stat.S_IMODE(status.st_mode)
    finding = ""
    for who, bit, folder_bit in (("everybody", stat.S_IROTH, stat.S_IXOTH), ("its group", stat.S_IRGRP, stat.S_IXGRP)):
        if mode & bit and all(_passes(folder, folder_bit | stat.S_IXOTH) for folder in file.parents):
            finding = f"{who} can read it: chmod 600 {file}"
            break
    return f"{mode:04o}", _name(status.st_uid), finding


def _passes(folder: Path, bits: int) -> bool:
    return bool(folder.stat().st_mode & bits)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
