"""The version of a patched wheel."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from stackwright.errors import InputError


def patched_version(upstream: str, patches: int) -> str:
    """Give the version of a component with so many patches: above upstream's, below upstream's next (PEP 440).

    A release or a candidate becomes a post-release: ``34.0.0`` with 3 patches is ``34.0.0.post3``. A local version
    (``34.0.0+site3``) would say the same better, but a service asks pbr for its own version while it is imported, and
    pbr before 7.1, which every OpenStack before 2026.2 uses, raises ValueError for it; each pbr takes a post-release
    (and tells the service that it is on the way to the next one, 34.0.1).

    There is no post-release of a development version, and of a post-release none but the next: these become a local
    version, ``34.0.0.dev12+patched.3``. Its last part has to be a number of its own, as pbr before 7.1 takes it for
    the count of an old development version then, and raises nothing.

    :param upstream: upstream's version
    :param patches: how many patches; 0 gives upstream's version itself
    :raises InputError: upstream's version is not one
    """
    try:
        version = Version(upstream)
    except InvalidVersion as error:
        raise InputError(
            f"{upstream!r} is not the version of a Python distribution",
            fix="give the source a `version:` such as 34.0.0 (PEP 440)",
        ) from error
    if not patches:
        return str(version)
    if version.local:
        return f"{version}.patched.{patches}"
    if version.is_devrelease or version.is_postrelease:
        return f"{version}+patched.{patches}"
    return f"{version}.post{patches}"
