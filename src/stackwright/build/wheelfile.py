"""Wheel files: what they say of themselves, and another version for one (the binary distribution format, PEP 427)."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message
    from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can tell


def requirements(wheel: Path) -> tuple[Requirement, ...]:
    """Give what a wheel requires (Requires-Dist of the core metadata)."""
    return tuple(Requirement(text) for text in _metadata(wheel).get_all("Requires-Dist", []))


def restamped(wheel: Path, version: str) -> Path:
    """Give a wheel another version, for projects that have theirs in a file; gives the new file, beside the old one.

    Files keep their order and time stamps, so the same wheel and version give the same bytes.
    """
    old_head = "-".join(wheel.name.split("-")[:2])
    name = old_head.partition("-")[0]
    new_head = f"{name}-{version}"
    result = wheel.with_name(wheel.name.replace(old_head, new_head, 1))
    record = f"{new_head}.dist-info/RECORD"
    rows: list[tuple[str, str, str]] = []
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            content = source.read(member)
            member.filename = re.sub(rf"^{re.escape(old_head)}\.(dist-info|data)/", rf"{new_head}.\1/", member.filename)
            if member.filename == f"{new_head}.dist-info/METADATA":
                content = re.sub(
                    rb"^Version: .*$", f"Version: {version}".encode(), content, count=1, flags=re.MULTILINE
                )
            if member.filename == record:
                content = _record([*rows, (record, "", "")])
            rows.append((member.filename, _hash(content), str(len(content))))
            target.writestr(member, content)
    return result


def packed(head: str, members: Mapping[str, bytes]) -> bytes:
    """Give a wheel's bytes, of its files and their record; the same files give the same bytes.

    :param head: ``NAME-VERSION``
    :param members: name in the wheel -> content
    """
    record = f"{head}.dist-info/RECORD"
    rows = [(name, _hash(content), str(len(content))) for name, content in sorted(members.items())]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, _, _ in rows:
            archive.writestr(zipfile.ZipInfo(name, EARLIEST), members[name], zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo(record, EARLIEST), _record([*rows, (record, "", "")]))
    return stream.getvalue()


def version_of(wheel: Path) -> str:
    """Give a wheel's version in its normal form."""
    return str(parse_wheel_filename(wheel.name)[1])


def core_metadata(wheel: Path) -> bytes:
    """Give the file METADATA of a wheel (https://packaging.python.org/specifications/core-metadata)."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        return archive.read(name)


def _metadata(wheel: Path) -> Message:
    return HeaderParser().parsestr(core_metadata(wheel).decode())


def _hash(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _record(rows: list[tuple[str, str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
