"""The program: reads global options, finds the command, turns errors into messages and exit statuses."""

from __future__ import annotations

import itertools
import logging
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cliff.app import App
from cliff.commandmanager import CommandManager

from stackwright import __version__
from stackwright.cli.display import FORMATS
from stackwright.cli.errors import of_the_family, told
from stackwright.errors import InputError, suggestion
from stackwright.events import concealed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cliff.command import Command

# Loaded when they are called, so that a command waits for its own imports only.
COMMANDS = {
    "init": "distribution:Init",
    "schema": "distribution:Schema",
    "check": "distribution:Check",
    "catalogue list": "catalogue:List",
    "catalogue show": "catalogue:Show",
    "catalogue graph": "catalogue:Graph",
    "patch status": "patch:Status",
    "patch import": "patch_exchange:PatchImport",
    "patch import-all": "patch_exchange:PatchImportAll",
    "patch export": "patch_exchange:PatchExport",
    "patch archive": "patch_archive:Archive",
    "patch dedupe": "patch_share:Dedupe",
    "patch range": "patch_share:Range",
    "patch lint": "patch_lint:Lint",
    "patch sets": "patch_lint:Sets",
    "secret list": "secret:ListSecrets",
    "secret audit": "secret:Audit",
    "secret rotate": "secret:Rotate",
    "secret public": "secret:ShowPublic",
    "secret identity": "secret:ShowIdentity",
    "secret recipients list": "secret:ListRecipients",
    "secret recipients add": "secret:AddRecipient",
    "secret recipients remove": "secret:RemoveRecipient",
    "ci github": "ci:Github",
    "ci gitlab": "ci:Gitlab",
    "ci checks": "ci:Checks",
    "patch explain": "patch_explain:Explain",
    "patch upstreamed": "patch_explain:ListUpstreamed",
    "patch rebase": "patch_rebase:Rebase",
    "patch resolutions list": "patch_rebase:ListResolutions",
    "patch resolutions forget": "patch_rebase:ForgetResolution",
    "hazard claims": "hazard:ListClaims",
    "hazard check": "hazard_check:HazardCheck",
    "hazard reserve": "hazard_check:HazardReserve",
    "hazard lint": "hazard_lint:HazardLint",
    "upgrade forecast": "upgrade:UpgradeForecast",
    "source list": "source:List",
    "source update": "source:Update",
    "patch new": "patch_tree:New",
    "patch edit": "patch_tree:Edit",
    "patch refresh": "patch_tree:Refresh",
    "patch fold": "patch_edit:Fold",
    "patch split": "patch_edit:Split",
    "patch move": "patch_edit:Move",
    "patch disable": "patch_edit:Disable",
    "patch enable": "patch_edit:Enable",
    "patch drop": "patch_drop:Drop",
    "build": "build:Build",
    "build deb": "build_deb:BuildDeb",
    "build image": "build_image:BuildImage",
    "image list": "image:ListImages",
    "image diff": "image:DiffImages",
    "image sbom": "image:ShowSbom",
    "image sign": "image:SignImages",
    "image verify": "image:VerifyImages",
    "image push": "image:PushImages",
    "image pull": "image:PullImage",
    "provenance": "provenance:ShowProvenance",
    "archive": "release_archive:ArchiveRelease",
    "archive verify": "release_archive:ArchiveVerify",
    "archive restore": "release_archive:ArchiveRestore",
    "export constraints": "export:ExportConstraints",
    "export pip": "export:ExportPip",
    "export kolla": "export:ExportKolla",
    "config render": "config:ConfigRender",
    "config diff": "config:ConfigDiff",
    "config validate": "config:ConfigValidate",
    "config explain": "config:ConfigExplain",
    "config sample": "config:ConfigSample",
    "policy matrix": "policy:PolicyMatrix",
    "policy diff": "policy:PolicyDiff",
    "policy test": "policy:PolicyTest",
    "policy sample": "policy:PolicySample",
    "policy validate": "policy:PolicyValidate",
    "value get": "value:GetValue",
    "value explain": "value:ExplainValue",
    "value lint": "value:LintValues",
    "site render": "site_render:SiteRender",
    "plan": "site:ShowPlan",
    "up": "site:Up",
    "down": "site:Down",
    "destroy": "site:Destroy",
    "status": "look:Status",
    "logs": "look:Logs",
    "restart": "look:Restart",
    "env": "look:Env",
    "console": "look:Console",
    "runs": "look:Runs",
    "ring show": "ring:RingShow",
    "ring build": "ring:RingBuild",
    "smoke": "proof:Smoke",
    "tempest": "tempest:Tempest",
    "proof run": "proof_run:ProofRun",
    "test": "test:Test",
    "promote": "promote:Promote",
    "channel list": "promote:ListChannels",
    "channel show": "promote:ShowChannel",
    "backport status": "backport:BackportStatus",
    "backport build": "backport:BackportBuild",
    "backport impact": "backport:BackportImpact",
    "repository list": "apt_repository:RepositoryList",
    "repository add": "apt_repository:RepositoryAdd",
    "repository promote": "apt_repository:RepositoryPromote",
    "repository remove": "apt_repository:RepositoryRemove",
    "repository prune": "apt_repository:RepositoryPrune",
    "repository publish": "apt_repository:RepositoryPublish",
}
INTERRUPTED = 130  # what cliff ends with, as a shell does: 128 and the number of SIGINT


class Stackwright(App):
    """The application."""

    NAME = "stackwright"
    CONSOLE_MESSAGE_FORMAT = "%(message)s"

    def __init__(self) -> None:
        manager = CommandManager()
        for name, target in COMMANDS.items():
            entry = EntryPoint(name, f"stackwright.cli.{target}", "stackwright.cli")
            manager.commands[name] = entry
        super().__init__(
            description="Carry patches on OpenStack, build what they make, run it and prove that it works.",
            version=__version__,
            command_manager=manager,
            deferred_help=True,
        )
        self.status: int | None = None
        self.after_interrupt = "the same command goes on from here"

    def build_option_parser(
        self, description: str | None, version: str | None, argparse_kwargs: dict[str, Any] | None = None
    ) -> argparse.ArgumentParser:
        """Add the global options to cliff's own."""
        parser = super().build_option_parser(description, version, argparse_kwargs)
        parser.add_argument(
            "-C",
            "--distribution",
            metavar="DIR",
            type=Path,
            default=Path(),
            help="the distribution (the nearest at or above the working directory)",
        )
        parser.add_argument("--site", metavar="NAME", help="the site (the distribution's default)")
        parser.add_argument(
            "--state", metavar="DIR", type=Path, help="the state directory (STACKWRIGHT_STATE, /var/lib/stackwright)"
        )
        parser.add_argument(
            "--log-format",
            choices=FORMATS,
            default="auto",
            help="how progress is told (live on a terminal, else plain)",
        )
        return parser

    def configure_logging(self) -> None:
        """Keep the libraries' logs away from the user, unless he wants them."""
        super().configure_logging()
        for handler in logging.getLogger().handlers:
            if type(handler) is logging.StreamHandler:
                handler.setFormatter(_Message(self.CONSOLE_MESSAGE_FORMAT, self.options.log_format))
        if self.options.verbose_level <= 1:
            for name in ("urllib3", "keystoneauth", "openstack", "stevedore"):
                logging.getLogger(name).setLevel(logging.CRITICAL)

    def run_subcommand(self, argv: list[str]) -> int:
        """Run a command; what is none is answered with the nearest that is."""
        words = argv[1:] if argv[0] == "help" else argv
        command = " ".join(itertools.takewhile(lambda word: not word.startswith("-"), words))
        longer = [name for name in COMMANDS if name.startswith(f"{command} ")]
        known = any(f"{command} ".startswith(f"{name} ") for name in self.command_manager.commands)
        if known or (argv[0] == "help" and (longer or not words)):
            return super().run_subcommand(argv)
        fix = f"one of: {', '.join(longer)}" if longer else suggestion(command, COMMANDS)
        self.LOG.error(InputError(f"there is no command {command!r}", fix=fix))
        return InputError.status

    def interact(self) -> None:
        """Tell what there is, where no command was given: there is no shell of our own."""
        self.run_subcommand(["help"])
        self.status = InputError.status

    def clean_up(self, cmd: Command, result: int, err: BaseException | None) -> None:
        """Remember the status that an error leads to, and what comes after an interrupt."""
        super().clean_up(cmd, result, err)
        if isinstance(err, Exception):
            self.status = of_the_family(err).status
        self.after_interrupt = getattr(cmd, "after_interrupt", self.after_interrupt)


class _Message(logging.Formatter):
    """Tells errors as the user wants them, and all else as it is."""

    def __init__(self, fmt: str, format_: str) -> None:
        super().__init__(fmt)
        self._format = format_

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, Exception) and not record.exc_info:
            return concealed(told(of_the_family(record.msg), self._format))
        text = concealed(super().format(record))
        return f"error: {text}" if record.levelno >= logging.ERROR else text


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    :returns: the exit status: 0 done, 1 the check found something, 2 the input is wrong, 3 the environment lacks
        something, 4 the run failed and can be resumed, 70 a defect of Stackwright, 130 interrupted
    """
    application = Stackwright()
    status = application.run(list(sys.argv[1:] if argv is None else argv))
    if status == INTERRUPTED:
        print(f"interrupted: {application.after_interrupt}", file=sys.stderr)  # noqa: T201
    return application.status if application.status is not None else status


if __name__ == "__main__":
    sys.exit(main())
