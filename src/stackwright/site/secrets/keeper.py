"""Where the secrets of a site are kept: ``secrets/SITE.yaml`` of the distribution, each encrypted to its recipients."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import platform
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ConfigDict, Field

from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import Day, Name
from stackwright.distribution.writing import put
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import EnvironmentLacksError, InputError, RunFailedError, Where, suggestion
from stackwright.site.secrets import age, identity
from stackwright.site.secrets.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stackwright.distribution import Site
    from stackwright.events import Events
    from stackwright.site.secrets.identity import Identity

FOLDER = "secrets"
HEAD = """\
# The secrets of the site {site}, each encrypted with age to the recipients: `stackwright secret list`.
"""


def _check_key(text: str) -> str:
    try:
        age.public_key(text)
    except ValueError as error:
        raise fault("this is not a recipient's public key", why=str(error)) from error
    return text


def _check_form(text: str) -> str:
    if text not in FORMS:
        raise fault(f"there is no form {text!r}", fix=suggestion(text, FORMS))
    return text


PublicKeyText = Annotated[str, AfterValidator(_check_key)]


class Kept(Written):
    """One secret as it is kept."""

    form: Annotated[str, AfterValidator(_check_form)] = Field(description="its form")
    made: Day = Field(description="the day on which it was made")
    until: Day | None = Field(None, description="the day until which it is good")
    age: str = Field(description="its value, encrypted with age")


class KeptFile(FromFile):
    """A file `secrets/SITE.yaml`."""

    model_config = ConfigDict(title="Stackwright secrets")

    recipients: Annotated[Mapping[str, PublicKeyText], Field(min_length=1)] = Field(
        description="who can decrypt the secrets: name -> public key, of age or of SSH"
    )
    secrets: Mapping[Name, Kept] = Field({}, description="the secrets by their names")


class Keeper:
    """The file of a site's secrets; it need not be there."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> KeptFile | None:
        """Read the file, without decrypting anything; nothing if it is not there.

        :raises InputError: something is wrong with it
        """
        if not self.file.exists():
            return None
        document = read_yaml(self.file)
        return parse(KeptFile, document).placed(document)

    def open(self, kept: KeptFile, names: Collection[str]) -> dict[str, str]:
        """Decrypt secrets with the user's identity.

        :param kept: the file as it was read
        :raises EnvironmentLacksError: there is no identity, others may read it, or it is none of the recipients'
        :raises InputError: a secret or the identity is damaged
        """
        if not names:
            return {}
        own = identity.own()
        return {name: self._decrypted(kept, name, own) for name in kept.secrets if name in names}

    def put(self, values: Mapping[str, tuple[str, str]], known: KeptFile | None, events: Events | None = None) -> None:
        """Keep new values; the user's identity is made with the file.

        :param values: name -> form and value
        :param known: the file as it was read before they were made
        :raises RunFailedError: somebody else has changed one of them since
        """
        with self._alone():
            now = self.read()
            for name in values:
                if _of(now, name) != _of(known, name):
                    raise RunFailedError(
                        f"the secret {name} has been changed meanwhile, by another run",
                        where=Where(self.file),
                        fix="type the same again",
                    )
            if now is None:
                own = identity.own(events, make=True)
                now = KeptFile(recipients={_user(): own.public[0]})
            today = datetime.now(UTC).date()
            self._write(now.recipients, {**now.secrets, **_sealed(now.recipients, values, today)})

    def add_recipient(self, name: str, key: str) -> None:
        """Let somebody else decrypt the secrets, too.

        :raises InputError: the name is taken, or the key is none
        """
        try:
            age.public_key(key)
        except ValueError as error:
            raise InputError(
                f"{key!r} is not a public key", why=str(error), fix="theirs is told by `stackwright secret identity`"
            ) from error
        with self._alone():
            now = self._there()
            holder = next((other for other, theirs in now.recipients.items() if theirs == key or other == name), None)
            if holder is not None:
                raise InputError(
                    f"{holder} is a recipient already",
                    where=now.where("recipients", holder, key=True),
                    fix="give another name, or remove that one first",
                )
            self._encrypt_anew(now, {**now.recipients, name: key})

    def remove_recipient(self, name: str) -> None:
        """Encrypt the secrets to the others only. Whoever has an older file can still read what is in that.

        :raises InputError: there is no such recipient, or no other
        """
        with self._alone():
            now = self._there()
            if name not in now.recipients:
                raise InputError(
                    f"there is no recipient {name!r}",
                    where=now.where("recipients", key=True),
                    fix=suggestion(name, now.recipients),
                )
            others = {other: key for other, key in now.recipients.items() if other != name}
            if not others:
                raise InputError(
                    f"{name} is the only recipient",
                    where=now.where("recipients", name, key=True),
                    why="nobody could decrypt the secrets any more",
                    fix="add another first: stackwright secret recipients add NAME KEY",
                )
            self._encrypt_anew(now, others)

    def _there(self) -> KeptFile:
        now = self.read()
        if now is None:
            raise InputError(
                "the site has no secrets yet", where=Where(self.file), fix="they are made by `stackwright up`"
            )
        return now

    def _encrypt_anew(self, now: KeptFile, recipients: Mapping[str, str]) -> None:
        keys = [age.public_key(key) for key in recipients.values()]
        values = self.open(now, now.secrets)
        secrets = {
            name: kept.model_copy(update={"age": age.encrypt(values[name], keys)}) for name, kept in now.secrets.items()
        }
        self._write(recipients, secrets)

    def _decrypted(self, kept: KeptFile, name: str, own: Identity) -> str:
        try:
            return age.decrypt(kept.secrets[name].age, own.private)
        except age.NotForUsError:
            count = len(kept.recipients)
            raise EnvironmentLacksError(
                f"the secrets are not encrypted for you: {own.file} is none of the keys of their"
                f" {count} recipient{'s' if count > 1 else ''}",
                where=kept.where("recipients", key=True),
                why=f"yours is {own.public[0]}; theirs are those of {', '.join(kept.recipients)}",
                fix=f"name another file: {identity.VARIABLE}=FILE; or let one of them type:"
                f" stackwright secret recipients add {_user()} {own.public[0]}",
            ) from None
        except age.DamagedError as error:
            raise InputError(
                f"the secret {name} is damaged",
                where=kept.where("secrets", name, "age"),
                why=str(error),
                fix=f"bring it back from git; or make it anew: stackwright secret rotate {name}",
            ) from error

    def _write(self, recipients: Mapping[str, str], secrets: Mapping[str, Kept]) -> None:
        """Write the file, whole or not at all; as it is to be committed, it belongs to whom the distribution does."""
        put(self.file, _text(self.file.stem, recipients, secrets))
        self._give(self.file)

    def _give(self, path: Path) -> None:
        owner = self.file.parent.parent.stat()
        if os.geteuid() == 0 and path.stat().st_uid != owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing secrets while the block runs; the kernel ends it with this process."""
        self.file.parent.mkdir(exist_ok=True)
        self._give(self.file.parent)
        descriptor = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)  # no lock file in the user's repository
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def keeper_of(site: Site) -> Keeper:
    """Give the file of a site's secrets: beside the folder of the sites, and named as the site's own."""
    file = site.where().file
    assert file is not None  # it was read from the distribution
    return Keeper(file.parent.parent / FOLDER / file.name)


def _sealed(recipients: Mapping[str, str], values: Mapping[str, tuple[str, str]], today: date) -> dict[str, Kept]:
    keys = [age.public_key(key) for key in recipients.values()]
    return {
        name: Kept(form=form, made=today, until=FORMS[form].until(value), age=age.encrypt(value, keys))
        for name, (form, value) in values.items()
    }


def _of(kept: KeptFile | None, name: str) -> str | None:
    one = kept.secrets.get(name) if kept else None
    return one.age if one else None


def _user() -> str:
    return f"{getpass.getuser()}@{platform.node()}"


def _text(site: str, recipients: Mapping[str, str], secrets: Mapping[str, Kept]) -> str:
    """Give the file's text, sorted, so that a difference shows what has changed."""
    lines = [HEAD.format(site=site).rstrip(), "recipients:"]
    lines += [f"  {json.dumps(name)}: {json.dumps(key)}" for name, key in recipients.items()]
    lines.append("secrets:" if secrets else "secrets: {}")
    for name, kept in sorted(secrets.items()):
        lines += [f"  {name}:", f"    form: {kept.form}", f"    made: {kept.made}"]
        lines += [f"    until: {kept.until}"] if kept.until else []
        lines += ["    age: |", *(f"      {line}" for line in kept.age.splitlines())]
    return "\n".join(lines) + "\n"
