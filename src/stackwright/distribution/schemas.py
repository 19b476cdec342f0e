"""JSON Schemas of a distribution's files, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from stackwright.distribution.model import DistributionFile, ReleaseFile, SiteFile
from stackwright.distribution.values import ValueSchema, ValuesFile
from stackwright.distribution.written import Written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

# The files that are read here, by what they are called. What else lies in a distribution is read further up.
MODELS: Mapping[str, type[Written]] = {
    "distribution": DistributionFile,
    "release": ReleaseFile,
    "site": SiteFile,
    "values": ValuesFile,
    "value-schema": ValueSchema,
}


class _WithoutNull(GenerateJsonSchema):
    """A key that may be missing still cannot be empty: that is how :func:`parse` reads it."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if "default" in schema and schema["default"] is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def schema(model: type[Written]) -> dict[str, Any]:
    """Give the JSON Schema (https://json-schema.org/draft/2020-12) of a kind of file."""
    made = model.model_json_schema(by_alias=True, schema_generator=_WithoutNull)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}
