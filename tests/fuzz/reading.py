"""What has to be true of any bytes that are given as patches; both fuzzers ask it."""

from __future__ import annotations

from stackwright.errors import InputError, StackwrightError
from stackwright.patches import parse
from stackwright.patches.exchange import mails
from stackwright.patches.safety import check


def read(data: bytes) -> None:
    """Read bytes in every way that the file of a stranger is read.

    Only errors of the family come out, with their place. The parts of a mailbox are the mailbox, and the head, the
    changes and the tail of a patch are lines of its file, in their order.
    """
    strip, data = (data[0] % 3, data[1:]) if data else (1, b"")
    parts = mails.split(data)
    assert b"".join(part.content for part in parts) == data.lstrip()
    for part in [mails.Part(data, 1), *parts]:
        try:
            patch = parse(part.content, strip=strip)
        except InputError as error:
            if error.where.line is None or not error.fix:
                raise RuntimeError("an error without its place, or without a way on") from error
            continue
        at = 0
        for text in (patch.head, *(change.text for change in patch.changes), patch.tail):
            words = text.removesuffix(b"\n")
            at = (part.content + b"\n").index(words, at) + len(words)
        assert patch.metadata is not None
        assert mails.file_name(1, patch.subject).isascii()
        try:
            check(patch, frozenset())
        except StackwrightError:
            continue
