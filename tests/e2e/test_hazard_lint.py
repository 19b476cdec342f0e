"""What a patch leaves undone in its own tree is found, and what is mechanical is mended in the patch itself."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.team import Team

from .conftest import CACHE, Stackwright

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HISTORY = "nova/api/openstack/compute/rest_api_version_history.rst"
REQUEST = "nova/api/openstack/api_version_request.py"
LIST = "nova/tests/unit/objects/test_objects.py"
OBJECT = "nova/objects/flavor.py"
CONF = "nova/conf/api.py"
POLICIES = "nova/policies"
SAMPLES = "doc/api_samples"
TEMPLATES = "nova/tests/functional/api_sample_tests/api_samples"
NOTES = "releasenotes/notes"
BOOT = "Servers tell whether they boot securely."
MESSAGE = "Show secure boot\n\nServers say so in their details.\n\nOwner: Compute <compute@example.org>"


def request(*entries: str, newest: str) -> str:
    lines = "".join(f"    * {entry}\n" for entry in entries)
    return f'REST_API_VERSION_HISTORY = """Versions:\n\n{lines}"""\n\n_MAX_API_VERSION = "{newest}"\n'


def history(**sections: str) -> str:
    text = "REST API Version History\n========================\n"
    for name, said in sections.items():
        number = name.replace("v", "").replace("_", ".")
        text += f"\n.. _microversion {number}:\n\n{number}\n{'-' * len(number)}\n\n{said}\n"
    return text


def versions(number: str) -> str:
    return json.dumps({"version": {"id": "v2.1", "version": number, "min_version": "2.1"}}, indent=4) + "\n"


def server(identity: str, *more: str) -> str:
    lines = [f'"id": "{identity}"', '"name": "one"', *more]
    return '{\n    "server": {\n' + ",\n".join(f"        {line}" for line in lines) + "\n    }\n}\n"


def flavor(version: str, *fields: str) -> str:
    inside = "".join(f"        {field!r}: fields.StringField(),\n" for field in ("id", *fields))
    return (
        "from nova.objects import base\nfrom nova.objects import fields\n\n\n@base.NovaObjectRegistry.register\n"
        f"class Flavor(base.NovaObject):\n    VERSION = {version!r}\n    fields = {{\n{inside}    }}\n"
    )


def conf(*options: str) -> str:
    made = "".join(f"    {option},\n" for option in ("cfg.StrOpt('name', help='What it is called.')", *options))
    return (
        f"from oslo_config import cfg\n\napi_opts = [\n{made}]\n\n\ndef register_opts(conf):\n"
        "    conf.register_opts(api_opts, group='api')\n"
    )


def policy(name: str) -> str:
    return (
        "from oslo_policy import policy\n\nRULES = [\n    policy.DocumentedRuleDefault(\n"
        f"        name='os_compute_api:{name}', check_str='@', description='x', operations=[]),\n]\n\n\n"
        "def list_rules():\n    return RULES\n"
    )


SERVER = "70a599e0-31e7-49b7-b260-868f441e862b"
BASE: dict[str, str | bytes | None] = {
    REQUEST: request("2.1 - Begins.", "2.2 - Servers have names.", newest="2.2"),
    HISTORY: history(v2_1="It begins.", v2_2="Servers have names."),
    LIST: "object_data = {\n    'Flavor': '1.0-aaaa',\n}\n",
    OBJECT: flavor("1.0"),
    CONF: conf(),
    f"{POLICIES}/__init__.py": "import itertools\n\nfrom nova.policies import servers\n\n\ndef list_rules():\n"
    "    return itertools.chain(servers.list_rules())\n",
    f"{POLICIES}/servers.py": policy("servers"),
    f"{SAMPLES}/versions/v21.json": versions("2.2"),
    f"{TEMPLATES}/versions/v21.json.tpl": versions("%(max_api_version)s"),
    f"{SAMPLES}/servers/server-get-resp.json": server(SERVER),
    f"{TEMPLATES}/servers/server-get-resp.json.tpl": server("%(id)s"),
    # Upstream's own: never told.
    f"{SAMPLES}/servers/lonely.json": server(SERVER),
    f"{NOTES}/begin-0123456789abcdef.yaml": "---\nfeatures:\n  - |\n    It begins.\n",
    "nova/compute/rpcapi.py": "".join(f"# {number}\n" for number in range(30)),
}
# The feature with all that belongs to it left out.
BARE: dict[str, str | bytes | None] = {
    REQUEST: request("2.1 - Begins.", "2.2 - Servers have names.", f"2.3 - {BOOT}", newest="2.2"),
    OBJECT: flavor("1.1", "boot"),
    CONF: conf("cfg.BoolOpt('show_boot', default=True)"),
    f"{POLICIES}/boot.py": policy("boot"),
    f"{SAMPLES}/servers/v2.3/server-get-resp.json": server(SERVER, '"secure_boot": true'),
}
MECHANICAL = {"maximum-behind", "history-missing", "sample-alone", "note-missing"}
BY_HAND = {"hash-stale", "no-help", "unlisted"}


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    nova = team.component("nova", BASE)
    nova.git("tag", "one")
    team.release("2026.1", {"nova": "one"})
    return team


@pytest.fixture
def stackwright(team: Team, tmp_path: Path) -> Stackwright:
    return Stackwright(team.distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})


def carry(
    team: Team, files: Mapping[str, str | bytes | None], *, name: str = "boot.patch", message: str = MESSAGE
) -> Path:
    return team.add("nova", "2026.1", name, team.carried("nova", files, message, start="one"))


def lint(stackwright: Stackwright, *words: str, status: int = 1) -> dict[str, dict[str, Any]]:
    """Give what is left, by rule."""
    rows = stackwright.json("hazard", "lint", *words, status=status)
    return {row["Hazard"].removeprefix("nova-").removeprefix("keystone-"): row for row in rows}


def rules(found: Mapping[str, Any]) -> set[str]:
    return {rule for rule in MECHANICAL | BY_HAND | {"version-stale", "head-file"}
            if any(name.startswith(f"{rule}-") for name in found)}  # fmt: skip


def patched(team: Team, stackwright: Stackwright, files: list[str]) -> dict[str, str | None]:
    """Give files as the series makes them, by git itself."""
    tree = team.directory / "applied"
    shutil.rmtree(tree, ignore_errors=True)
    team.upstreams["nova"].git("worktree", "prune")
    team.upstreams["nova"].git("worktree", "add", "--quiet", "--detach", str(tree), "one")
    folder = team.folder("nova", "2026.1")
    for name in (folder / "series").read_text().split():
        file = folder / name if (folder / name).exists() else folder.parent / "shared" / name
        team.upstreams["nova"].git("-C", str(tree), "apply", "--index", str(file))
    assert stackwright.distribution == team.distribution
    return {file: (tree / file).read_text() if (tree / file).exists() else None for file in files}


def test_each_omission_is_found_with_its_line_and_what_follows(team: Team, stackwright: Stackwright) -> None:
    file = carry(team, BARE)
    found = lint(stackwright, "--long")
    assert rules(found) == MECHANICAL | BY_HAND
    assert len(found) == 7
    for name, row in found.items():
        mechanical = any(name.startswith(rule) for rule in MECHANICAL)
        assert row["Mend"].startswith("with --fix" if mechanical else "by hand: "), row
        place = row["Ours"].rpartition("patches/nova/2026.1/boot.patch:")[2].rstrip(")")
        assert file.read_text().splitlines()[int(place) - 1][:1] == "+", row
        assert row["Happens"]
        assert row["Fix"]
    told = stackwright("hazard", "lint", status=1).stderr
    assert "Flavor is 1.1, and the list of hashes has 1.0" in told
    assert "stestr run nova.tests.unit.objects.test_objects" in told
    assert f"{POLICIES}/__init__.py does not list nova.policies.boot.list_rules" in told
    assert "the option api/show_boot has no help text" in told
    assert "high: patches/nova/2026.1/boot.patch:" in told  # a policy that nobody registers


def test_fix_mends_the_patch_itself_which_keeps_its_form_and_does_so_once(team: Team, stackwright: Stackwright) -> None:
    file = carry(team, BARE)
    before = file.read_text()
    done = stackwright("hazard", "lint", "--fix", "-f", "json", status=1)
    assert rules({row["Hazard"].removeprefix("nova-"): row for row in json.loads(done.stdout)}) == BY_HAND
    assert f"boot.patch: mended history-missing of 2.3 in {HISTORY}" in done.stderr
    assert "patches/nova/2026.1/boot.patch: written" in done.stderr
    assert "as it was: " in done.stderr
    after = file.read_text()
    head, _, rest = before.partition("\n---\n")
    assert after.startswith(f"{head}\n---\n")
    assert after.endswith(before[before.rindex("-- \n") :])
    assert rest
    note = next(line.split("b/")[1] for line in after.splitlines()
                if line.startswith(f"+++ b/{NOTES}/"))  # fmt: skip
    template = f"{TEMPLATES}/servers/v2.3/server-get-resp.json.tpl"
    sample = f"{SAMPLES}/versions/v21.json"
    files = patched(team, stackwright, [REQUEST, HISTORY, template, note, sample])
    assert files[REQUEST] == request("2.1 - Begins.", "2.2 - Servers have names.", f"2.3 - {BOOT}", newest="2.3")
    assert files[HISTORY] == history(v2_1="It begins.", v2_2="Servers have names.", v2_3=BOOT)
    assert files[template] == server("%(id)s", '"secure_boot": true')
    assert files[sample] == versions("2.3")  # behind only when the newest was raised
    assert files[note]
    said = yaml.safe_load(files[note] or "")
    assert list(said) == ["features"]
    assert "Show secure boot.\n\nServers say so in their details.\n" in said["features"][0]
    assert "``api/show_boot``" in said["features"][0]
    assert "Owner" not in said["features"][0]
    again = stackwright("hazard", "lint", "--fix", status=1).stderr
    assert "mended" not in again
    assert "written" not in again
    assert file.read_text() == after
    # The same patch elsewhere gets the same note.
    shutil.rmtree(team.folder("nova", "2026.1"))
    (team.folder("nova", "2026.1") / "series").write_text("boot.patch\n")
    file.write_text(before)
    stackwright("hazard", "lint", "--fix", status=1)
    assert file.read_text() == after


def test_the_list_of_versions_is_written_from_the_history_too(team: Team, stackwright: Stackwright) -> None:
    files: dict[str, str | bytes | None] = {
        REQUEST: request("2.1 - Begins.", "2.2 - Servers have names.", newest="2.3"),
        HISTORY: history(v2_1="It begins.", v2_2="Servers have names.", v2_3=f"{BOOT} Old ones do not."),
        f"{NOTES}/boot-fedcba9876543210.yaml": "---\nfeatures:\n  - |\n    Boot.\n",
    }
    carry(team, files)
    assert rules(lint(stackwright)) == {"history-missing", "version-stale"}
    assert lint(stackwright, "--fix", status=0) == {}
    done = patched(team, stackwright, [REQUEST, f"{SAMPLES}/versions/v21.json"])
    wanted = request("2.1 - Begins.", "2.2 - Servers have names.", f"2.3 - {BOOT}".rstrip("."), newest="2.3")
    assert done == {REQUEST: wanted, f"{SAMPLES}/versions/v21.json": versions("2.3")}


def test_a_newest_version_of_which_nothing_is_told_is_for_a_person(team: Team, stackwright: Stackwright) -> None:
    carry(team, {REQUEST: request("2.1 - Begins.", "2.2 - Servers have names.", newest="2.3")})
    told = {row["What"]: row["Mend"] for row in stackwright.json("hazard", "lint", status=1)}
    silent = [mend for what, mend in told.items() if "does not tell of the microversion 2.3" in what]
    assert len(silent) == 2
    assert all("lacks it too" in mend for mend in silent)


def test_a_sample_is_written_from_its_template_unless_a_value_cannot_be_told(
    team: Team, stackwright: Stackwright
) -> None:
    name = "servers/v2.3/server-get-resp"
    template = f"{TEMPLATES}/{name}.json.tpl"
    file = carry(team, {template: server("%(id)s")})
    (row,) = lint(stackwright).values()
    assert row["What"] == f"the API template {name} has no sample"
    assert lint(stackwright, "--fix", status=0) == {}
    assert patched(team, stackwright, [f"{SAMPLES}/{name}.json"]) == {f"{SAMPLES}/{name}.json": server(SERVER)}
    file.unlink()
    (file.parent / "series").unlink()
    carry(team, {template: server("%(id)s", '"colour": "%(colour)s"')})
    before = file.read_bytes()
    (row,) = lint(stackwright, "--fix").values()
    assert row["Mend"] == (
        'by hand: what stands for `"colour": "%(colour)s"` cannot be told from the pairs that the tree has'
    )
    assert file.read_bytes() == before


def test_a_file_that_names_an_old_head_is_mended_and_is_the_hazard_that_check_tells(
    team: Team, stackwright: Stackwright
) -> None:
    folder = "keystone/common/sql/migrations/versions"

    def revision(name: str, down: str | None) -> str:
        return f"revision = {name!r}\ndown_revision = {down!r}\n"

    begin = {f"{folder}/a/expand/aaaa_x.py": revision("aaaa", None), f"{folder}/EXPAND_HEAD": "aaaa\n"}
    keystone = team.component("keystone", begin)
    keystone.git("tag", "one")
    team.release("2026.1", {"nova": "one", "keystone": "one"})
    text = team.carried("keystone", {f"{folder}/b/expand/bbbb_x.py": revision("bbbb", "aaaa")}, "Go on", start="one")
    file = team.add("keystone", "2026.1", "go-on.patch", text)
    (row,) = lint(stackwright, "keystone").values()
    (other,) = stackwright.json("hazard", "check", "keystone", status=1)
    assert row["Hazard"] == other["Hazard"]
    assert row["Severity"] == "medium"
    assert lint(stackwright, "keystone", "--fix", status=0) == {}
    assert "-aaaa\n+bbbb\n" in file.read_text()
    assert stackwright.json("hazard", "check", "keystone") == []


def test_what_a_later_patch_makes_good_is_not_told_but_for_the_note(team: Team, stackwright: Stackwright) -> None:
    upstream = team.upstreams["nova"]
    sample = f"{SAMPLES}/servers/v2.3/server-get-resp.json"
    template = f"{TEMPLATES}/servers/v2.3/server-get-resp.json.tpl"
    carry(team, {sample: server(SERVER)}, name="a.patch")
    upstream.branch("carried", "one")
    upstream.commit({sample: server(SERVER)})
    upstream.switch("master")
    assert rules(lint(stackwright)) == {"sample-alone"}
    text = team.carried("nova", {template: server("%(id)s")}, "And its template", start="carried")
    team.add("nova", "2026.1", "b.patch", text)
    assert lint(stackwright, status=0) == {}
    assert lint(stackwright, "--fix", status=0) == {}


def test_where_a_later_patch_would_not_apply_nothing_is_changed_and_it_is_told(
    team: Team, stackwright: Stackwright
) -> None:
    upstream = team.upstreams["nova"]
    carry(team, BARE, name="a.patch")
    upstream.branch("carried", "one")
    upstream.commit(BARE)
    upstream.switch("master")
    # The later one writes the newest version, and so the line that would be mended before it.
    later = request("2.1 - Begins.", "2.2 - Servers have names.", f"2.3 - {BOOT}", "2.4 - More.", newest="2.4")
    team.add("nova", "2026.1", "b.patch", team.carried("nova", {REQUEST: later}, "More", start="carried"))
    files = {path: path.read_bytes() for path in team.folder("nova", "2026.1").iterdir()}
    done = stackwright("hazard", "lint", "--fix", status=1)
    assert "mending a.patch: b.patch does not apply then" in done.stderr
    assert "stackwright patch edit nova --release 2026.1" in done.stderr
    assert {path: path.read_bytes() for path in team.folder("nova", "2026.1").iterdir()} == files
    assert "note-missing" in done.stdout  # and all that was found is still listed


def test_a_shared_patch_is_mended_for_all_or_gets_a_form_of_its_own(team: Team, stackwright: Stackwright) -> None:
    team.release("2026.2", {"nova": "one"})
    shared = team.distribution / "patches/nova/shared"
    shared.mkdir(parents=True)
    text = team.carried("nova", BARE, MESSAGE, start="one")
    for folder in ("2026.1", "2026.2"):
        (team.folder("nova", folder) / "series").write_text("boot.patch\n")
    (shared / "boot.patch").write_text(text)
    stackwright("hazard", "lint", "--fix", "--only", "2026.2", status=1)
    assert (shared / "boot.patch").read_text() == text
    own = team.folder("nova", "2026.2") / "boot.patch"
    assert "REST_API_VERSION_HISTORY" in own.read_text()
    own.unlink()
    done = stackwright("hazard", "lint", "--fix", "--release", "2026.1", status=1)
    assert "nova 2026.2 has this patch too, and applies" in done.stderr
    assert not own.exists()
    assert (shared / "boot.patch").read_text() != text
    assert rules(lint(stackwright, "--release", "2026.2")) == BY_HAND


def test_what_is_accepted_is_listed_and_left_alone_until_that_expires(team: Team, stackwright: Stackwright) -> None:
    name = f"{SAMPLES}/servers/v2.3/server-get-resp.json"
    file = carry(team, {name: server(SERVER)})
    before = file.read_bytes()
    (row,) = lint(stackwright).values()
    ledger = team.distribution / "claims.yaml"
    tomorrow = date.today() + timedelta(days=1)
    ledger.write_text(f"# stackwright: accept {row['Hazard']} nobody tests it until {tomorrow}\nstrict: false\n")
    (row,) = lint(stackwright, "--fix", status=0).values()
    assert row["Accepted"] == f"until {tomorrow}: nobody tests it"
    assert file.read_bytes() == before
    (file.parent / "series").unlink()
    carry(team, {CONF: conf("cfg.BoolOpt('show_boot', help='Whether to show it.')")})
    (note,) = (row["Hazard"] for row in lint(stackwright).values() if "release note" in row["What"])
    ledger.write_text(f"# stackwright: accept {note} it is a secret until {tomorrow}\nstrict: false\n")
    # An acceptance of what only lint tells is no matter of `check`.
    assert note not in stackwright("hazard", "check").stderr
    assert lint(stackwright, status=0)[note.removeprefix("nova-")]["Accepted"]
    ledger.write_text(f"# stackwright: accept {note} it is a secret until 2026-01-01\nstrict: false\n")
    assert f"claims.yaml:1:16: the acceptance of {note} has expired" in stackwright("hazard", "lint", status=1).stderr
    assert note not in stackwright("hazard", "check").stderr


def test_patches_that_users_do_not_see_and_trees_without_patches_have_none(
    team: Team, stackwright: Stackwright
) -> None:
    assert lint(stackwright, status=0) == {}
    carry(team, {"nova/compute/rpcapi.py": "# another\n"}, message="Say it otherwise")
    assert lint(stackwright, status=0) == {}


def test_bad_input_is_told_and_nothing_is_lost(team: Team, stackwright: Stackwright) -> None:
    file = carry(team, BARE)
    assert "did you mean 'nova'?" in stackwright("hazard", "lint", "novva", status=2).stderr
    assert "2026.9" in stackwright("hazard", "lint", "--release", "2026.9", "--fix", status=2).stderr
    assert "not allowed with" in stackwright("hazard", "lint", "--release", "a", "--only", "b", status=2).stderr
    team.component("mystery", {"a": "1\n"}).git("tag", "one")
    team.release("2026.1", {"nova": "one", "mystery": "one"})
    team.add("mystery", "2026.1", "b.patch", team.carried("mystery", {"a": "2\n"}, "Change"))
    told = stackwright("hazard", "lint", status=1).stderr
    assert "note: mystery: there are no rules" in told
    assert "there are no rules" in stackwright("hazard", "lint", "mystery", status=2).stderr
    file.write_text(file.read_text().replace("     * 2.2 - Servers", "     * 2.2 - Others"))
    before = file.read_bytes()
    done = stackwright("hazard", "lint", "nova", "--fix", status=1)
    assert done.stderr.count("does not apply") == 1
    assert file.read_bytes() == before


REAL = """\
Description: Show the secure boot state of servers
 Users see it in the details of a server.
Author: Ada <ada@example.org>
Forwarded: not-needed
Last-Update: 2026-11-20
---
--- a/nova/api/openstack/api_version_request.py
+++ b/nova/api/openstack/api_version_request.py
@@ -286,4 +286,5 @@
               filters from various flavors APIs and restrict additional query
               string parameters for all APIs.
     * 2.103 - Remove the ``/os-volumes_boot`` API
+    * 2.104 - Show the secure boot state of a server in its details.
 \"""
"""


def test_a_real_new_microversion_on_nova_is_clean_after_fix(tmp_path: Path) -> None:
    distribution = tmp_path / "distribution"
    (distribution / "releases").mkdir(parents=True)
    (distribution / "distribution.yaml").write_text("name: team\n")
    (distribution / "releases/2026.1.yaml").write_text(
        'python: "3.11"\npins: {exclude-newer: 2026-10-15}\n'
        "components: {nova: {source: {pypi: nova, version: 33.0.0}}}\n"
    )
    stackwright = Stackwright(distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(CACHE)})
    assert lint(stackwright, status=0) == {}
    folder = distribution / "patches/nova/2026.1"
    folder.mkdir(parents=True)
    (folder / "boot.patch").write_text(REAL)
    (folder / "series").write_text("boot.patch\n")
    assert rules(lint(stackwright)) == {"maximum-behind", "history-missing", "note-missing"}
    done = stackwright("hazard", "lint", "nova", "--fix", "-f", "json")
    assert json.loads(done.stdout) == []
    text = (folder / "boot.patch").read_text()
    head = REAL.partition("--- a/")[0]
    assert text.startswith(head)  # DEP-3, to the byte
    assert "\n+_MAX_API_VERSION = '2.104'\n" in text
    assert "\n+.. _microversion 2.104:\n+\n+2.104\n+-----\n+\n+Show the secure boot state" in text
    for name in ("v21-version-get-resp.json", "versions-get-resp.json"):
        assert f"+++ b/doc/api_samples/versions/{name}\n" in text
    assert text.count('"version": "2.104"') == 2
    assert "\n+    Users see it in the details of a server.\n" in text
    assert lint(stackwright, "--fix", status=0) == {}
    assert (folder / "boot.patch").read_text() == text
