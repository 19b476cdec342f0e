"""tempest.conf, from what a cloud has: a pure function (docs.openstack.org/tempest: Sample Configuration File)."""

from __future__ import annotations

import configparser
import io
from typing import TYPE_CHECKING, TypeAlias

from stackwright.proof.tempest.features import SERVICES
from stackwright.tools.tempest import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.proof.tempest.features import Features
    from stackwright.proof.tempest.stage import Stage
    from stackwright.proof.tempest.trial import Trial
    from stackwright.proof.tempest.under_test import CloudUnderTest

Sections: TypeAlias = "Mapping[str, Mapping[str, str]]"
# One server at a time is slow where guests are emulated: tempest's own limit for a build.
BUILD_SECONDS = 300


def bare(folder: Path) -> Sections:
    """Give what tempest has to have to list its tests."""
    return {
        "DEFAULT": {"log_dir": str(folder), "log_file": REQUESTS},
        "oslo_concurrency": {"lock_path": str(folder / "locks")},
    }


def configure(
    cloud: CloudUnderTest, features: Features, stage: Stage, trial: Trial | None, folder: Path, ssh_user: str | None
) -> Sections:
    """Give the sections of tempest.conf.

    :param trial: what can be done with servers, if any are started
    :param folder: of the run
    :param ssh_user: whom the image lets in by a key, through a floating IP; without one, no login is tried
    """
    account = stage.account
    sections: dict[str, dict[str, str]] = {name: dict(options) for name, options in bare(folder).items()}
    sections["DEFAULT"]["resource_name_prefix"] = stage.prefix
    sections["auth"] = {
        "use_dynamic_credentials": "true",
        "default_credentials_domain_name": account.name,
        "admin_username": account.name,
        "admin_password": account.password,
        "admin_project_name": account.name,
        "admin_domain_name": account.name,
    }
    sections["identity"] = {
        "uri_v3": cloud.auth_url,
        "v3_endpoint_type": cloud.interface,
        # The domain that the accounts are in: what tempest calls the default one.
        "default_domain_id": account.domain,
        **({"region": cloud.region} if cloud.region else {}),
        **({"disable_ssl_certificate_validation": "true"} if cloud.verify is False else {}),
        **({"ca_certificates_file": cloud.verify} if isinstance(cloud.verify, str) else {}),
    }
    sections["identity-feature-enabled"] = {
        name: _flag(name in features.identity) for name in ("trust", "access_rules")
    }
    sections["service_available"] = {option: _flag(name in features.types) for name, (option, _) in SERVICES.items()}
    sections["service_available"]["horizon"] = "false"
    for name, (_, section) in SERVICES.items():
        if name in features.types:
            sections[section] = {"catalog_type": features.types[name], "endpoint_type": cloud.interface}
    sections["placement"] = {"endpoint_type": cloud.interface}
    for name, (low, high) in features.microversions.items():
        section = SERVICES[name][1] if name in SERVICES else name
        sections[section] |= {"min_microversion": low, "max_microversion": high}
    sections["validation"] = {
        "run_validation": _flag(bool(ssh_user and stage.external)),
        **({"image_ssh_user": ssh_user, "image_alt_ssh_user": ssh_user} if ssh_user else {}),
    }
    if "compute" in features.types:
        _compute(sections, features, stage, trial)
    if "network" in features.types:
        _network(sections, features, stage)
    if "image" in features.types:
        disks, containers = features.formats
        sections["image"] |= {
            "disk_formats": ",".join(disks),
            "container_formats": ",".join(_first(containers, "bare")),
        }
        sections["image-feature-enabled"] = {"import_image": _flag(bool(features.imports))}
    if "block-storage" in features.types:
        sections["volume-feature-enabled"] = {"backup": _flag(features.backups)}
    return sections


def _compute(sections: dict[str, dict[str, str]], features: Features, stage: Stage, trial: Trial | None) -> None:
    compute = sections["compute"]
    compute |= {"min_compute_nodes": str(features.hosts), "build_timeout": str(BUILD_SECONDS)}
    if features.hypervisor:
        compute["hypervisor_type"] = features.hypervisor
    if stage.images and stage.flavors:
        compute |= {"image_ref": stage.images[0], "image_ref_alt": stage.images[1]}
        compute |= {"flavor_ref": stage.flavors[0], "flavor_ref_alt": stage.flavors[1]}
    several = features.hosts > 1
    sections["compute-feature-enabled"] = {
        "live_migration": _flag(several),
        "cold_migration": _flag(several),
        "hostname_fqdn_sanitization": "true",
        **{
            option: _flag(trial is not None and option in trial.features)
            for option in ("vnc_console", "spice_console", "serial_console", "resize")
        },
    }


def _network(sections: dict[str, dict[str, str]], features: Features, stage: Stage) -> None:
    if stage.external:
        sections["network"] |= {"public_network_id": stage.external[0], "floating_network_name": stage.external[1]}
    extensions = [name for name in features.extensions if name != "auto-allocated-topology" or features.allocates]
    sections["network-feature-enabled"] = {
        "api_extensions": ",".join(extensions),
        "floating_ips": _flag(stage.external is not None and "router" in extensions),
        "port_security": _flag("port-security" in extensions),
        "ipv6_subnet_attributes": "true",
    }


def _first(words: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Give words with one of them first: tempest uses the first for all that need any."""
    return tuple(sorted(words, key=lambda other: other != word))


def _flag(on: bool) -> str:
    return "true" if on else "false"


def written(sections: Sections) -> str:
    """Give the text of tempest.conf."""
    parser = configparser.RawConfigParser()
    for section, options in sections.items():
        if section != parser.default_section:
            parser.add_section(section)
        for name, value in options.items():
            parser.set(section, name, value.replace("$", "$$"))  # oslo.config would take it for a reference
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()
