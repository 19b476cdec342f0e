"""Of the forms that a part of a service can have, the site's services choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Catalogue, own_catalogue, read_catalogue
from stackwright.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = """\
title: Images
files:
  images.conf: {ini: {DEFAULT: {level: info}}}
alternatives:
  store:
    - {given: blocks, change: {files: {images.conf: {ini: {DEFAULT: {store: blocks}}}}}}
    - {given: objects, change: {packages: [client], files: {images.conf: {ini: {DEFAULT: {store: objects}}}}}}
    - {change: {files: {images.conf: {ini: {DEFAULT: {store: files}}}}}}
"""


def catalogue(folder: Path, images: str = IMAGES, **entries: str) -> Catalogue:
    plain = {"blocks": "title: Blocks\n", "objects": "title: Objects\n"}
    for name, text in {"images": images, **plain, **entries}.items():
        (folder / f"{name}.yaml").write_text(text)
    return read_catalogue(folder)


@pytest.mark.parametrize(
    ("services", "store"),
    [
        (["images"], "files"),
        (["images", "objects"], "objects"),
        (["objects", "images", "blocks"], "blocks"),
    ],
)
def test_the_first_form_whose_service_the_site_has_is_taken(tmp_path: Path, services: list[str], store: str) -> None:
    ini = catalogue(tmp_path).select(services).services["images"].files["images.conf"].ini
    assert ini == {"DEFAULT": {"level": "info", "store": store}}


def test_what_a_form_needs_is_required(tmp_path: Path) -> None:
    selection = catalogue(tmp_path).select(["images", "objects"])
    assert list(selection.services) == ["objects", "images"]
    assert selection.services["images"].requires == ("objects",)
    assert selection.packages() == ("client",)


def test_a_form_brings_no_service_by_itself(tmp_path: Path) -> None:
    assert list(catalogue(tmp_path).select(["images"]).services) == ["images"]


def test_a_form_that_needs_what_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="images's store needs 'objekts'") as caught:
        catalogue(tmp_path, IMAGES.replace("given: objects", "given: objekts"))
    assert caught.value.where.line == 7
    assert "'objects'" in caught.value.fix


def test_a_form_that_makes_no_entry_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="makes of it is no entry") as caught:
        catalogue(tmp_path, IMAGES.replace("packages: [client]", "pakages: [client]"))
    assert caught.value.where.line == 7
    assert caught.value.why == "pakages"


def test_forms_that_lead_in_a_circle_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="services require each other"):
        catalogue(tmp_path, objects="title: Objects\nrequires: [images]\n")


@pytest.mark.parametrize(("services", "store"), [(["glance"], "images:file"), (["glance", "swift"], "images:swift")])
def test_images_lie_in_the_object_store_of_a_site_that_has_one(services: list[str], store: str) -> None:
    ini = own_catalogue().select(services).services["glance"].files["glance-api.conf"].ini
    assert ini is not None
    assert ini["DEFAULT"]["enabled_backends"] == store
