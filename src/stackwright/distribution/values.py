"""The models of what a distribution says of its sites' values: what there is to say, and what is said where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import ConfigName, Name, ValueName
from stackwright.distribution.written import FromFile, Written

if TYPE_CHECKING:
    from stackwright.distribution.document import Document, Loc

GLOBAL = "global"
CONF, POLICY, SECRETS = "conf", "policy", "secrets"
# What a service's values hold besides those that are declared.
RESERVED = (CONF, SECRETS)

Scalar = bool | int | float | str


class DeclaredValue(Written):
    """What a value may be."""

    type: Literal["text", "integer", "number", "boolean", "list", "map"] = Field(description="what it is")
    description: str = Field(description="what it does, one line")
    default: Any = Field(None, description="what it is where nobody says it")
    choices: tuple[Scalar, ...] = Field((), description="it is one of these, or every item of the list is")
    minimum: float | None = Field(None, description="a number is not below it")
    maximum: float | None = Field(None, description="a number is not above it")
    pattern: str = Field("", description="a regular expression that the whole text, or each item of a list, matches")
    required: bool = Field(False, description="every site has to say it")
    sensitive: bool = Field(False, description="it is a secret: only a site may say it, and it is never shown")
    merge: str = Field("", description="key by which the items of lists of several layers are brought together")
    keys: Mapping[ValueName, DeclaredValue] = Field({}, description="of a list of maps: what each of them holds")

    @model_validator(mode="after")
    def _fits_together(self) -> DeclaredValue:
        if self.merge and self.type != "list":
            raise fault("only lists are merged by a key", fix="remove it", at=("merge",), key=True)
        if self.required and self.default is not None:
            raise fault(
                "a value that every site has to say has no default",
                fix="remove `default:` or `required:`",
                at=("default",),
                key=True,
            )
        if (self.minimum is not None or self.maximum is not None) and self.type not in {"integer", "number"}:
            raise fault(f"a {self.type} has no size", fix="remove it", at=("minimum",), key=True)
        if self.keys and self.type != "list":
            raise fault("only the items of lists have keys", fix="remove it", at=("keys",), key=True)
        return self


Declared = Mapping[ValueName, DeclaredValue]


class ValueSchema(FromFile):
    """The file `values/schema.yaml`: the distribution's own values."""

    model_config = ConfigDict(title="Stackwright value schema")

    sentinels: tuple[str, ...] = Field(
        ("DEFINED-IN-REGION", "CHANGEME", "CHANGE-ME"),
        description="texts that stand for a value which somebody has yet to give",
    )
    global_: Declared = Field({}, alias=GLOBAL, description="values that any service may read")
    services: Mapping[Name, Declared] = Field({}, description="service -> its values")

    @model_validator(mode="after")
    def _no_reserved_name(self) -> ValueSchema:
        for service, declared in self.services.items():
            for name in RESERVED:
                if name in declared:
                    raise fault(
                        f"{name!r} has a meaning of its own in a service's values",
                        fix="take another name",
                        at=("services", service, name),
                        key=True,
                    )
        return self


class Conf(Written):
    """What is set in the configuration of a service: section -> option -> value, by the file's name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Mapping[ConfigName, Mapping[ConfigName, str]]]

    policy: Mapping[ConfigName, str] = Field({}, description="rule -> check, in oslo.policy's language")


class ServiceValues(Written):
    """The values of a service; those that are declared are keys of it, too."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    conf: Conf = Field(Conf(), description="configuration file -> section -> option -> value, and `policy`")
    secrets: Mapping[ValueName, str] = Field(
        {}, description="secret of the service -> where it is kept, such as vault+kv2://MOUNT/PATH#KEY"
    )


class Values(Written):
    """The values that one layer says."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ServiceValues]

    global_: Mapping[ValueName, Any] = Field({}, alias=GLOBAL, description="values that any service may read")


class ValuesFile(Values, FromFile):
    """A file of `values/`: what one layer says of the values of sites."""

    model_config = ConfigDict(title="Stackwright values file", extra="allow")


class GroupFile(Written):
    """Hosts that are alike."""

    services: Annotated[tuple[Name, ...], Field(min_length=1)] | None = Field(
        None, description="services of the site that its hosts run; without it, all"
    )
    values: Values = Field(Values(), description="what is different on its hosts")


class HostFile(Written):
    """A host of a site."""

    groups: tuple[Name, ...] = Field((), description="groups of the site that it is in; later ones win")
    services: Annotated[tuple[Name, ...], Field(min_length=1)] | None = Field(
        None, description="services of the site that it runs; without it, those of its groups"
    )
    values: Values = Field(Values(), description="what is different on it")


@dataclass(frozen=True)
class Layer:
    """Where values are said: a file, or a part of one.

    :param name: such as ``site local``; unique among the layers of a host
    :param loc: where in the document its values are
    """

    name: str
    document: Document
    loc: Loc = ()
