"""A small cloud of images: keystone, glance, placement and nova's API in containers, and how to ask them."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackwright.build.image.accounts import USUAL_ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.build.image.layout import Layout
    from tests.podman import Podman

VENV = "var/lib/openstack"
PORTS = {"keystone": 15000, "glance": 19292, "placement": 18778, "nova": 18774}
PASSWORD = "not-a-secret-of-anybody"


@dataclass(frozen=True)
class Cloud:
    """The four APIs in containers, each with a database in a file.

    :param references: service -> the image of its API
    """

    runs: Podman
    layout: Layout
    references: Mapping[str, str]
    directory: Path

    def _prepare(self, service: str, files: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        """Give the image, and the options that mount its configuration and its data."""
        image = self.runs.load(self.layout.directory, self.references[service])
        etc, data = self.directory / service / "etc", self.directory / service / "data"
        for folder in (etc, data):
            folder.mkdir(parents=True)
            os.chown(folder, USUAL_ID, USUAL_ID)
        for name, text in files.items():
            (etc / name).write_text(text)
            os.chown(etc / name, USUAL_ID, USUAL_ID)
        return image, ("--volume", f"{etc}:/etc/{service}", "--volume", f"{data}:/var/lib/{service}")

    def _serve(self, service: str, image: str, options: tuple[str, ...]) -> None:
        """Start the image's own command, on another port than the usual one, which may be taken here."""
        config = self.layout.config(self.layout.manifest(self.layout.get(self.references[service]))).config
        usual = next(iter(config.exposed_ports)).partition("/")[0]
        command = [word.replace(f"0.0.0.0:{usual}", f"127.0.0.1:{PORTS[service]}") for word in config.entrypoint]
        self.runs.start(service, image, *command[1:], options=(*options, f"--entrypoint={command[0]}"))
        until = time.monotonic() + 60
        while True:
            try:
                self.get(service, "/", "")
                return
            except urllib.error.HTTPError:  # glance answers 300, keystone asks nobody
                return
            except OSError:
                log = self.runs("logs", service, check=False)
                assert time.monotonic() < until, f"{service} does not answer:\n{log.stdout}\n{log.stderr}"
                time.sleep(0.2)

    def _auth(self) -> str:
        url = f"http://127.0.0.1:{PORTS['keystone']}/v3"
        return (
            f"auth_type = password\nauth_url = {url}\nwww_authenticate_uri = {url}\nusername = admin\n"
            f"password = {PASSWORD}\nproject_name = admin\nuser_domain_id = default\nproject_domain_id = default\n"
        )

    def keystone(self) -> None:
        image, options = self._prepare(
            "keystone",
            {
                "keystone.conf": "[database]\nconnection = sqlite:////var/lib/keystone/db.sqlite\n"
                "[fernet_tokens]\nkey_repository = /var/lib/keystone/fernet\n"
                "[fernet_receipts]\nkey_repository = /var/lib/keystone/fernet\n"
                "[credential]\nkey_repository = /var/lib/keystone/credential\n[identity]\npassword_hash_rounds = 4\n"
            },
        )
        manage = (*options, "--entrypoint=keystone-manage")
        url = f"http://127.0.0.1:{PORTS['keystone']}/v3"
        self.runs.run(image, "db_sync", options=manage)
        ours = ("--keystone-user", "keystone", "--keystone-group", "keystone")
        for what in ("fernet_setup", "credential_setup"):
            self.runs.run(image, what, *ours, options=(*manage, "--user=root"))
        urls = [f"--bootstrap-{interface}-url={url}" for interface in ("public", "internal", "admin")]
        bootstrap = ["bootstrap", *urls, "--bootstrap-region-id", "RegionOne"]
        self.runs.run(image, *bootstrap, options=(*manage, "--env", f"OS_BOOTSTRAP_PASSWORD={PASSWORD}"))
        self._serve("keystone", image, options)

    def glance(self) -> None:
        image, options = self._prepare(
            "glance",
            {
                "glance-api.conf": "[DEFAULT]\nenabled_backends = images:file\n"
                "[glance_store]\ndefault_backend = images\n"
                "[images]\nfilesystem_store_datadir = /var/lib/glance/images\n"
                "[os_glance_staging_store]\nfilesystem_store_datadir = /var/lib/glance/staging\n"
                "[os_glance_tasks_store]\nfilesystem_store_datadir = /var/lib/glance/tasks\n"
                "[database]\nconnection = sqlite:////var/lib/glance/db.sqlite\n"
                "[paste_deploy]\nflavor = keystone\n"
                f"config_file = /{VENV}/etc/glance/glance-api-paste.ini\n[keystone_authtoken]\n{self._auth()}"
            },
        )
        files = ["--config-file", "/etc/glance/glance-api.conf"]
        self.runs.run(image, *files, "db_sync", options=(*options, "--entrypoint=glance-manage"))
        self._serve("glance", image, options)

    def placement(self) -> None:
        image, options = self._prepare(
            "placement",
            {
                "placement.conf": "[placement_database]\nconnection = sqlite:////var/lib/placement/db.sqlite\n"
                f"[keystone_authtoken]\n{self._auth()}"
            },
        )
        self.runs.run(image, "db", "sync", options=(*options, "--entrypoint=placement-manage"))
        self._serve("placement", image, options)

    def nova(self) -> None:
        image, options = self._prepare(
            "nova",
            {
                "nova.conf": "[DEFAULT]\ntransport_url = fake:/\nstate_path = /var/lib/nova\n"
                f"[oslo_concurrency]\nlock_path = /var/lib/nova\n[keystone_authtoken]\n{self._auth()}",
                "database.conf": "[api_database]\nconnection = sqlite:////var/lib/nova/api.sqlite\n"
                "[database]\nconnection = sqlite:////var/lib/nova/db.sqlite\n",
            },
        )
        files = ["--config-file", "/etc/nova/nova.conf", "--config-file", "/etc/nova/database.conf"]
        manage = (*options, "--entrypoint=nova-manage")
        self.runs.run(image, *files, "api_db", "sync", options=manage)
        cell0 = ["cell_v2", "map_cell0", "--database_connection", "sqlite:////var/lib/nova/cell0.sqlite"]
        self.runs.run(image, *files, *cell0, options=manage)
        self.runs.run(image, *files, "db", "sync", "--local_cell", options=manage)
        self._serve("nova", image, options)

    def token(self) -> str:
        user = {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORTS['keystone']}/v3/auth/tokens", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return str(response.headers["X-Subject-Token"])

    def get(self, service: str, path: str, token: str) -> Any:
        headers = {"X-Auth-Token": token, "Accept": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{PORTS[service]}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
