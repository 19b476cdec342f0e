"""What is brought back from a machine: logs, the journal of the run, what the proof has shown. Never a secret."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from stackwright.distribution.writing import put
from stackwright.errors import InputError, Where
from stackwright.proof.machine.model import safe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stackwright.proof.machine.model import Machine

# Of a site; neither passwords nor configuration, which has them in it.
LOGS = ("log", "steps", "journal.sqlite", "journal.sqlite-wal", "site.json")
# Of the state directory.
PROOFS, TEMPEST = "proofs", "tempest-{name}.xml"
MACHINE = "machine"
SMOKE = "smoke.xml"


def prepare(directory: Path) -> None:
    """Make the folder of the results, for its owner alone.

    :raises InputError: something is in it already
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError(
            "the results need a folder of their own",
            where=Where(directory),
            why="it is there, and not empty",
            fix="name another: --results DIR",
        )
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)


def bring(machine: Machine, into: Path, sets: Iterable[str] = ()) -> int:
    """Bring what there is of the results into a folder; gives the number of files.

    :param sets: tempest's test sets that were asked for
    :raises ProgramFailedError: the machine does not answer
    """
    wanted = [f"sites/{machine.site}/{name}" for name in LOGS]
    wanted += [PROOFS, *(TEMPEST.format(name=name) for name in sets)]
    script = 'cd "$1" 2>/dev/null || exit 0; shift; for f; do [ ! -e "$f" ] || echo "$f"; done'
    found = machine.run("sh", "-c", script, "sh", str(machine.state), *wanted).text.split()
    if not found:
        return 0
    # Logs grow while they are read: tar says so by its status 1.
    packed = machine.run("tar", "--create", f"--directory={machine.state}", *found, check=False).stdout
    return unpack(packed, into / MACHINE)


def unpack(packed: bytes, into: Path) -> int:
    """Unpack the plain files of an archive, for their owner alone; nothing of it comes to lie anywhere else."""
    count = 0
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            path = safe(member.name)
            content = archive.extractfile(member) if member.isreg() else None
            if path is None or content is None:
                continue
            write_private(into / path, content.read())
            count += 1
    return count


def adopt(directory: Path, proofs: Path) -> None:
    """Keep what was shown in a machine as if it had been shown here: it is of artifacts, wherever they run.

    :param directory: the folder of the results
    :param proofs: the folder of what was shown here
    """
    brought = directory / MACHINE / PROOFS
    for file in sorted(brought.rglob("*.json")):
        kept = proofs / file.relative_to(brought)
        if not kept.exists():  # its name is a hash of its content
            kept.parent.mkdir(parents=True, exist_ok=True)
            put(kept, file.read_text())


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, in folders that only he can pass."""
    for folder in reversed(file.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def smoke_junit(listing: str) -> bytes:
    """Give the report of `stackwright smoke -f json` as JUnit XML."""
    rows = json.loads(listing)
    failed = [row for row in rows if row["Result"] != "ok"]
    suite = ElementTree.Element(
        "testsuite",
        name="smoke",
        tests=str(len(rows)),
        failures=str(len(failed)),
        errors="0",
        skipped="0",
        time=f"{sum(float(row['Seconds']) for row in rows):.1f}",
    )
    for row in rows:
        case = ElementTree.SubElement(
            suite, "testcase", classname="stackwright.smoke", name=row["Check"], time=row["Seconds"]
        )
        if row in failed:
            ElementTree.SubElement(case, "failure", message=row["What was seen"])
        else:
            ElementTree.SubElement(case, "system-out").text = row["What was seen"]
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)) + b"\n"
