"""The files by which a user reaches a site with the stock clients: openrc and clouds.yaml."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from stackwright.site.state import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.site.paths import SitePaths


@dataclass(frozen=True)
class Access:
    """What the administrator of a site needs to reach it."""

    auth_url: str
    password: str
    region: str
    username: str = "admin"
    project: str = "admin"

    def __repr__(self) -> str:
        """Leave the password out."""
        return f"Access({self.auth_url!r}, {self.username!r})"


def openrc(paths: SitePaths) -> Path:
    """Give the place of the file that a shell reads."""
    return paths.root / "openrc"


def clouds_yaml(paths: SitePaths) -> Path:
    """Give the place of the file that the clients and SDKs read."""
    return paths.root / "clouds.yaml"


def written_password(paths: SitePaths) -> str:
    """Give the administrator's password as a run has written it for the clients; empty if none has."""
    try:
        clouds = yaml.safe_load(clouds_yaml(paths).read_text())["clouds"]
        return str(next(iter(clouds.values()))["auth"]["password"])
    except (OSError, yaml.YAMLError, LookupError, TypeError, AttributeError, StopIteration):
        return ""  # as the user may have made of it


def write_access_files(paths: SitePaths, site: str, access: Access) -> None:
    """Write both, readable by their owner only (docs.openstack.org/openstacksdk: clouds.yaml)."""
    variables = {
        "OS_AUTH_URL": access.auth_url,
        "OS_USERNAME": access.username,
        "OS_PASSWORD": access.password,
        "OS_PROJECT_NAME": access.project,
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": access.region,
        "OS_IDENTITY_API_VERSION": "3",
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    write_private(openrc(paths), "\n".join(lines) + "\n")
    cloud = {
        "auth": {
            "auth_url": access.auth_url,
            "username": access.username,
            "password": access.password,
            "project_name": access.project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": access.region,
        "identity_api_version": 3,
    }
    write_private(clouds_yaml(paths), yaml.safe_dump({"clouds": {site: cloud}}, sort_keys=False))
