"""Issue 8, promises 2 and 4: the installer's own steps, on a real database, a real keystone and the real client.

FreeBSD's tools are stood in for. MariaDB is in the place of MySQL, and the Python packages are those for Linux.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import PROJECT, SECRETS, STATE, Stackwright

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTER = PROJECT / "tests/freebsd_host/real/enter"
UV = Path(sys.executable).with_name("uv")
NEEDED = ("unshare", "mariadbd", "mariadb", "memcached", "setpriv", "curl")
SITE = """\
release: "2026.2"
target: hosts
platform: freebsd
region: RegionOne
services: [placement]
"""
CHANGED = {name: f"another.{name}" for name in ("keystone-admin", "placement-identity", "placement-database")}
SCRIPT = """\
set -e
install_it() {
	sh "/$1/install.sh" >/var/tmp/out 2>&1 || { cat /var/tmp/out /var/log/*/*.log; exit 9; }
	grep -E "^(make the databases|make .* known|restart|set the|do |Nothing|Done)" /var/tmp/out
}
install_it first
echo == again
install_it first
echo == changed
install_it changed
install_it changed
echo == asked
sed 's/@secret{\\(.*\\)}/another.\\1/' /changed/identity/clouds.yaml >/var/tmp/clouds.yaml
export OS_CLIENT_CONFIG_FILE=/var/tmp/clouds.yaml
client=/usr/local/lib/openstack/client/bin/openstack
$client --os-cloud admin endpoint list -f value -c "Service Type" -c Interface -c URL | sort
$client --os-cloud placement role assignment list --names --user placement --project service -f value -c Role | sort
curl -s http://127.0.0.1:8778/resource_classes -H "OpenStack-API-Version: placement 1.7" \\
	-H "X-Auth-Token: $($client --os-cloud placement token issue -f value -c id)"
"""


def kept(cache: Path, folder: Path, scratch: Path) -> None:
    """See that uv has all that the folder's environments want, as the host has no network."""
    for requirements in sorted((folder / "environments").iterdir()):
        venv = scratch / requirements.stem
        subprocess.run([UV, "venv", "--quiet", "--python", "/usr/bin/python3.11", venv], check=True)
        command: list[str | Path] = [
            UV,
            "pip",
            "install",
            "--quiet",
            "--cache-dir",
            cache,
            "--python",
            venv / "bin/python",
            "--no-deps",
        ]
        subprocess.run([*command, "--require-hashes", "-r", requirements], cwd=folder, check=True)


def entered(root: Path, cache: Path, script: Path, *folders: Path, environment: Mapping[str, str]) -> str:
    """Give what the script prints in a host."""
    done = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "bash", ENTER, root, UV, cache, script, *folders],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the host is made of namespaces")
@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="no MariaDB or memcached on this machine")
def test_the_installer_brings_a_real_keystone_and_placement_up(tmp_path: Path) -> None:
    distribution = tmp_path / "freebsd"
    shutil.copytree(PROJECT / "examples/freebsd", distribution, ignore=SECRETS)
    (distribution / "sites/bsd.yaml").write_text(SITE)
    first, changed = tmp_path / "first", tmp_path / "changed"
    Stackwright(distribution, STATE / "freebsd")("site", "render", "bsd", str(first))
    shutil.copytree(first, changed)
    for name, value in CHANGED.items():
        (changed / "secrets" / name).write_text(f"{value}\n")
    cache = Path(subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip())
    kept(cache, first, tmp_path)
    script, root = tmp_path / "script", tmp_path / "root"
    script.write_text(SCRIPT)
    root.mkdir()

    told = entered(root, cache, script, first, changed, environment={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"})

    begun, again, rotated, asked = told.split("== ")
    assert "make the databases of keystone: keystone\n" in begun
    assert "do keystone/bootstrap\n" in begun
    assert "make the user placement known\nmake placement known at http://127.0.0.1:8778\n" in begun
    assert again == "again\nNothing to do: the host is as it is to be.\n"
    assert rotated.splitlines()[1:-2] == [
        "make the databases of placement: placement",
        "restart placement_api: what it is made of is new",
        "set the administrator's password",
        "make the user placement known",
    ]
    assert rotated.splitlines()[-1] == "Nothing to do: the host is as it is to be."
    urls = {"identity": "http://127.0.0.1:5000/v3", "placement": "http://127.0.0.1:8778"}
    endpoints = [f"{kind} {face} {url}" for kind, url in urls.items() for face in ("admin", "internal", "public")]
    assert asked.splitlines()[1:9] == [*endpoints, "admin", "service"]
    assert '{"name": "VCPU"' in asked
