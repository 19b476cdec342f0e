"""What proofs have shown: a small file each, below the state directory."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, ValidationError, model_validator

from stackwright import __version__
from stackwright.distribution.sentences import fault
from stackwright.distribution.writing import put
from stackwright.distribution.written import Written
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from pathlib import Path


class What(StrEnum):
    """What a proof looked at."""

    TESTS = "tests"  # upstream's own tests, on the patched tree of a component
    TEMPEST = "tempest"  # tempest, on a cloud that runs a set of artifacts


def _hexadecimal(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40,64}", text):
        raise fault(f"{text!r} is not the id of a tree or of a set of artifacts", fix="write 40 to 64 of 0-9 and a-f")
    return text


class Evidence(Written):
    """What one proof has shown."""

    what: What = Field(description="tests or tempest")
    component: str = Field("", description="tests: the component whose tree it is")
    subject: Annotated[str, AfterValidator(_hexadecimal)] = Field(
        description="tests: the id of the patched tree; tempest: the id of the set of artifacts"
    )
    scope: str = Field(min_length=1, description="tests: affected or all; tempest: the name of the test set")
    passed: int = Field(ge=0, description="how many tests passed")
    failed: int = Field(ge=0, description="how many failed that did not fail before: regressions")
    skipped: int = Field(ge=0, description="how many were skipped")
    when: AwareDatetime = Field(description="when it ended")
    stackwright: str = Field(description="version of Stackwright")
    environment: str = Field(description="key of the environment that the tests ran in")

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if (self.what is What.TESTS) != bool(self.component):
            raise fault("tests are of a component, and tempest is of none", at=("component",))
        return self

    @classmethod
    def of_now(
        cls,
        what: What,
        subject: str,
        scope: str,
        *,
        passed: int,
        failed: int,
        skipped: int,
        environment: str,
        component: str = "",
    ) -> Self:
        """Give what a proof that has just ended has shown."""
        return cls(
            what=what,
            component=component,
            subject=subject,
            scope=scope,
            passed=passed,
            failed=failed,
            skipped=skipped,
            when=datetime.now(UTC),
            stackwright=__version__,
            environment=environment,
        )


class Proofs:
    """All that proofs have shown on this machine.

    :param directory: where it is kept; made on first use
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def record(self, evidence: Evidence) -> Path:
        """Keep what a proof has shown: a file of its own, there whole or not at all, which nothing overwrites."""
        text = evidence.model_dump_json(by_alias=True, exclude_defaults=True, indent=1) + "\n"
        folder = self.directory / evidence.what / evidence.subject
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
        put(file, text)
        return file

    def of(self, what: What, subject: str) -> tuple[Evidence, ...]:
        """Give what counts of a tree or a set of artifacts: the newest of each scope, the newest first.

        :raises InputError: a file of it is damaged
        """
        folder = self.directory / what / subject
        files = sorted(folder.glob("[0-9a-f]*.json")) if folder.is_dir() else []
        return newest(tuple(_read(file) for file in files))


def newest(known: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Give the newest of each kind, subject and scope, the newest first. A pure function."""
    found: dict[tuple[What, str, str], Evidence] = {}
    for one in sorted(known, key=lambda one: one.when, reverse=True):
        found.setdefault((one.what, one.subject, one.scope), one)
    return tuple(found.values())


def _read(file: Path) -> Evidence:
    try:
        return Evidence.model_validate_json(file.read_bytes(), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InputError(
            "what a proof has shown cannot be read",
            where=Where(file),
            why="; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3]),
            fix="remove the file, and run the proof again",
        ) from error
