"""Issue: hazards, 1: what a release's tree claims, and what each patch adds, changes and takes away. No cloud.

The series is ours, on the nova 34.0.0 of the example: a patch for each kind of claim.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.releases import Releases
from tests.upstream import Upstream

from .conftest import EXAMPLE, Stackwright

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HISTORY = "nova/api/openstack/compute/rest_api_version_history.rst"
REQUEST = "nova/api/openstack/api_version_request.py"
SAMPLE = "doc/api_samples/servers/v2.105/server-get-resp.json"
TEMPLATE = "nova/tests/functional/api_sample_tests/api_samples/servers/v2.105/server-get-resp.json.tpl"
REVISION = "nova/db/main/migrations/versions/5c2a91e07b3d_add_colour.py"
OBJECTS = "nova/tests/unit/objects/test_objects.py"
VNC = "nova/conf/vnc.py"
TAGS = "nova/policies/server_tags.py"
RPC = "nova/compute/rpcapi.py"
MANAGER = "nova/compute/manager.py"
SERVICE = "nova/objects/service.py"
VIDEO = "nova/api/validation/extra_specs/hw_video.py"
NOTE = "releasenotes/notes/colour-0123456789abcdef.yaml"
TOUCHED = (HISTORY, REQUEST, OBJECTS, VNC, TAGS, RPC, MANAGER, SERVICE, VIDEO)
MIGRATION = """\
revision = '5c2a91e07b3d'
down_revision = 'ab450ba04102'
branch_labels = None
depends_on = None


def upgrade():
    pass
"""
FORMER_HISTORY = "to unpin or re-pin a server's\n              availability zone.\n"
OPTION = """\
    cfg.IntOpt(
        'colours',
        default=2 ** 8,
        deprecated_group='DEFAULT',
        deprecated_name='vnc_colours'),

    cfg.HostAddressOpt(
        'server_listen',
"""


class Series:
    """A series on nova's tree: real git, in a work tree of the files that it touches."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.folder = folder
        self.upstream = upstream
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, **changes: Callable[[str], str]) -> None:
        """Make a patch: what becomes of each file, named by its constant here."""
        paths = {globals()[constant]: change for constant, change in changes.items()}
        before = {path: self._read(path) for path in paths}
        files = {path: change(before[path]) for path, change in paths.items()}
        assert all(files[path] != before[path] for path in files), f"{name} changes nothing of {list(files)}"
        self.upstream.commit(files, name)
        (self.folder / name).write_text(self.upstream.patch())
        with (self.folder / "series").open("a") as series:
            series.write(f"{name}\n")

    def _read(self, path: str) -> str:
        file = self.upstream.directory / path
        return file.read_text() if file.exists() else ""


def swapped(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return change


def after(text: str) -> Callable[[str], str]:
    return lambda before: before + text


@pytest.fixture(scope="module")
def stackwright(tmp_path_factory: pytest.TempPathFactory) -> Stackwright:
    root = tmp_path_factory.mktemp("claims")
    distribution = root / "distribution"
    shutil.copytree(EXAMPLE, distribution)
    shutil.rmtree(distribution / "patches/nova/2026.2")
    releases = Releases(root / "state")
    tree = releases.tree("nova", "34.0.0")
    contents = releases.store.read_all(tree, TOUCHED)
    upstream = Upstream(root / "nova")
    upstream.commit({path: content or b"" for path, content in contents.items()}, "As released")
    series = Series(distribution / "patches/nova/2026.2", upstream)
    series.add(
        "microversion.patch",
        HISTORY=after("\n2.105\n-----\n\nServers have a ``colour``. It can be filtered by.\n"),
        REQUEST=lambda text: swapped("'2.104'", "'2.105'")(
            swapped(FORMER_HISTORY, f"{FORMER_HISTORY}    * 2.105 - Servers have a colour.\n")(text)
        ),
        SAMPLE=after("{}\n"),
        TEMPLATE=after("{}\n"),
    )
    series.add("revision.patch", REVISION=after(MIGRATION))
    series.add(
        "object.patch",
        OBJECTS=swapped(
            "'Aggregate': '1.3-f315cb68906307ca2d1cca84d4753585'", "'Aggregate': '1.4-00000000000000000000000000000000'"
        ),
    )
    series.add(
        "option.patch",
        VNC=lambda text: swapped("default=6080", "default=6081")(
            swapped("    cfg.HostAddressOpt(\n        'server_listen',\n", OPTION)(text)
        ),
    )
    series.add(
        "policy.patch",
        TAGS=lambda text: swapped("POLICY_ROOT % 'index'", "POLICY_ROOT % 'list'")(
            swapped("base.PROJECT_MEMBER_OR_ADMIN", "base.ADMIN")(text)
        ),
    )
    series.add(
        "rpc.patch",
        RPC=lambda text: swapped("'compute-alt'\n    '''", "'compute-alt'\n        * 6.6 - Add paint()\n    '''")(
            text + "\n    def paint(self, ctxt, instance):\n        version = '6.6'\n"
            "        self.router.client(ctxt).prepare(version=version).cast(ctxt, 'paint')\n"
        ),
        MANAGER=swapped("Target(version='6.5')", "Target(version='6.6')"),
        SERVICE=lambda text: swapped("SERVICE_VERSION = 74", "SERVICE_VERSION = 75")(
            swapped(
                "    {'compute_rpc': '6.5'},\n)",
                "    {'compute_rpc': '6.5'},\n    # Version 75: Compute RPC version 6.6\n"
                "    {'compute_rpc': '6.6'},\n)",
            )(text)
        ),
    )
    series.add("extra-spec.patch", VIDEO=swapped("'hw_video:ram_max_mb'", "'hw_video:colours'"))
    series.add("note.patch", NOTE=after("---\nfeatures:\n  - Colours.\n"))
    series.add("words-only.patch", HISTORY=swapped("A user can specify", "A user may\nspecify\n"), VIDEO=after("\n"))
    return Stackwright(distribution, root / "state")


def by_patch(rows: list[dict[str, Any]]) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in rows:
        found.setdefault(row["Patch"], []).append((row["What"], row["Kind"], row["Name"]))
    return found


def test_each_patch_adds_changes_and_takes_away_what_it_claims(stackwright: Stackwright) -> None:
    rows = stackwright.json("hazard", "claims", "nova", "2026.2", "--patches")
    assert by_patch(rows) == {
        "microversion.patch": [
            ("adds", "microversion", "2.105"),
            ("adds", "API sample", "servers/v2.105/server-get-resp"),
            ("changes", "newest version", "microversion"),
        ],
        "revision.patch": [("adds", "database revision", "5c2a91e07b3d")],
        "object.patch": [("changes", "object version", "Aggregate")],
        "option.patch": [("adds", "option", "vnc/colours"), ("changes", "option", "vnc/novncproxy_port")],
        "policy.patch": [
            ("adds", "policy", "os_compute_api:os-server-tags:list"),
            ("changes", "policy", "os_compute_api:os-server-tags:delete_all"),
            ("takes away", "policy", "os_compute_api:os-server-tags:index"),
        ],
        "rpc.patch": [
            ("adds", "RPC version", "compute 6.6"),
            ("adds", "service version", "75"),
            ("changes", "RPC version", "compute"),
            ("changes", "newest version", "service version"),
        ],
        "extra-spec.patch": [
            ("adds", "extra spec", "hw_video:colours"),
            ("takes away", "extra spec", "hw_video:ram_max_mb"),
        ],
        "note.patch": [("adds", "release note", "colour-0123456789abcdef")],
        "words-only.patch": [("changes", "microversion", "2.1")],
    }
    said = {(row["Patch"], row["What"], row["Name"]): row for row in rows}
    brought = said["microversion.patch", "adds", "2.105"]
    assert brought["Meaning"] == {
        "title": "Servers have a colour.",
        "text": "Servers have a ``colour``. It can be filtered by.",
    }
    assert brought["Where"].startswith(f"{HISTORY}:")
    assert said["revision.patch", "adds", "5c2a91e07b3d"]["Meaning"] == {"branch": "main", "down": "ab450ba04102"}
    assert said["revision.patch", "adds", "5c2a91e07b3d"]["Where"] == f"{REVISION}:1"
    # A default that is computed is told as it is written.
    option = said["option.patch", "adds", "vnc/colours"]["Meaning"]
    assert option == {"type": "Int", "default": "256", "deprecated": "was DEFAULT/vnc_colours"}
    port = said["option.patch", "changes", "vnc/novncproxy_port"]["Meaning"]
    assert (port["before"]["default"], port["after"]["default"]) == ("6080", "6081")
    assert said["object.patch", "changes", "Aggregate"]["Meaning"]["after"]["version"] == "1.4"
    rpc = said["rpc.patch", "changes", "compute"]["Meaning"]
    assert (rpc["before"].get("paint"), rpc["after"]["paint"], rpc["after"]["server"]) == (None, "6.6", "6.6")


def test_the_whole_tree_with_all_patches(stackwright: Stackwright) -> None:
    rows = stackwright.json("hazard", "claims", "nova", "2026.2", "--kind", "microversion", "--kind", "newest version")
    names = [row["Name"] for row in rows if row["Kind"] == "microversion"]
    assert names == [f"2.{number}" for number in range(1, 106)]
    assert [row["Meaning"] for row in rows if row["Name"] == "microversion"] == [{"oldest": "2.1", "version": "2.105"}]


def test_for_people_the_meaning_is_short_and_what_cannot_be_seen_is_a_note(stackwright: Stackwright) -> None:
    done = stackwright("hazard", "claims", "nova", "2026.2", "--kind", "option")
    assert "| vnc/colours" in done.stdout
    assert "note: cannot see (option): the group of options is not to be seen: nova/conf/devices.py:" in done.stderr
    rows = stackwright.json("hazard", "claims", "nova", "2026.2", "--kind", "option")
    assert [row for row in rows if "cannot see" in row["Meaning"]]


def test_a_file_that_the_running_python_cannot_parse_is_told_by_its_line(
    stackwright: Stackwright, tmp_path: Path
) -> None:
    distribution = shutil.copytree(stackwright.distribution, tmp_path / "distribution")
    upstream = Upstream(stackwright.distribution.parent / "nova")
    here = upstream.git("rev-parse", "HEAD")
    series = Series(distribution / "patches/nova/2026.2", upstream)
    series.add("broken.patch", TAGS=after("\nprint 'of another Python'\n"))
    upstream.git("reset", "--hard", here)
    other = Stackwright(distribution, stackwright.state)
    done = other("hazard", "claims", "nova", "2026.2", "--patches", "-f", "json")
    rows = [row for row in json.loads(done.stdout) if row["Patch"] == "broken.patch"]
    lines = (upstream.directory / TAGS).read_text().count("\n") + 2
    assert {row["What"] for row in rows} == {"takes away", "hides"}
    (hidden,) = [row for row in rows if row["What"] == "hides"]
    assert hidden["Where"] == f"{TAGS}:{lines}"
    assert "note: broken.patch: cannot see (policy): it does not parse as Python" in done.stderr


def test_bad_input(stackwright: Stackwright) -> None:
    said = stackwright("hazard", "claims", "oslo.middleware", "2026.2", status=2).stderr
    assert "there are no rules for what 'oslo.middleware' claims" in said
    assert "hazards/rules/oslo.middleware.yaml" in said
    assert "docs/hazard-claims.md" in said
    said = stackwright("hazard", "claims", "nova", "2026.3", status=2).stderr
    assert "there is no release '2026.3'" in said
    assert "did you mean '2026.2'?" in said
    said = stackwright("hazard", "claims", "nova", "2026.2", "--kind", "polcy", status=2).stderr
    assert "did you mean 'policy'?" in said
