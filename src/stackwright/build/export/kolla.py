"""Kolla's images of patched trees: their sources, kolla-build.conf, and what kolla-ansible has to be told.

https://docs.openstack.org/kolla/latest/admin/image-building.html, as kolla 23.0.0 does it: a section of
kolla-build.conf says where the source of an image is, and with ``type = local`` it is a file or a folder. What is in
``openstack-base`` is in all images: its source is a folder with upper-constraints.txt, and its plugins are sources
that lie beside it, which a template of ours has it install.
"""

from __future__ import annotations

import configparser
import io
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

from stackwright.build.archive import write_tar_gz

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stackwright.build.patched import PatchedComponent
    from stackwright.store import Store

CONFIG, GLOBALS, TEMPLATE = "kolla-build.conf", "globals.yml", "template-overrides.j2"
CONSTRAINTS = "requirements/upper-constraints.txt"
EVERY = "openstack-base"
TEMPLATE_TEXT = """\
{% extends parent_template %}
{# The libraries that have patches of ours are in all images. #}
{% set openstack_base_pip_packages_append = ['/plugins/*'] %}
"""


@dataclass(frozen=True)
class KollaSource:
    """The source of an image.

    :param section: of kolla-build.conf
    :param file: its archive, below the folder of the export
    """

    component: str
    section: str
    file: str


def has_image(component: str) -> bool:
    """Tell whether a component is the source of an image of its own."""
    return not section_of(component).startswith(EVERY)


def section_of(component: str) -> str:
    """Give the section of kolla-build.conf for a component: an image of its own, or a plugin of the base of all."""
    for name in (f"{component}-base", component):
        if name in _images():
            return name
    return f"{EVERY}-plugin-{component}"


def write_kolla(
    directory: Path, components: Iterable[PatchedComponent], *, release: str, tag: str, constraints: str, store: Store
) -> list[KollaSource]:
    """Write what kolla-build and kolla-ansible take; what is there of an earlier export is written anew.

    :param tag: that of the images
    :param constraints: the text of a constraints file
    """
    found = [_source(directory, component, store) for component in components]
    (directory / CONSTRAINTS).parent.mkdir(parents=True, exist_ok=True)
    texts = {
        CONSTRAINTS: constraints,
        TEMPLATE: TEMPLATE_TEXT,
        CONFIG: config_text(directory.resolve(), found, release=release, tag=tag),
        GLOBALS: globals_text(release=release, tag=tag),
    }
    for name, text in texts.items():
        part = directory / f"{name}.part"
        part.write_text(text)
        part.rename(directory / name)
    return found


def config_text(directory: Path, sources: Iterable[KollaSource], *, release: str, tag: str) -> str:
    """Give kolla-build.conf.

    :param directory: the absolute path of the export: kolla looks for sources from where it is run
    """
    config = configparser.ConfigParser(interpolation=None, default_section="")
    config["DEFAULT"] = {
        "openstack_release": release,
        "tag": tag,
        "template_override": str(directory / TEMPLATE),
    }
    config[EVERY] = {"type": "local", "location": str((directory / CONSTRAINTS).parent)}
    for source in sources:
        config[source.section] = {"type": "local", "location": str(directory / source.file)}
    stream = io.StringIO()
    config.write(stream)
    return stream.getvalue()


def globals_text(*, release: str, tag: str) -> str:
    """Give a part of kolla-ansible's globals.yml.

    https://docs.openstack.org/kolla-ansible/latest/reference/deployment-config
    """
    return yaml.safe_dump({"openstack_release": release, "openstack_tag": tag}, sort_keys=True)


def package_info(name: str, version: str, known: bytes | None) -> bytes:
    """Give a tree's PKG-INFO, from which PBR and setuptools-scm read the version where no git is: with this version.

    :param known: the one that is in the tree
    """
    if known is None:
        return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    return re.sub(rb"^Version: .*$", f"Version: {version}".encode(), known, count=1, flags=re.MULTILINE)


def _source(directory: Path, component: PatchedComponent, store: Store) -> KollaSource:
    wheel, tree = component.wheel, component.applied.tree
    top = f"{wheel.distribution_name}-{wheel.version}"
    file = directory / "sources" / f"{top}.tar.gz"
    file.parent.mkdir(parents=True, exist_ok=True)
    info = package_info(wheel.distribution_name, wheel.version, store.read(tree, "PKG-INFO"))
    part = file.with_name(f".{file.name}.part")
    with part.open("wb") as stream:
        write_tar_gz(store, tree, top, stream, instead={"PKG-INFO": info})
    part.rename(file)
    name = component.source.component.name
    return KollaSource(name, section_of(name), str(file.relative_to(directory)))


@cache
def _images() -> frozenset[str]:
    text = resources.files("stackwright.build.export").joinpath("kolla.yaml").read_text()
    known: Mapping[str, list[str]] = yaml.safe_load(text)
    return frozenset(known["images"])
