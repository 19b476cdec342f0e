"""The accounts of an image: passwd(5), group(5) and shadow(5), as texts. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

# The day that the files of accounts say a password was changed on: one that is the same for every build.
DAY = "3652"
ACCOUNT_FILES = ("etc/passwd", "etc/group", "etc/shadow")
NO_SHELL = "/usr/sbin/nologin"
# What LOCI and openstack-helm give a service's user if nothing else is said.
USUAL_ID = 42424


@dataclass(frozen=True)
class Account:
    """A service's user, and its group of the same name.

    :param shared: its number may be another user's already
    :param moved: if there is such a user already, it gets this number
    """

    name: str
    uid: int = USUAL_ID
    gid: int = USUAL_ID
    home: str = "/nonexistent"
    shared: bool = False
    moved: bool = False


@dataclass(frozen=True)
class Accounts:
    """The three files, as texts."""

    passwd: str
    group: str
    shadow: str

    def settled(self) -> Accounts:
        """Give them without the day that they were made on."""
        return replace(self, shadow=_each(self.shadow, lambda fields: [*fields[:2], DAY, *fields[3:]]))

    def ids(self, name: str) -> tuple[int, int] | None:
        """Give the numbers of a user and of its group; None if there is no such user."""
        for fields in _lines(self.passwd):
            if fields[0] == name:
                return int(fields[2]), int(fields[3])
        return None


def with_account(accounts: Accounts, account: Account) -> Accounts:
    """Give the files with a user and its group among them.

    One that is there already, as a package makes it, stays as it is, unless it is to be moved.

    :raises InputError: its number is another's
    """
    there = accounts.ids(account.name) is not None
    if there and not account.moved:
        return accounts
    if not account.shared:
        _refuse_taken(accounts.passwd, account.name, account.uid, "user")
        _refuse_taken(accounts.group, account.name, account.gid, "group")
    uid, gid = str(account.uid), str(account.gid)
    if there:
        return Accounts(
            _each(accounts.passwd, lambda f: [*f[:2], uid, gid, *f[4:]] if f[0] == account.name else f),
            _each(accounts.group, lambda f: [*f[:2], gid, *f[3:]] if f[0] == account.name else f),
            accounts.shadow,
        )
    has_group = any(fields[0] == account.name for fields in _lines(accounts.group))
    group = (
        _each(accounts.group, lambda f: [*f[:2], gid, *f[3:]] if f[0] == account.name else f)
        if has_group
        else f"{accounts.group}{account.name}:x:{gid}:\n"
    )
    return Accounts(
        f"{accounts.passwd}{account.name}:x:{uid}:{gid}::{account.home}:{NO_SHELL}\n",
        group,
        f"{accounts.shadow}{account.name}:!:{DAY}::::::\n",
    )


def _refuse_taken(text: str, name: str, number: int, what: str) -> None:
    holder = next((fields[0] for fields in _lines(text) if fields[2] == str(number) and fields[0] != name), None)
    if holder is not None:
        raise InputError(
            f"the number {number} of the {what} {name} is that of {holder} already",
            fix="give another number, or say that they share it: NON_UNIQUE_SYSTEM_ACCOUNT=yes",
        )


def _lines(text: str) -> list[list[str]]:
    return [line.split(":") for line in text.splitlines() if line.count(":") >= 3]


def _each(text: str, change: Callable[[list[str]], list[str]]) -> str:
    return "".join(
        f"{':'.join(change(line.split(':')) if line.count(':') >= 3 else [line])}\n" for line in text.splitlines()
    )
