"""`site render`: everything that a host of another platform needs, as one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import WorkspaceCommand
from stackwright.errors import InputError

if TYPE_CHECKING:
    import argparse


class SiteRender(WorkspaceCommand):
    """Write everything that the host of a site needs, as one folder with an installer; FreeBSD's alone so far."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the site, its platform and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--platform", choices=["freebsd"], help="the platform that the site has to be of")
        parser.add_argument("site", metavar="SITE", help="a site with `target: hosts`")
        parser.add_argument("directory", metavar="OUT", type=Path, help="the folder; one that was rendered is replaced")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Check, render, write."""
        from stackwright.cli.config_site import ConfiguredSite
        from stackwright.site.secrets.opening import Secrets
        from stackwright.targets.hosts.freebsd.folder import write
        from stackwright.targets.hosts.freebsd.render import Rendering, folder_of

        workspace = self.workspace
        workspace.choose(parsed_args.site)
        site = workspace.site
        wanted = parsed_args.platform or site.platform
        if site.target != "hosts" or site.platform != wanted:
            raise InputError(
                f"the site {site.name} is of the target {site.target} and the platform {site.platform}",
                where=site.where("target", key=True),
                why=f"what is rendered is for hosts of the platform {parsed_args.platform or 'freebsd'}",
                fix="write `target: hosts` and `platform: freebsd` there, or name another site",
            )
        with workspace.events() as events:
            configured = ConfiguredSite(workspace, events)
            rendering = Rendering(configured.outline, configured.environments.workshop, workspace.root)
            rendering.check()
            secrets = configured.outline.values.state.secrets
            assert isinstance(secrets, Secrets)
            folder = folder_of(rendering.host(), site.release, dict(secrets))
            secrets.keep(events)
            write(folder, parsed_args.directory)
        self.say(f"{len(folder.whole)} files are in {parsed_args.directory}; on the host, as root: sh install.sh")
