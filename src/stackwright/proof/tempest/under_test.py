"""The cloud that is tested: a site of ours, or one of the user's ``clouds.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.config import OpenStackConfig
from openstack.exceptions import ConfigException, SDKException

from stackwright.errors import EnvironmentLacksError, InputError, RunFailedError, suggestion
from stackwright.proof.access import outside_of
from stackwright.proof.console import connect

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from openstack.connection import Connection

    from stackwright.proof.access import Outside
    from stackwright.targets.local.cloud import Cloud


@dataclass(frozen=True)
class CloudUnderTest:
    """A cloud, as its administrator sees it.

    :param name: of the site, or in ``clouds.yaml``
    :param connection: the administrator's
    :param auth_url: of its identity service, version 3
    :param region: empty if its services are in no region that was named
    :param interface: which of the endpoints are used: public, internal, admin
    :param verify: whether its certificates are checked, or the file of those that are trusted
    :param outside: what stands for the outside world of a site of ours
    :param logs: folder of the services' logs, of a site of ours
    """

    name: str
    connection: Connection
    auth_url: str
    region: str
    interface: str
    verify: bool | str
    outside: Outside | None = None
    logs: Path | None = None

    @property
    def ours(self) -> bool:
        """Whether it is a site of ours."""
        return self.outside is not None

    def connect_as(self, account: Account) -> Connection:
        """Give the connection of another account."""
        trusted = {"cacert": self.verify} if isinstance(self.verify, str) else {"verify": self.verify}
        return openstack.connect(
            load_yaml_config=False,
            load_envvars=False,
            auth_type="password",
            auth_url=self.auth_url,
            username=account.name,
            password=account.password,
            project_name=account.name,
            user_domain_id=account.domain,
            project_domain_id=account.domain,
            region_name=self.region or None,
            interface=self.interface,
            app_name="stackwright",
            **trusted,
        )


@dataclass(frozen=True)
class Account:
    """An administrator that was made for a run, in a domain of the same name.

    :param name: of the user, the project and the domain
    :param domain: id of the domain
    """

    name: str
    password: str
    domain: str

    def __repr__(self) -> str:
        """Leave the password out."""
        return f"Account({self.name!r})"


def our_site(name: str, cloud: Cloud) -> CloudUnderTest:
    """Give a site of ours that is up.

    :raises RunFailedError: it does not answer
    """
    connection = connect(cloud.access)
    _authorize(connection, name, "stackwright status")
    return CloudUnderTest(
        name=name,
        connection=connection,
        auth_url=cloud.access.auth_url,
        region=cloud.access.region,
        interface="public",
        verify=True,
        outside=outside_of(cloud),
        logs=cloud.paths.log,
    )


def other_cloud(name: str) -> CloudUnderTest:
    """Give a cloud of the user's ``clouds.yaml``, which is sought where openstacksdk seeks it.

    :raises InputError: there is no such cloud in it, or it cannot be read
    :raises EnvironmentLacksError: the cloud does not let us in
    """
    try:
        config: Any = OpenStackConfig(app_name="stackwright")
        known = [cloud for cloud in config.get_cloud_names() if cloud != "envvars"]
        if name not in known:
            raise InputError(
                f"there is no cloud {name!r} in clouds.yaml",
                why=f"read: {config.config_filename or 'none was found'}",
                fix=suggestion(name, known) if known else "OS_CLIENT_CONFIG_FILE names another file",
            )
        connection = openstack.connection.Connection(config=config.get_one(cloud=name))
        settings: Any = connection.config
        url = str(settings.get_auth_args()["auth_url"]).rstrip("/")
    except (ConfigException, KeyError) as error:
        raise InputError(f"the cloud {name} of clouds.yaml cannot be used", why=str(error)) from error
    _authorize(connection, name, f"openstack --os-cloud {name} token issue")
    verify, _ = settings.get_requests_verify_args()
    return CloudUnderTest(
        name=name,
        connection=connection,
        auth_url=url if url.endswith("/v3") else f"{url.removesuffix('/v2.0')}/v3",
        region=settings.get_region_name() or "",
        interface=settings.get_interface() or "public",
        verify=verify,
    )


def _authorize(connection: Connection, name: str, fix: str) -> None:
    try:
        connection.authorize()
    except (SDKException, ClientException) as error:
        why = f"{type(error).__name__}: {error}".partition(": HTTPConnectionPool")[0]
        raise EnvironmentLacksError(f"the cloud {name} does not let us in", why=why, fix=fix) from error


def api_failed(what: str, error: Exception) -> RunFailedError:
    """Give what an API answered, as an error of the family."""
    return RunFailedError(what, why=f"{type(error).__name__}: {error}", fix="the same command again, with --resume")
