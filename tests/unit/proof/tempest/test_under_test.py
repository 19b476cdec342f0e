"""A site that has few services: tempest tests those, and asks for no other."""

from __future__ import annotations

import configparser
import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.errors import InputError
from stackwright.events import Events
from stackwright.proof.access import access_to, with_servers
from stackwright.proof.smoke import smoke
from stackwright.proof.tempest.config import configure, written
from stackwright.proof.tempest.features import discover
from stackwright.proof.tempest.leftovers import prefixes_in, remove_all
from stackwright.proof.tempest.stage import make_account, set_stage
from stackwright.proof.tempest.under_test import our_site
from stackwright.targets.local.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stackwright.catalogue.catalogue import Selection
    from stackwright.site.render import Values


class Apis(BaseHTTPRequestHandler):
    """The APIs of a keystone and a glance, as far as they are asked; where a list is asked for, it is empty."""

    protocol_version = "HTTP/1.1"
    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        name = path.rpartition("/")[2]
        answers: dict[str, Any] = {
            "/v3": {
                "version": self.version("v3.14", "/v3/"),
                "resources": {"https://x/ext/OS-TRUST/1.0/rel/trusts": {}},
            },
            "/v3/roles": {"roles": [{"id": "r1", "name": "admin"}]},
            "/": {"versions": [self.version("v2.16", "/v2/")]},
            "/v2/schemas/image": {
                "properties": {"disk_format": {"enum": ["raw"]}, "container_format": {"enum": ["bare"]}}
            },
            "/v2/info/import": {"import-methods": {"value": ["glance-direct"]}},
        }
        self.answer(200, answers.get(path, {name: []}))

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v3/auth/tokens":
            self.answer(201, {"token": self.token()})
        else:
            ((kind, thing),) = sent.items()
            self.answer(201, {kind: {"id": f"the-{kind}", **thing}})

    def do_PUT(self) -> None:
        self.answer(204)

    @property
    def own(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def version(self, id_: str, path: str) -> dict[str, Any]:
        return {"id": id_, "status": "CURRENT", "links": [{"rel": "self", "href": f"{self.own}{path}"}]}

    def token(self) -> dict[str, Any]:
        def entry(type_: str, path: str) -> dict[str, Any]:
            url = {"id": type_, "interface": "public", "region": "RegionOne", "region_id": "RegionOne"}
            return {"id": type_, "type": type_, "name": type_, "endpoints": [{**url, "url": self.own + path}]}

        return {
            "methods": ["password"],
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "user": {"id": "u1", "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "p1", "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "catalog": [entry("identity", "/v3"), entry("image", "/")],
        }

    def answer(self, status: int, body: object = None) -> None:
        text = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("X-Subject-Token", "t1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site(make_values: Callable[[Selection], Values]) -> Iterator[Cloud]:
    """A site with keystone and glance that is up."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Apis)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    values = make_values(own_catalogue().select(["keystone", "glance"]))
    ports = {**values.state.ports, "keystone-api": server.server_port}
    values = replace(values, state=replace(values.state, ports=ports))
    yield Cloud(values, files={}, identities={}, migrations={})
    server.shutdown()
    server.server_close()


def test_a_site_without_servers_is_tested_for_what_it_has(site: Cloud, tmp_path: Path) -> None:
    cloud = our_site("few", site)
    assert cloud.ours
    features = discover(cloud)
    assert features.types == {"identity": "identity", "image": "image"}
    account = make_account(cloud, "swt-0a1b2c")
    stage = set_stage(cloud, account, features, None, servers=True)
    assert (stage.images, stage.flavors, stage.external) == (None, None, None)
    found = configparser.RawConfigParser()
    found.read_string(written(configure(cloud, features, stage, None, tmp_path, None)))
    available = {name for name, there in found["service_available"].items() if there == "true"}
    assert available - found.defaults().keys() == {"glance"}


def test_what_a_run_left_there_is_looked_for_in_what_is_there(site: Cloud) -> None:
    cloud = our_site("few", site)
    assert prefixes_in(cloud, "swt-") == ()
    assert remove_all(cloud, "swt-0a1b2c") == ()


def test_what_is_about_a_server_says_that_it_needs_servers(site: Cloud) -> None:
    with pytest.raises(InputError, match="has no nova") as refused:
        with_servers(access_to(site))
    assert refused.value.fix


def test_the_smoke_test_proves_what_there_is_without_servers(site: Cloud) -> None:
    report = smoke(access_to(site), None, Events())
    assert {row.check: row.ok for row in report.rows} == {
        "identity": True,
        "earlier": True,
        "cleanup": True,
        "glance-api": True,
    }
