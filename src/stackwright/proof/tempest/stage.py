"""What tempest finds in a cloud: an administrator of its own, images, flavors, a way outside. All of it goes again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.proof import scene
from stackwright.proof.tempest.under_test import Account, api_failed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack.compute.v2.flavor import Flavor
    from openstack.image.v2.image import Image

    from stackwright.proof.guest import GuestImage
    from stackwright.proof.tempest.features import Features
    from stackwright.proof.tempest.under_test import CloudUnderTest

# Everything that a run makes is called swt-, six hexadecimal digits of the run's own, and more. It is short because
# tempest makes host names of it, which may have 63 characters.
PREFIX = "swt-"
PASSWORD_BYTES = 24
TINY = ("cirros", "tempest", "tiny")  # names of images that boot quickly
MEMORY, MOST_MEMORY = 128, 1024  # MiB: what a flavor of ours has at least, and what one of others may have
LARGER = 64  # MiB more has the second flavor, so that servers can be resized to it


@dataclass(frozen=True)
class Stage:
    """What a run has been given.

    :param images: ids of two, which may be the same
    :param flavors: ids of two, the second larger
    :param external: id and name of a network that leads to the outside
    """

    account: Account
    images: tuple[str, str] | None = None
    flavors: tuple[str, str] | None = None
    external: tuple[str, str] | None = None

    @property
    def prefix(self) -> str:
        """What the names of all that the run makes begin with."""
        return self.account.name


def new_prefix() -> str:
    """Give the prefix of a new run."""
    return PREFIX + secrets.token_hex(3)


def make_account(cloud: CloudUnderTest, prefix: str) -> Account:
    """Make a domain, and in it a project and a user that is an administrator.

    Tempest makes its accounts in the domain of the one it is given: everything of theirs can be told from others'.

    :raises EnvironmentLacksError: we may not
    """
    identity: Any = cloud.connection.identity
    password = "Aa1_" + secrets.token_urlsafe(PASSWORD_BYTES)  # of every kind of character that a policy may ask for
    try:
        role = next((role for role in identity.roles() if role.name == "admin"), None)
        if role is None:
            raise EnvironmentLacksError(f"the cloud {cloud.name} has no role admin")
        domain = identity.create_domain(name=prefix, description="stackwright tempest")
        project = identity.create_project(name=prefix, domain_id=domain.id)
        user = identity.create_user(name=prefix, domain_id=domain.id, password=password, default_project_id=project.id)
        identity.assign_project_role_to_user(project.id, user.id, role.id)
    except (SDKException, ClientException) as error:
        raise EnvironmentLacksError(
            "no account can be made for tempest",
            why=f"{type(error).__name__}: {error}",
            fix="name an administrator that may make domains",
        ) from error
    return Account(prefix, password, domain.id)


def set_stage(
    cloud: CloudUnderTest,
    account: Account,
    features: Features,
    guest: GuestImage | None,
    *,
    servers: bool,
    image: str | None = None,
) -> Stage:
    """Find or make what tempest has to have.

    :param guest: of a site of ours: the image that boots there
    :param servers: whether servers will be started
    :param image: the name or id of the image to boot, of a cloud that is not ours
    :raises InputError: there is no image to boot
    :raises RunFailedError: an API does not answer as it should
    """
    try:
        if "network" in features.types:
            # Neutron makes a project's default group with the first request about groups. Of two at once, as several
            # of tempest's workers send them in this account's name, one fails.
            list(cloud.connect_as(account).network.security_groups())
        external = features.external
        if external is None and cloud.outside is not None and "network" in features.types:
            network = scene.ensure_outside(cloud.connection, cloud.outside, account.name)
            external = (network.id, network.name)
        if not servers or "compute" not in features.types:
            return Stage(account, external=external)
        first, second = _ours(cloud, account.name, guest) if guest else _theirs(cloud, image)
        return Stage(account, (first.id, second.id), _flavors(cloud, account.name, first, second), external)
    except (SDKException, ClientException) as error:
        raise api_failed("what tempest needs cannot be made", error) from error


def _ours(cloud: CloudUnderTest, prefix: str, guest: GuestImage) -> tuple[Image, Image]:
    """Upload the guest image twice: servers are rebuilt from one to the other."""
    images: Any = cloud.connection.image
    first = scene.ensure_image(cloud.connection, prefix, guest)
    properties = images.get(f"/images/{first.id}").json()
    boots = {name: str(properties[name]) for name in ("kernel_id", "ramdisk_id", "os_command_line")}
    second = images.create_image(
        f"{prefix}-second",
        data=scene.BLANK_DISK,
        disk_format="raw",
        container_format="bare",
        allow_duplicates=True,
        **boots,
        **scene.HARDWARE,
    )
    # Tempest's accounts are in projects of their own.
    for image in (first.id, second.id, boots["kernel_id"], boots["ramdisk_id"]):
        images.update_image(image, visibility="public")
    return first, second


def _theirs(cloud: CloudUnderTest, wanted: str | None) -> tuple[Image, Image]:
    images: Any = cloud.connection.image
    found = choose_image(list(images.images()), wanted)
    return found, found


def choose_image(images: Iterable[Image], wanted: str | None) -> Image:
    """Give the image that is wanted, else the one that is likely to boot the quickest. A pure function.

    :param wanted: a name or an id
    :raises InputError: there is none
    """
    usable = [image for image in images if image.status == "active" and image.visibility in ("public", "community")]
    if wanted is not None:
        named = [image for image in usable if wanted in (image.id, image.name)]
        if not named:
            raise InputError(
                f"there is no image {wanted!r} that tempest's accounts can use",
                why="they see public and community images that are active",
                fix="one of: " + ", ".join(sorted(str(image.name) for image in usable)) if usable else "upload one",
            )
        return named[0]
    bootable = [image for image in usable if image.disk_format not in ("aki", "ari", "iso")]
    if not bootable:
        raise InputError(
            "there is no public image that tempest's servers could boot from",
            fix="upload one, such as CirrOS, and make it public; --image NAME says which is meant",
        )

    def slowness(image: Image) -> tuple[bool, int, str]:
        tiny = any(word in str(image.name).lower() for word in TINY)
        return not tiny, image.size or 0, image.id

    return min(bootable, key=slowness)


def _flavors(cloud: CloudUnderTest, prefix: str, *images: Image) -> tuple[str, str]:
    """Give two flavors that fit: the cloud's, else two that are made."""
    compute = cloud.connection.compute
    found = choose_flavors(list(compute.flavors()), images)
    if found:
        return found
    memory = max(MEMORY, *(image.min_ram or 0 for image in images))
    disk = max(1, *(image.min_disk or 0 for image in images))
    made = [
        compute.create_flavor(name=name, ram=ram, vcpus=1, disk=disk)
        for name, ram in ((f"{prefix}-small", memory), (f"{prefix}-larger", memory + LARGER))
    ]
    return made[0].id, made[1].id


def choose_flavors(flavors: Iterable[Flavor], images: Iterable[Image]) -> tuple[str, str] | None:
    """Give the two smallest flavors in which images fit, if both are small. A pure function."""
    memory = max((image.min_ram or 0 for image in images), default=0)
    disk = max((image.min_disk or 0 for image in images), default=0)
    fitting = sorted(
        (
            (flavor.ram, flavor.disk, flavor.vcpus, flavor.id)
            for flavor in flavors
            if flavor.is_public and memory <= flavor.ram <= MOST_MEMORY and flavor.disk >= max(1, disk)
        ),
        key=lambda flavor: flavor[:3],
    )
    for small in fitting:
        for large in fitting:
            if large[0] > small[0] and large[1] >= small[1] and large[2] >= small[2]:
                return small[3], large[3]
    return None
