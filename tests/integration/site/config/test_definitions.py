"""What an environment's own Python says of the options of its packages."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.site.config.definitions import MEMO, Definition, definitions_of
from stackwright.site.config.typed import default_told
from stackwright.store import Memo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Packages

CONTEXTS = """
from oslo_privsep import priv_context
from widget import somewhere
default = priv_context.PrivContext("widget", cfg_section="widget_sys_admin", capabilities=[])
other = priv_context.PrivContext("widget", "Widget_Net", capabilities=[])
plain = priv_context.PrivContext("widget", capabilities=[])
computed = priv_context.PrivContext("widget", cfg_section=somewhere(), capabilities=[])
"""


def options(packages: Packages, memo: Path) -> dict[str, Definition]:
    found = definitions_of(packages.environment, Memo(memo))
    return {one.written: one for one in found.options if "widget" in one.namespaces}


def test_all_of_an_option_is_told(widget: Packages, tmp_path: Path) -> None:
    found = options(widget, tmp_path / "memo")
    workers, host = found["[DEFAULT] workers"], found["[DEFAULT] host"]
    assert (workers.type.kind, workers.type.min, workers.default, workers.help) == ("Integer", 1, 4, "How many.")
    assert (host.type.kind, default_told(host)) == ("HostAddress", "<hostname>")
    key, coat, kind = found["[paint] key"], found["[paint] coat"], found["[paint] kind"]
    assert key.secret
    assert {("old", "old-key"), ("old", "old_key")} == set(key.former)
    assert (coat.multi, coat.removal, coat.since, coat.reason) == (True, True, "1", "Paint once.")
    assert (kind.required, kind.type.choices) == (True, (("matt", "does not shine"), ("gloss", "")))
    assert found["[paint] colour"].type.foreign == "widget.Colour"
    assert found["[paint] colours"].type.item is not None


def test_it_is_asked_once_and_again_when_what_is_remembered_is_damaged(widget: Packages, tmp_path: Path) -> None:
    memo = Memo(tmp_path / "memo")
    first = definitions_of(widget.environment, memo)
    (widget.site / "widget.py").write_text("raise ImportError")
    assert definitions_of(widget.environment, memo) == first
    rows = memo._execute("select key, value from memo where kind = ?", (MEMO,))
    assert len(rows) == 1
    memo.put(MEMO, rows[0][0], rows[0][1][:100])
    assert definitions_of(widget.environment, memo).unseen[0].name == "widget"


def test_a_new_environment_is_asked_only_if_a_file_that_was_read_is_another(widget: Packages, tmp_path: Path) -> None:
    memo = Memo(tmp_path / "memo")
    first = definitions_of(widget.environment, memo)
    (widget.site / "nobody_reads_this.py").write_text("patched = True\n")
    python = widget.environment.path / "bin/python"
    hidden = python.rename(python.with_name("hidden"))
    assert definitions_of(replace(widget.environment, key="patched elsewhere"), memo) == first
    hidden.rename(python)
    (widget.site / "widget.py").write_text("raise ImportError")
    assert definitions_of(replace(widget.environment, key="patched there"), memo).unseen[0].name == "widget"


def test_what_cannot_be_imported_is_told_and_the_rest_is_seen(widget: Packages, tmp_path: Path) -> None:
    broken = {"oslo.config.opts:broken": "broken:list_opts", "oslo.config.opts:worse": "worse:list_opts"}
    modules = {"broken": "print('noise')\nraise RuntimeError('no\\nway')", "worse": "import sys\nsys.exit(3)"}
    widget.add("broken", modules, broken)
    found = definitions_of(widget.environment, Memo(tmp_path / "memo"))
    assert {each.name: each.why for each in found.unseen} == {
        "broken": "RuntimeError: no way",
        "worse": "SystemExit: 3",
    }
    assert ("DEFAULT", "workers") in found.named


def test_a_package_that_only_some_driver_needs_does_not_hide_the_others_options(
    widget: Packages, tmp_path: Path
) -> None:
    driver = (
        "from nowhere.at import Base, retry\nimport nowhere.all.of_it as it\nfrom oslo_config import cfg\n"
        "class Driver(Base):\n    @retry(it.Error)\n    def run(self): pass\n"
        "OPTS = [cfg.StrOpt('driver_url')]\n"
    )
    lister = "def list_opts():\n    from widget_driver import OPTS\n    return [('driver', OPTS)]\n"
    widget.add("more", {"widget_driver": driver, "more": lister}, {"oslo.config.opts:more": "more:list_opts"})
    found = definitions_of(widget.environment, Memo(tmp_path / "memo"))
    assert found.named["driver", "driver_url"]
    assert found.absent == ("nowhere",)
    assert found.unseen == ()


def test_an_application_gives_a_library_other_defaults(widget: Packages, tmp_path: Path) -> None:
    library = (
        "from oslo_config import cfg\nOPTS = [cfg.IntOpt('size', default=1)]\ndef list_opts(): return [('lib', OPTS)]\n"
    )
    application = "import lib\nfrom oslo_config import cfg\ndef set_defaults(): cfg.set_defaults(lib.OPTS, size=2)\n"
    points = {"oslo.config.opts:lib": "lib:list_opts", "oslo.config.opts.defaults:widget": "application:set_defaults"}
    widget.add("application", {"lib": library, "application": application}, points)
    found = definitions_of(widget.environment, Memo(tmp_path / "memo"))
    assert found.named["lib", "size"][0].default == 2


def test_sections_that_contexts_of_privsep_make_are_found_without_importing_them(
    widget: Packages, tmp_path: Path
) -> None:
    widget.add("contexts", {"contexts": CONTEXTS}, {}, requires="oslo.privsep>=3")
    found = definitions_of(widget.environment, Memo(tmp_path / "memo"))
    assert [each.section for each in found.contexts] == ["widget_sys_admin", "widget_net", "privsep"]
    assert [each.name for each in found.unseen] == ["oslo.privsep, contexts.py:7"]


def test_ways_to_authenticate_are_told_with_what_they_need(widget: Packages, tmp_path: Path) -> None:
    plugins = {each.name: each for each in definitions_of(widget.environment, Memo(tmp_path / "memo")).plugins}
    required = {one.name for one in plugins["password"].options if one.required}
    assert required == {"auth_url"}
    assert {"username", "password", "project_name"} <= {one.name for one in plugins["password"].options}
    assert json.dumps(sorted(plugins))  # there are others, and each says what it lacks
    assert all(each.options or each.why or each.name == "none" for each in plugins.values())


def test_the_tests_of_a_library_are_no_service(packages: Callable[[], Packages], tmp_path: Path) -> None:
    lister = "def list_opts(): raise AssertionError"
    made = packages().add(
        "library",
        {"library.tests.config": lister},
        {"oslo.config.opts:library.tests": "library.tests.config:list_opts"},
    )
    assert definitions_of(made.environment, Memo(tmp_path / "memo")).unseen == ()
