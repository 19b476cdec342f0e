"""The identity service's API: projects, roles, users, services and endpoints, by keystoneauth."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests
from keystoneauth1 import adapter, session
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import v3

from stackwright.errors import RunFailedError

DOMAIN = "default"
ADMINISTRATOR = "admin"
# Seconds in which a password is looked at.
PATIENCE = 30


@dataclass(frozen=True)
class DomainUser:
    """A user in a domain of a service's own.

    :param roles: that it has on the domain
    """

    name: str
    roles: tuple[str, ...]
    password: str = field(repr=False)


@dataclass(frozen=True)
class Domain:
    """A domain of a service's own."""

    name: str
    description: str
    users: tuple[DomainUser, ...] = ()


@dataclass(frozen=True)
class Registration:
    """How a service is known: its catalogue entry, and its user's name and password where it has one.

    :param url: of its endpoints; public, internal and admin are one on a local target
    :param roles: that there have to be besides
    """

    type: str
    name: str
    description: str
    url: str
    user: str | None
    password: str | None = field(repr=False)
    roles: tuple[str, ...] = ()
    domains: tuple[Domain, ...] = ()


class Identity:
    """The identity service, spoken to as its administrator."""

    def __init__(self, url: str, password: str, region: str) -> None:
        self.url, self.region = url, region
        self._password = password

    @cached_property
    def _api(self) -> adapter.Adapter:
        auth = v3.Password(
            auth_url=self.url,
            username=ADMINISTRATOR,
            password=self._password,
            project_name="admin",
            user_domain_id=DOMAIN,
            project_domain_id=DOMAIN,
        )
        return adapter.Adapter(
            session.Session(auth=auth, session=self._straight), endpoint_override=self.url, connect_retries=2
        )

    @cached_property
    def _straight(self) -> requests.Session:
        straight = requests.Session()
        straight.trust_env = False  # whatever proxy the user's shell names: it is on this machine
        return straight

    def lacks(self, wish: Registration) -> str:
        """Tell what is missing of a registration; nothing if it is complete.

        :raises RunFailedError: the service does not answer as it should
        """
        service = self._find("services", type=wish.type)
        if service is None:
            return f"there is no service of the type {wish.type}"
        endpoints = self._list("endpoints", service_id=service["id"], region_id=self.region)
        if {endpoint["interface"] for endpoint in endpoints if endpoint["url"] == wish.url} != _INTERFACES:
            return f"the endpoints are not at {wish.url}"
        if wish.user and self._find("users", name=wish.user, domain_id=DOMAIN) is None:
            return f"there is no user {wish.user}"
        if wish.user and not self.lets_in(wish.user, wish.password or ""):
            return f"the user {wish.user} is not let in with his password"
        for role in wish.roles:
            if self._find("roles", name=role) is None:
                return f"there is no role {role}"
        return next(filter(None, map(self._lacking, wish.domains)), "")

    def _lacking(self, wish: Domain) -> str:
        """Tell what is missing of a domain."""
        domain = self._find("domains", name=wish.name)
        if domain is None:
            return f"there is no domain {wish.name}"
        for wanted in wish.users:
            user = self._find("users", name=wanted.name, domain_id=domain["id"])
            if user is None:
                return f"there is no user {wanted.name} in the domain {wish.name}"
            if not self.lets_in(wanted.name, wanted.password, domain["id"]):
                return f"the user {wanted.name} is not let in with his password"
            granted = self._call("GET", f"/domains/{domain['id']}/users/{user['id']}/roles")["roles"]
            for role in wanted.roles:
                if role not in {one["name"] for one in granted}:
                    return f"the user {wanted.name} has not the role {role} on the domain {wish.name}"
        return ""

    def lets_in_administrator(self) -> bool:
        """Tell whether the administrator is let in with his password.

        :raises RunFailedError: the service does not answer as it should
        """
        return self.lets_in(ADMINISTRATOR, self._password)

    def lets_in(self, user: str, password: str, domain: str = DOMAIN) -> bool:
        """Tell whether a user is let in with a password (docs.openstack.org/api-ref/identity/v3: unscoped tokens).

        :param domain: the id of the user's
        :raises RunFailedError: the service does not answer as it should
        """
        who = {"name": user, "domain": {"id": domain}, "password": password}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": "unscoped"}}
        try:
            status = self._straight.post(f"{self.url}/auth/tokens", json=body, timeout=PATIENCE).status_code
        except requests.RequestException as error:
            raise RunFailedError(
                f"the identity service at {self.url} does not answer", why=type(error).__name__
            ) from error
        if status not in (requests.codes.created, requests.codes.unauthorized):
            raise RunFailedError(f"the identity service answers {status} to the user {user}")
        return bool(status == requests.codes.created)

    def register(self, wish: Registration) -> None:
        """Bring a registration about.

        :raises RunFailedError: the service does not answer as it should
        """
        if wish.user:
            self._ensure_service_user(wish.user, wish.password or "")
        for role in wish.roles:
            self._ensure_role(role)
        for domain in wish.domains:
            self._ensure_domain(domain)
        service = self._find("services", type=wish.type) or self._post(
            "services", name=wish.name, type=wish.type, description=wish.description
        )
        known = {
            endpoint["interface"]: endpoint
            for endpoint in self._list("endpoints", service_id=service["id"], region_id=self.region)
        }
        for interface in sorted(_INTERFACES):
            endpoint = known.get(interface)
            if endpoint is None:
                self._post(
                    "endpoints", interface=interface, url=wish.url, service_id=service["id"], region_id=self.region
                )
            elif endpoint["url"] != wish.url:
                self._call("PATCH", f"/endpoints/{endpoint['id']}", {"endpoint": {"url": wish.url}})

    def _ensure_service_user(self, name: str, password: str) -> None:
        project = self._find("projects", name="service", domain_id=DOMAIN) or self._post(
            "projects", name="service", domain_id=DOMAIN, description="The services' own users"
        )
        user = self._ensure_user(name, password, DOMAIN)
        for role in ("admin", "service"):
            self._call("PUT", f"/projects/{project['id']}/users/{user}/roles/{self._ensure_role(role)}")

    def _ensure_domain(self, wish: Domain) -> None:
        domain = self._find("domains", name=wish.name) or self._post(
            "domains", name=wish.name, description=wish.description
        )
        for wanted in wish.users:
            user = self._ensure_user(wanted.name, wanted.password, domain["id"])
            for role in wanted.roles:
                self._call("PUT", f"/domains/{domain['id']}/users/{user}/roles/{self._ensure_role(role)}")

    def _ensure_user(self, name: str, password: str, domain: str) -> str:
        """Give the id of a user of a domain, who is let in with a password."""
        user = self._find("users", name=name, domain_id=domain)
        if user is None:
            user = self._post("users", name=name, domain_id=domain, password=password)
        elif not self.lets_in(name, password, domain):  # a change takes the tokens back that the user has
            self._call("PATCH", f"/users/{user['id']}", {"user": {"password": password}})
        return str(user["id"])

    def _ensure_role(self, name: str) -> str:
        """Give the id of a role."""
        return str((self._find("roles", name=name) or self._post("roles", name=name))["id"])

    def _find(self, collection: str, **filters: str) -> dict[str, Any] | None:
        return next(iter(self._list(collection, **filters)), None)

    def _list(self, collection: str, **filters: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._call("GET", f"/{collection}", params=filters)[collection]
        return rows

    def _post(self, collection: str, **values: str) -> dict[str, Any]:
        singular = collection.removesuffix("s")
        try:
            created: dict[str, Any] = self._call("POST", f"/{collection}", {singular: values})[singular]
        except _ConflictError:  # another service's registration made it a moment ago
            filters = {name: values[name] for name in ("name", "domain_id", "type") if name in values}
            found = self._find(collection, **filters)
            if found is None:
                raise
            return found
        return created

    def _call(self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None) -> Any:
        try:
            response = self._api.request(path, method, json=body, params=params or {}, raise_exc=False)
        except ClientException as error:
            raise RunFailedError(
                f"the identity service at {self.url} does not let us in", why=f"{type(error).__name__}: {error}"
            ) from error
        if response.status_code == 409:
            raise _ConflictError(f"{method} {path}: it is there already")
        if response.status_code >= 400:
            raise RunFailedError(
                f"the identity service answers {response.status_code} to {method} {path}", details=response.text[:1000]
            )
        return response.json() if response.content else None


class _ConflictError(RunFailedError):
    """What was to be made is there already."""


_INTERFACES = {"public", "internal", "admin"}
