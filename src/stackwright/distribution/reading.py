"""Read YAML files into models; whatever is wrong is said with its place and the way to mend it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from stackwright.distribution.document import APPEND, Document, compose
from stackwright.distribution.sentences import input_errors
from stackwright.errors import InputError, ManyInputsError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from stackwright.distribution.document import Loc, Node

M = TypeVar("M", bound=BaseModel)

# pydantic's complaints about a value that is not the text it could be taken as
_WANTS_TEXT = ("string_type", "path_type", "literal_error", "enum")


class Collector:
    """Gathers the errors of one reading, so that they are reported together."""

    def __init__(self) -> None:
        self.errors: list[InputError] = []

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Take what is raised inside."""
        try:
            yield
        except ManyInputsError as many:
            self.errors += many.errors
        except InputError as error:
            self.errors.append(error)

    def raise_errors(self) -> None:
        """Raise the one error, or all as one; nothing if there are none."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise ManyInputsError(self.errors)


def read_yaml(file: Path, *, appends: Callable[[Loc], bool] = lambda _: False) -> Document:
    """Read a file of one YAML document in UTF-8.

    :param appends: tells whether the list at a place may have the tag ``!append``
    :raises InputError: it cannot be read, or is not such a file; ManyInputsError if several things are wrong with it
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=Where(file)) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8-sig")
        raise InputError(
            f"not UTF-8: the byte 0x{error.object[error.start]:02x}",
            where=Where(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1),
            fix="save the file in UTF-8",
        ) from error
    document, errors = compose(text, file)
    collector = Collector()
    collector.errors += errors
    if document is not None:
        collector.errors += [
            InputError(
                f"the tag {APPEND!r} is not used here",
                where=document.where(loc),
                why="it adds to what other files say of a value, and nothing else is said of this",
                fix="remove it",
            )
            for loc in document.appending()
            if not appends(loc)
        ]
    collector.raise_errors()
    assert document is not None
    return document


def parse(model: type[M], document: Document) -> M:
    """Make a model of a document.

    The types are strict: no number is taken from text, no truth from ``yes`` or ``1``. A field that wants text takes a
    plain scalar exactly as it is written (``version: 34.0`` is "34.0", ``name: 2026.10`` is "2026.10"). A key without
    a value is an error, even where the model has a default.

    Fields go by their alias where they have one. Validators raise :func:`~stackwright.distribution.sentences.fault`
    (or ValueError). The model must have a JSON Schema: the keys it knows are taken from there.

    :raises InputError: the document does not fit the model; ManyInputsError if in several places
    """
    made, details = _validated(model, document)
    collector = Collector()
    collector.errors += input_errors(model, document, details)
    collector.raise_errors()
    assert made is not None
    return made


def _validated(model: type[M], document: Document) -> tuple[M | None, list[ErrorDetails]]:
    """Validate until no more scalar has to be taken as the text that is written."""
    as_written: set[Loc] = set()
    while True:
        try:
            text = json.dumps(document.plain(as_written))
            return model.model_validate_json(text, strict=True, by_alias=True, by_name=False), []
        except ValidationError as error:
            details = error.errors(include_url=False)
        wants_text = {document.path(detail["loc"]) for detail in details if detail["type"] in _WANTS_TEXT}
        found = {loc for loc in wants_text - as_written if _is_written_plainly(document.node(loc))}
        if not found:
            return None, details
        as_written |= found


def _is_written_plainly(node: Node) -> bool:
    return node.text is not None and node.content is not None
