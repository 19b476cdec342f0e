"""The graph of what services require: as a tree of text, and as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.catalogue.graph import picture, tree
from stackwright.catalogue.model import Service

SVG = "{http://www.w3.org/2000/svg}"
SERVICES = {
    "db": Service(title="A database"),
    "cache": Service(title="Cache & more"),
    "identity": Service(title="Identity", requires=("db", "cache")),
    "image": Service(title="Images", requires=("identity", "db")),
    "compute": Service(title="Compute", requires=("image", "identity")),
}


def test_the_tree_tells_each_once() -> None:
    assert tree(SERVICES).splitlines() == [
        "compute",
        "├── identity",
        "│   ├── cache",
        "│   └── db",
        "└── image",
        "    ├── db",
        "    └── identity ...",
    ]


def test_the_tree_of_nothing_is_empty() -> None:
    assert tree({}) == ""


def boxes(text: str) -> dict[str, float]:
    root = ElementTree.fromstring(text)
    return {
        str(group.findtext(f"{SVG}text")): float(box.get("x", ""))
        for group in root.iter(f"{SVG}g")
        if (box := group.find(f"{SVG}rect")) is not None
    }


def test_in_the_picture_each_stands_to_the_right_of_all_that_it_requires() -> None:
    services = own_catalogue().services
    places = boxes(picture(services))
    assert places.keys() == services.keys()
    for name, service in services.items():
        assert all(places[other] < places[name] for other in service.requires)


def test_the_picture_has_no_line_that_a_way_over_others_says() -> None:
    # image: identity alone, as that requires the database; compute: image alone.
    assert picture(SERVICES).count("<path") == 4


def test_titles_are_written_as_xml_wants_them() -> None:
    assert "<title>Cache &amp; more</title>" in picture(SERVICES)
