"""Hosts of the example's site, made without building anything."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution import load
from stackwright.site.files import render_files
from stackwright.site.platform import HostPaths, host_values
from stackwright.site.render import Renderer
from stackwright.site.secrets.forms import wanted
from stackwright.site.values.values import site_values
from stackwright.targets.hosts.freebsd.host import Host, Locked, Marks

EXAMPLE = Path(__file__).parents[2] / "examples/freebsd"


def wheel(*names: str, **files: str) -> bytes:
    """Give a wheel with some empty files, and some that have a text (``a__b`` stands for ``a/b``)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in names:
            made.writestr(name, "")
        for name, text in files.items():
            made.writestr(name.replace("__", "/"), text)
    return stream.getvalue()


def made_host(*services: str) -> Host:
    """Give a host of these services and those they require; of all without any."""
    distribution = load(EXAMPLE)
    catalogue = own_catalogue("freebsd")
    assert catalogue.platform is not None
    site = distribution.site("bsd").model_copy(update={"services": services or ("core",)})
    selection = catalogue.select(site.services)
    if services:
        site = site.model_copy(update={"values": type(site.values)()})
    said = site_values(distribution, distribution.site("bsd"), catalogue, catalogue.select(["core"]))
    values = host_values(site, selection, said, Marks(wanted(selection)), catalogue.platform, Path("/cache"))
    assert isinstance(values.paths, HostPaths)
    environments = {
        name: Locked(path, f"{name}==1 --hash=sha256:00\n", {}, {}) for name, path in values.environments.items()
    }
    client = catalogue.platform.client.name
    environments[client] = Locked(values.paths.environment(client), "", {}, {})
    return Host(
        site="bsd",
        platform=catalogue.platform,
        values=values,
        files={name: render_files(entry, Renderer(values, name)) for name, entry in selection.services.items()},
        environments=environments,
        migrations={"keystone/db-sync": "keystone 30.0.0"},
    )
