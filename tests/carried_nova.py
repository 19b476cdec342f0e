"""A team's distribution on real nova 30 and 31 with a series that collides in the three ways that are known.

It carries on 2024.2 (nova 30) what it took for itself: the microversion 2.97, the object version ImageMetaProps 1.40,
and, early, upstream's own revision 2903cd72dc14, which upstream's 2025.1 ships behind another one.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tests.releases import Releases

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.store import Store, TreeId

OLD, NEW = "2024.2", "2025.1"
# Upstream's release of each, and a day after it.
VERSIONS = {OLD: ("30.0.0", "2024-10-04"), NEW: ("31.0.0", "2025-04-04")}
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = '2903cd72dc14'
down_revision = '13863f4e1612'


def upgrade():
    op.add_column('console_auth_tokens', sa.Column('tls_port', sa.Integer()))
"""
REVISIONS = "nova/db/main/migrations/versions"
BASIC = '        return {\n            "server": {\n                "id": instance["uuid"],\n'
MORE = """\
        more = {}
        if api_version_request.is_supported(request, min_version='2.97'):
            more['secure_boot'] = False
"""
# file -> what stands there, and what the team makes of it
MICROVERSION = {
    "nova/api/openstack/api_version_request.py": (
        ("_MAX_API_VERSION = '2.96'", "_MAX_API_VERSION = '2.97'"),
        ("``server list --long`` responses.\n", "``server list --long`` responses.\n    * 2.97 - Show secure boot.\n"),
    ),
    "nova/api/openstack/compute/views/servers.py": ((BASIC, f"{MORE}{BASIC}                **more,\n"),),
}
OBJECT = {"nova/objects/image_meta.py": (("    VERSION = '1.38'", "    VERSION = '1.40'"),)}
SERVER = "5a0f3a1e-5b0a-4d53-9a3c-6a2b7d1e9f00"
# What both trees are asked, each by its own code and through its own API.
NOVA = f"""
import nova.monkey_patch
import json, sys
from nova import config, context, objects
from nova.db.api import api, models
from oslo_versionedobjects.exception import IncompatibleObjectVersion
files = [f"--config-file={{sys.argv[1]}}/{{name}}.conf" for name in ("nova", "database")]
config.parse_args(["x", *files])
objects.register_all()
admin = context.RequestContext(user_id="ada", project_id="team", is_admin=True, roles=["admin", "member", "reader"])
name = "{SERVER}"
found = {{}}

def make():
    cell = next(cell for cell in objects.CellMappingList.get_all(admin) if not cell.is_cell0())
    who = dict(project_id="team", user_id="ada")
    objects.InstanceMapping(admin, instance_uuid=name, cell_mapping=cell, queued_for_delete=False, **who).create()
    flavor = objects.Flavor(name="small", memory_mb=1, vcpus=1, root_gb=1, ephemeral_gb=0, flavorid="1", swap=0,
                            rxtx_factor=1.0, vcpu_weight=0, is_public=True, disabled=False, extra_specs={{}},
                            description=None)
    with context.target_cell(admin, cell) as inside:
        objects.Instance(inside, uuid=name, display_name="s", vm_state="active", host="h", flavor=flavor,
                         image_ref=name, **who).create()
    image = objects.ImageMeta(id=name, name="i", properties=objects.ImageMetaProps(os_secure_boot="required"))
    nothing = dict.fromkeys(("ignore_hosts", "numa_topology", "pci_requests", "availability_zone", "instance_group",
                             "limits", "force_hosts", "force_nodes", "requested_destination", "retry"))
    objects.RequestSpec(admin, instance_uuid=name, image=image, flavor=flavor, num_instances=1, scheduler_hints={{}},
                        security_groups=objects.SecurityGroupList(), is_bfv=False, **who, **nothing).create()

def read():
    try:
        found["image"] = objects.RequestSpec.get_by_instance_uuid(admin, name).image.properties.os_secure_boot
    except IncompatibleObjectVersion as error:
        found["image"] = str(error)

def ask(key, path):
    from nova.api.openstack import compute, wsgi
    request = wsgi.Request.blank(path, base_url="http://localhost/v2.1")
    request.headers["OpenStack-API-Version"] = "compute 2.97"
    request.environ["nova.context"] = admin
    answer = request.get_response(compute.APIRouterV21())
    found[key] = [answer.status_int, answer.text]

def mend():
    with api.context_manager.writer.using(admin):
        for saved in admin.session.query(models.RequestSpec).all():
            saved.spec = saved.spec.replace('"1.40"', '"1.39"')
"""
TELL = "\nprint(json.dumps(found))\n"


class CarriedNova:
    """The distribution in a folder of its own.

    :param directory: it is made below this folder, with a store
    """

    def __init__(self, directory: Path) -> None:
        self.root = directory / "distribution"
        (self.root / "releases").mkdir(parents=True)
        (self.root / "distribution.yaml").write_text("name: team\n")
        for name, (version, day) in VERSIONS.items():
            (self.root / f"releases/{name}.yaml").write_text(
                f'python: "3.11"\npins: {{exclude-newer: {day}}}\n'
                f"components: {{nova: {{source: {{pypi: nova, version: {version}}}}}}}\n"
            )
        self._releases = Releases(directory)

    def carry(self, name: str, text: str) -> None:
        """Add a patch to the series of the older release."""
        folder = self.root / "patches/nova" / OLD
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"From: Ada <ada@example.org>\nSubject: [PATCH] {name}\n\n---\n{text}")
        with (folder / "series").open("a") as series:
            series.write(f"{name}\n")

    def upstream(self, release: str, store: Store) -> TreeId:
        """Give upstream's own tree, in a store."""
        return store.take(self._releases.store, self._releases.tree("nova", VERSIONS[release][0]))

    def carry_revision(self, text: str = REVISION, name: str = "2903cd72dc14_tls_port.py") -> None:
        """Carry a database revision."""
        self.carry("revision.patch", added(f"{REVISIONS}/{name}", text))

    def carry_change(self, name: str, changes: Mapping[str, tuple[tuple[str, str], ...]]) -> None:
        """Carry a change of files of upstream's tree."""
        tree = self._releases.tree("nova", VERSIONS[OLD][0])
        text = ""
        for path, parts in changes.items():
            before = after = (self._releases.store.read(tree, path) or b"").decode()
            for old, new in parts:
                assert after.count(old) == 1, (path, old)
                after = after.replace(old, new)
            lines = (before.splitlines(keepends=True), after.splitlines(keepends=True))
            text += "".join(difflib.unified_diff(*lines, f"a/{path}", f"b/{path}"))
        self.carry(name, text)


def added(path: str, text: str) -> str:
    """Give the part of a patch that adds a file."""
    lines = text.splitlines()
    head = (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
    )
    return head + "".join(f"+{line}\n" for line in lines)
