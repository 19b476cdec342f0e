"""The options of a built environment: what its packages say of them, asked for once and remembered."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from stackwright.hazards.forecast.options import key_of
from stackwright.site.asked import asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.build.environment import Environment
    from stackwright.store import Memo

    # The group and the name of an option, as oslo.config compares them.
    Key: TypeAlias = tuple[str, str]

SCRIPT = Path(__file__).with_name("inside") / "options.py"
MEMO = "options"


class _Told(BaseModel):
    """Base of what the script tells."""

    model_config = ConfigDict(frozen=True)


class TypeForm(_Told):
    """The type of an option, as far as it can be told.

    :param kind: the class of oslo_config.types, or Python's own; empty if it is neither
    :param foreign: whose it is, if it is a component's own: ``nova.conf.quota.UnifiedLimitsResource``
    :param shown: what a sample file calls it
    :param choices: pairs of a value and what is said of it; None if any will do
    :param item: the type of the items of a list, or of the values of a dictionary
    """

    kind: str = ""
    foreign: str = ""
    shown: str = ""
    choices: tuple[tuple[Any, str], ...] | None = None
    regex: str = ""
    flags: int = 0
    ignore_case: bool = False
    quotes: bool = False
    max_length: int | None = None
    min: float | int | None = None
    max: float | int | None = None
    bounds: bool = False
    inclusive: bool = False
    key_value_separator: str = ":"
    min_length: int = 0
    schemes: tuple[str, ...] = ()
    version: int | None = None
    item: TypeForm | None = None


class Definition(_Told):
    """An option as a package defines it.

    :param group: ``DEFAULT``, or in small letters; empty if it may be in any
    :param name: as a configuration file has it
    :param computed: the default is not whole in JSON
    :param sample: what stands in a sample file, where the default is another on each machine
    :param multi: it may be there several times
    :param former: pairs of a group (empty: the same) and a name that it is read by, too
    :param removal: it is deprecated for removal, since when and why
    :param namespaces: of oslo.config.opts
    """

    group: str = ""
    name: str
    type: TypeForm
    default: Any = None
    computed: bool = False
    sample: str | None = None
    multi: bool = False
    required: bool = False
    secret: bool = False
    mutable: bool = False
    advanced: bool = False
    former: tuple[tuple[str, str], ...] = ()
    removal: bool = False
    reason: str = ""
    since: str = ""
    help: str = ""
    namespaces: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What oslo.config finds it by."""
        return self.group, self.name

    @property
    def written(self) -> str:
        """Its name as a person writes it: ``[libvirt] virt_type``."""
        return f"[{self.group}] {self.name}"


class Plugin(_Told):
    """A way to authenticate (keystoneauth1).

    :param why: it cannot be used in the environment; empty if it can
    """

    name: str
    options: tuple[Definition, ...] = ()
    why: str = ""


class Context(_Told):
    """A section that a context of oslo.privsep has for itself.

    :param place: where it is made, below the environment's packages
    """

    section: str
    place: str


class Driven(_Told):
    """A group that stands for sections which an option names, each with the options of the drivers.

    :param group: as a sample file shows it
    :param owner: the option of DEFAULT that names the sections
    """

    group: str
    owner: str
    driver: str


class Unseen(_Told):
    """What could not be asked for its options."""

    name: str
    why: str


class Definitions(_Told):
    """All options of an environment.

    :param version: of its oslo.config
    :param absent: packages that are not there, and that something which lists options imports all the same
    """

    version: str
    options: tuple[Definition, ...]
    drivers: tuple[Driven, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    contexts: tuple[Context, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    absent: tuple[str, ...] = ()

    @cached_property
    def named(self) -> Mapping[Key, tuple[Definition, ...]]:
        """The options by their own names; several where namespaces define one otherwise."""
        return by_key((one.key, one) for one in self.options)

    @cached_property
    def formerly(self) -> Mapping[Key, tuple[Definition, ...]]:
        """The options by names that they had and are read by."""
        return by_key((key_of(group or one.group, name), one) for one in self.options for group, name in one.former)

    @cached_property
    def groups(self) -> Mapping[str, tuple[Definition, ...]]:
        """The options by their groups."""
        found: defaultdict[str, list[Definition]] = defaultdict(list)
        for one in self.options:
            found[one.group].append(one)
        return {group: tuple(some) for group, some in found.items()}

    def get(self, key: Key) -> tuple[Definition, ...]:
        """Give what reads an option that is set by a name: those of the name, else those that had it."""
        return self.named.get(key) or self.formerly.get(key, ())


def by_key(pairs: Iterable[tuple[Key, Definition]]) -> dict[Key, tuple[Definition, ...]]:
    """Bring definitions together that are found by the same."""
    found: defaultdict[Key, list[Definition]] = defaultdict(list)
    for key, one in pairs:
        found[key].append(one)
    return {key: tuple(some) for key, some in found.items()}


def definitions_of(environment: Environment, memo: Memo) -> Definitions:
    """Give the options of an environment, remembered by the files that they are in.

    :raises RunFailedError: its Python does not run
    """
    return asked(Definitions, MEMO, environment, SCRIPT, ["list"], memo)
