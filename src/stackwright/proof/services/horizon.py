"""The proof of the dashboard: a person logs in by its form, sees who she is, and logs out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import requests

from stackwright.errors import CheckFailedError
from stackwright.proof.services.proof import ServiceProof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openstack.connection import Connection

    from stackwright.proof.services.proof import Ground

SERVICE, PORT = "horizon", "horizon-dashboard"
PATIENCE = 60.0  # seconds for a page
# Of the form as Django writes it.
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
STYLE = re.compile(r'href="(/static/dashboard/css/[^"]+\.css)"')


def _prove(ground: Ground) -> None:
    address, session = f"http://127.0.0.1:{ground.ports[PORT]}", requests.Session()
    login = ground.connection.config.config["auth"]
    with ground.recorder.check("dashboard", SERVICE) as check:
        form = _page(session, "GET", f"{address}/auth/login/")
        style, token = STYLE.search(form), TOKEN.search(form)
        if style is None or token is None:
            raise CheckFailedError("the page of the login has no form, or none of its styles")
        _page(session, "GET", address + style[1])
        words = {"csrfmiddlewaretoken": token[1], "region": "default"}
        words |= {"username": login["username"], "password": login["password"]}
        # Whereto it leads depends on what else the site has; who somebody is, it says everywhere.
        _page(session, "POST", f"{address}/auth/login/", words)
        inside = _page(session, "GET", f"{address}/identity/")
        if "/auth/logout/" not in inside:
            raise CheckFailedError("it does not let in the administrator, with the password that keystone takes")
        if login["username"] not in inside:
            raise CheckFailedError("its page does not say who has logged in")
        check.detail = f"{login['username']} has logged in at {address}"
    with ground.recorder.check("dashboard-logout", SERVICE) as check:
        token = TOKEN.search(inside)
        _page(session, "POST", f"{address}/auth/logout/", {"csrfmiddlewaretoken": token[1] if token else ""})
        if "/auth/logout/" in _page(session, "GET", f"{address}/identity/"):
            raise CheckFailedError("who has logged out is let in still")
        check.detail = "who has logged out is asked to log in"


def _page(session: requests.Session, method: str, url: str, words: dict[str, str] | None = None) -> str:
    response = session.request(
        method, url, data=words, headers={"Referer": url}, timeout=PATIENCE, allow_redirects=method == "GET"
    )
    if response.status_code >= requests.codes.bad_request:
        raise CheckFailedError(f"{url} answers {response.status_code}")
    return response.text


def _remove(_: Connection, __: Callable[[str], bool]) -> Iterator[str]:
    """Remove nothing: it keeps nothing but sessions."""
    yield from ()


PROOF = ServiceProof(_prove, _remove)
