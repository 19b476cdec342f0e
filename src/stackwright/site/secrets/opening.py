"""The values of a site's secrets, opened when the first is asked for: kept ones, those in a Vault, new ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from stackwright.distribution.reading import Collector
from stackwright.errors import InputError, Where
from stackwright.events import conceal
from stackwright.site.secrets import vault
from stackwright.site.secrets.forms import AUTHORITY, FORMS, Making, wanted
from stackwright.site.secrets.keeper import keeper_of
from stackwright.site.secrets.vault import Referred

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution import Site
    from stackwright.events import Events
    from stackwright.site.paths import SitePaths
    from stackwright.site.secrets.keeper import Keeper, KeptFile
    from stackwright.site.values.values import SiteValues


@dataclass(frozen=True)
class _Opened:
    """What has been opened.

    :param values: name -> value, of all that are wanted
    :param new: name -> form and value, of those that are not kept yet
    :param known: the file as it was read
    """

    values: Mapping[str, str]
    new: Mapping[str, tuple[str, str]]
    known: KeptFile | None


class Secrets(Mapping[str, str]):
    """The secrets of a site by their names, which are known at once; opened when a value is asked for.

    :param site: the site's name
    :param forms: name -> form, of all that the site's services want
    :param referred: of those that are in a Vault
    :param former: where an older version kept passwords: they are taken over
    :param anew: those to be made anew, whether there is one or not; with the authority, all that it has signed
    """

    def __init__(
        self,
        keeper: Keeper,
        site: str,
        forms: Mapping[str, str],
        *,
        referred: Mapping[str, Referred] | None = None,
        former: Path | None = None,
        anew: frozenset[str] = frozenset(),
    ) -> None:
        self.keeper, self.site, self.forms = keeper, site, forms
        self.referred = referred or {}
        self._former = former
        self._anew = anew | {name for name, form in forms.items() if AUTHORITY in anew and form == "certificate"}
        self._lock = Lock()
        self._opened: _Opened | None = None

    def __repr__(self) -> str:
        """Leave the values out."""
        return f"Secrets({self.site!r})"

    def __iter__(self) -> Iterator[str]:
        return iter(self.forms)

    def __len__(self) -> int:
        return len(self.forms)

    def __getitem__(self, name: str) -> str:
        """Give a value.

        :raises KeyError: nobody wants a secret of this name
        :raises EnvironmentLacksError: the user cannot open them, or the Vault does not answer
        :raises InputError: what is kept is damaged or of another form, or the Vault does not have it
        """
        if name not in self.forms:
            raise KeyError(name)
        return self._open().values[name]

    def keep(self, events: Events | None = None) -> None:
        """Keep what has been made or taken over, and nothing of it in a second place.

        :raises RunFailedError: somebody else has made one of them meanwhile
        """
        opened = self._open()
        if opened.new:
            self.keeper.put(opened.new, opened.known, events)
        if self._former is not None:
            self._former.unlink(missing_ok=True)

    def _open(self) -> _Opened:
        with self._lock:
            if self._opened is None:
                self._opened = self._read()
                conceal(FORMS[self.forms[name]].private(value) for name, value in self._opened.values.items())
            return self._opened

    def _read(self) -> _Opened:
        known = self.keeper.read()
        kept = known.secrets if known else {}
        values = self._decrypted(known)
        values |= self._asked()
        new = {
            name: (self.forms.get(name, "password"), value)
            for name, value in self._formerly().items()
            if name not in kept
        }
        values |= {name: value for name, (_, value) in new.items() if name in self.forms}
        for name, form in self.forms.items():  # an authority comes before what it signs
            if name not in values:
                values[name] = FORMS[form].make(Making(name, self.site, authority=values.get(AUTHORITY, "")))
                new[name] = (form, values[name])
        return _Opened(values, new, known)

    def _decrypted(self, known: KeptFile | None) -> dict[str, str]:
        if known is None:
            return {}
        here = self.forms.keys() & known.secrets.keys() - self.referred.keys() - self._anew
        values = self.keeper.open(known, here)
        collector = Collector()
        for name, value in values.items():
            form, wanted_form = FORMS[known.secrets[name].form], FORMS[self.forms[name]]
            why = wanted_form.fault(value) if form is wanted_form else f"it is kept as {form.what}"
            if why:
                fix = f"stackwright secret rotate {name}"
                error = InputError(
                    f"the secret {name} is not {wanted_form.what}",
                    where=known.where("secrets", name, "age"),
                    why=why,
                    fix=fix,
                )
                collector.errors.append(error)
        collector.raise_errors()
        return values

    def _asked(self) -> dict[str, str]:
        """Ask the Vault for what it has."""
        referred = {name: one for name, one in self.referred.items() if name in self.forms}
        values = vault.resolve(referred)
        for name, value in values.items():
            form = FORMS[self.forms[name]]
            if why := form.fault(value):
                raise InputError(
                    f"the secret {name} in the Vault is not {form.what}",
                    where=referred[name].where,
                    why=why,
                    fix="correct it in the Vault",
                )
        return values

    def _formerly(self) -> Mapping[str, str]:
        """Read what an older version has kept, but for what is elsewhere now, or is to be made anew."""
        if self._former is None or not self._former.exists():
            return {}
        try:
            passwords = dict(json.loads(self._former.read_text()))
        except (ValueError, TypeError) as error:
            raise InputError(
                "the passwords of the site cannot be read",
                where=Where(self._former),
                why=f"{type(error).__name__}: {error}",
                fix="bring it back from a backup; without it, new ones are made and set",
            ) from error
        return {
            str(name): str(value)
            for name, value in passwords.items()
            if name not in self._anew and name not in self.referred
        }


def secrets_of(
    site: Site, said: SiteValues, selection: Selection, paths: SitePaths, *, anew: frozenset[str] = frozenset()
) -> Secrets:
    """Give the secrets of a site.

    :param said: its values, which may refer to a Vault
    :param anew: those to be made anew
    :raises InputError: a value refers to something else
    """
    referred = references(said, selection)
    return Secrets(keeper_of(site), site.name, wanted(selection), referred=referred, former=paths.passwords, anew=anew)


def references(said: SiteValues, selection: Selection) -> dict[str, Referred]:
    """Give the secrets of a site that its values leave to a Vault.

    :raises InputError: what stands there is no reference; ManyInputsError if several are not
    """
    collector = Collector()
    found = {}
    for service in selection.services:
        for name, placed in said.references(service).items():
            with collector.collecting():
                found[f"{service}-{name}"] = Referred.read(placed.text, placed.where)
    collector.raise_errors()
    return found
