"""HashiCorp Vault and OpenBao: values of the key/value store, version 2, over their HTTP API.

https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 and https://openbao.org/api-docs/secret/kv/kv-v2.
The address, the token and what else there is to set are taken from the variables that `vault` and `bao` read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from stackwright.errors import EnvironmentLacksError, InputError, StackwrightError, Where
from stackwright.events import conceal, concealed

SCHEME = "vault+kv2"
FORM = f"{SCHEME}://MOUNT/PATH#KEY"
_REFERENCE = re.compile(rf"{re.escape(SCHEME)}://(?P<mount>[^/#?\s]+)/(?P<path>[^#?\s]*[^#?\s/])#(?P<key>[^#\s]+)")
_TOKEN = re.compile(r"[!-~]+")  # what a header can hold
# Seconds: to be let in, and to be answered.
PATIENCE = (5, 15)
SEALED, TOKEN_FILE, OTHERS = 503, ".vault-token", 0o077
ASKERS = 8


@dataclass(frozen=True)
class Referred:
    """A reference ``vault+kv2://MOUNT/PATH#KEY`` to a value, and the place in which it is written."""

    mount: str
    path: str
    key: str
    where: Where

    @classmethod
    def read(cls, text: str, where: Where) -> Referred:
        """Read one.

        :raises InputError: it is none; what it is instead is not told, as it may be a secret
        """
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise InputError(
                "this is not a reference to a secret",
                where=where,
                why="a secret itself is kept encrypted, and not written here",
                fix=f"write it like {FORM}; or remove it, and one is made",
            )
        return cls(match["mount"], match["path"], match["key"], where)

    def __str__(self) -> str:
        """Give it as it is written."""
        return f"{SCHEME}://{self.mount}/{self.path}#{self.key}"


@dataclass(frozen=True)
class Vault:
    """A Vault, and who we are to it.

    :param variables: the prefix of the variables that it was told by: VAULT or BAO
    :param authority: file of the certificate authorities that may vouch for it; without it, those that requests knows
    """

    address: str
    token: str = field(repr=False)
    namespace: str = ""
    authority: str = ""
    variables: str = "VAULT"


def vault() -> Vault:
    """Give the Vault that the environment names: VAULT_ADDR, or BAO_ADDR, which wins.

    :raises EnvironmentLacksError: it names none, or there is no token
    :raises InputError: the address is none
    """
    kind = "BAO" if os.environ.get("BAO_ADDR") else "VAULT"
    address = os.environ.get(f"{kind}_ADDR", "").rstrip("/")
    if not address:
        raise EnvironmentLacksError(
            "the site has secrets in a Vault, and nobody says where it is",
            fix="set VAULT_ADDR=https://HOST:8200 (or BAO_ADDR, of an OpenBao)",
        )
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise InputError(
            f"{kind}_ADDR is not the address of a Vault",  # not shown: there may be a password in it
            fix="write it like https://HOST:8200, without a user or a password",
        )
    return Vault(
        address,
        _token(kind),
        os.environ.get(f"{kind}_NAMESPACE", ""),
        os.environ.get(f"{kind}_CACERT", ""),
        kind,
    )


def resolve(references: Mapping[str, Referred]) -> dict[str, str]:
    """Ask for the values of secrets; a path is asked for once, whatever number of its keys is wanted.

    :param references: name of a secret -> where it is
    :raises EnvironmentLacksError: the Vault is down or sealed, or does not let us in
    :raises InputError: there is no such path or key
    """
    if not references:
        return {}
    told = vault()
    places = {(one.mount, one.path): one.where for one in references.values()}

    def ask(place: tuple[str, str]) -> Mapping[str, Any]:
        try:
            return _read(told, *place)
        except StackwrightError as error:
            error.where = places[place]
            raise

    with ThreadPoolExecutor(min(ASKERS, len(places))) as pool:
        found = dict(zip(places, pool.map(ask, places), strict=True))
    return {name: _value(one, found[one.mount, one.path]) for name, one in references.items()}


def _read(vault_: Vault, mount: str, path: str) -> Mapping[str, Any]:
    """Read the newest version of a secret: GET /v1/MOUNT/data/PATH."""
    url = f"{vault_.address}/v1/{quote(mount, safe='')}/data/{quote(path)}"
    headers = {"X-Vault-Token": vault_.token, "X-Vault-Request": "true"}
    if vault_.namespace:
        headers["X-Vault-Namespace"] = vault_.namespace
    try:
        with requests.Session() as session:
            session.auth = lambda request: request  # or requests would add what a .netrc says
            answer = session.get(
                url,
                headers=headers,
                timeout=PATIENCE,
                allow_redirects=False,  # nobody else is to be given the token
                verify=vault_.authority or True,
            )
    except (requests.RequestException, OSError, ValueError) as error:  # no such file of authorities; an odd address
        raise EnvironmentLacksError(
            f"the Vault at {vault_.address} does not answer",
            why=_cause(error),
            fix=f"see that it is up: curl {vault_.address}/v1/sys/health; or set {vault_.variables}_ADDR, "
            f"and {vault_.variables}_CACERT if its certificate is of your own authority",
        ) from None  # the chain shows the request with its headers
    if answer.status_code == requests.codes.ok:
        return _data(vault_, answer, mount, path)
    raise _refusal(vault_, answer, mount, path)


def _data(vault_: Vault, answer: requests.Response, mount: str, path: str) -> Mapping[str, Any]:
    try:
        data = answer.json()["data"]["data"]
    except (ValueError, KeyError, TypeError):
        data = None
    if not isinstance(data, dict):
        raise InputError(
            f"what the Vault at {vault_.address} has at {mount}/{path} is no secret of the key/value store, version 2",
            fix=f"see which version the mount is of: {_program(vault_)} secrets list -detailed",
        )
    return data


def _refusal(vault_: Vault, answer: requests.Response, mount: str, path: str) -> StackwrightError:
    status, said = answer.status_code, _said(answer)
    why = f"it answers {status}" + (f": {said}" if said else "")
    program = _program(vault_)
    if status == SEALED:
        return EnvironmentLacksError(
            f"the Vault at {vault_.address} is sealed, or not ready", why=why, fix=f"{program} operator unseal"
        )
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        return EnvironmentLacksError(
            f"the Vault at {vault_.address} does not let us read {mount}/{path}",
            why=why,
            fix=f"{program} login, or set {vault_.variables}_TOKEN; its policy must let it read {mount}/data/{path}",
        )
    if status == requests.codes.not_found:
        deleted = "its newest version has been deleted" if _was_deleted(answer) else why
        return InputError(
            f"the Vault at {vault_.address} has nothing at {mount}/{path}",
            why=deleted,
            fix=f"correct the reference, or put it there: {program} kv put -mount={mount} {path} KEY=-",
        )
    if answer.is_redirect:
        return EnvironmentLacksError(
            f"the Vault at {vault_.address} sends us elsewhere",
            why="a token is given to nobody but the one it is for",
            fix=f"name the active one: {vault_.variables}_ADDR",
        )
    return EnvironmentLacksError(f"the Vault at {vault_.address} does not give {mount}/{path}", why=why)


def _value(one: Referred, data: Mapping[str, Any]) -> str:
    value = data.get(one.key)
    if isinstance(value, str):
        return value
    raise InputError(
        f"{one.mount}/{one.path} in the Vault has no key {one.key!r} that is a text",
        where=one.where,
        why=f"it has {', '.join(sorted(map(str, data))) or 'none'}",
        fix="correct what stands behind the #",
    )


def _token(kind: str) -> str:
    """Give the token: of the variable, else of the file that `vault login` writes; it is shown nowhere."""
    token = os.environ.get(f"{kind}_TOKEN", "").strip() or _kept_token()
    conceal([token])
    program = "bao" if kind == "BAO" else "vault"
    if not token:
        raise EnvironmentLacksError(
            "the site has secrets in a Vault, and there is no token for it",
            fix=f"{program} login, or set {kind}_TOKEN",
        )
    if not _TOKEN.fullmatch(token):
        raise EnvironmentLacksError("the token for the Vault is none", fix=f"{program} login, or set {kind}_TOKEN")
    return token


def _kept_token() -> str:
    file = Path.home() / TOKEN_FILE
    try:
        if (mode := file.stat().st_mode) & OTHERS:
            raise EnvironmentLacksError(
                "others may read the Vault's token",
                where=Where(file),
                why=f"its mode is {mode & 0o7777:04o}",
                fix=f"chmod 600 {file}",
            )
        return file.read_text(errors="replace").strip()
    except FileNotFoundError:
        return ""


def _cause(error: BaseException) -> str:
    """Give the innermost reason of what went wrong with a request, without the request."""
    reason: Any = error
    while (inner := getattr(reason, "reason", None) or (reason.args[0] if reason.args else None)) is not None:
        if not isinstance(inner, BaseException):
            break
        reason = inner
    return concealed(f"{type(reason).__name__}: {getattr(reason, 'strerror', None) or reason}")


def _said(answer: requests.Response) -> str:
    try:
        errors = answer.json()["errors"]
    except (ValueError, KeyError, TypeError):
        return ""
    return "; ".join(" ".join(str(error).split()) for error in errors)


def _was_deleted(answer: requests.Response) -> bool:
    try:
        return bool(answer.json()["data"]["metadata"])
    except (ValueError, KeyError, TypeError):
        return False


def _program(vault_: Vault) -> str:
    return "bao" if vault_.variables == "BAO" else "vault"
