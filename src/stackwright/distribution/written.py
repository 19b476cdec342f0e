"""The bases of the models of what users write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr

from stackwright.errors import Where

if TYPE_CHECKING:
    from stackwright.distribution.document import Document


class Written(BaseModel):
    """Base of what users write: frozen, strict about keys, with dashes in them where Python has underscores."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_alias=True,
        validate_by_name=True,
    )


class FromFile(Written):
    """Base of what is the whole of a file: it knows its places."""

    _document: Document | None = PrivateAttr(None)

    def placed(self, document: Document) -> Self:
        """Tell it the document it was read from, and give it back."""
        self._document = document
        return self

    def where(self, *loc: str | int, key: bool = False) -> Where:
        """Give the place in the file of what the keys (as written) and indices lead to; of nothing if made by hand.

        :param key: give the place of its key instead
        """
        return self._document.where(loc, key=key) if self._document else Where()
