"""The site whose configuration the commands look at, with what its services are made of."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.errors import InputError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.build.environment import Environment
    from stackwright.cli.workspace import Workspace
    from stackwright.errors import Where
    from stackwright.events import Events
    from stackwright.site.config.model import Finding
    from stackwright.site.config.validate import Validated
    from stackwright.site.environments import Environments
    from stackwright.site.files import RenderedFile
    from stackwright.site.outline import Outline


class ConfiguredSite:
    """A site whose configuration is looked at, with what its services are made of."""

    def __init__(self, workspace: Workspace, events: Events) -> None:
        from stackwright.build.cache import ArtifactCache
        from stackwright.site.outline import outline
        from stackwright.store import Memo, Store

        self.workspace, self.events = workspace, events
        self.store, self.memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
        self.artifacts = ArtifactCache(workspace.cache)
        self.outline: Outline = outline(
            workspace.distribution,
            workspace.site,
            state=workspace.state,
            cache=workspace.cache,
            store=self.store,
            memo=self.memo,
            events=events,
        )
        self.environments = self.environments_of(self.outline.release.name)

    def environments_of(self, release: str) -> Environments:
        """Give what services are made of in a release."""
        from stackwright.build.workshop import Workshop
        from stackwright.site.environments import Environments

        distribution, logs = self.workspace.distribution, self.workspace.state / "builds"
        workshop = Workshop(self.store, self.memo, self.artifacts, self.events, logs)
        return Environments(distribution, distribution.release(release), workshop, self.workspace.site.platform)

    def wanted(self, words: Sequence[str]) -> tuple[str, ...]:
        """Give the services that are meant: those named, else all.

        :raises InputError: the site has none of a name
        """
        services = self.outline.selection.services
        for word in words:
            if word not in services:
                raise InputError(f"the site has no service {word!r}", fix=suggestion(word, services))
        return tuple(dict.fromkeys(words)) or tuple(services)

    def having(self, file: str) -> tuple[str, ...]:
        """Give the services that have a file; all if none of it is asked for, or none has it."""
        services = self.outline.selection.services
        return tuple(name for name, entry in services.items() if file in entry.files)

    def environment(self, service: str) -> Environment:
        """Give the environment of a service, built if need be."""
        return self.environments.workshop.environment(self.outline.environments[service], f"{service}/environment")

    def validated(self, words: Sequence[str]) -> tuple[Validated, ...]:
        """Validate services: those named, else all."""
        from stackwright.site.config.validate import validate_site

        services = self.wanted(words)
        environments = {name: self.environment(name) for name in services if name in self.outline.environments}
        return validate_site(self.outline.values, environments, services=services, memo=self.memo)

    def of_hosts(self, words: Sequence[str]) -> tuple[Finding, ...]:
        """Give what is wrong with what the site's groups and hosts say of services: those named, else all."""
        from stackwright.site.config.validate import validate_hosts

        services = self.wanted(words)
        environments = {name: self.environment(name) for name in services if name in self.outline.environments}
        return validate_hosts(self.outline.site, self.outline.values, environments, services=services, memo=self.memo)

    def rendered(self, service: str) -> Mapping[str, RenderedFile]:
        """Render all files of a service."""
        from stackwright.site.files import render_files
        from stackwright.site.render import Renderer

        return render_files(self.outline.selection.services[service], Renderer(self.outline.values, service))

    def tell_if_made_up(self) -> None:
        """Say so where nothing has been chosen for the site yet."""
        from stackwright.site import state

        if state.load(self.workspace.paths) is None:
            sys.stderr.write(
                "note: the site has not been brought up: its ports and names are those that it would get\n"
            )

    def place(self, where: Where) -> str:
        """Say where something is said: below the distribution, or in the catalogue."""
        from stackwright.site.places import place

        return place(where, self.workspace.distribution.root)


@contextmanager
def opened(workspace: Workspace) -> Iterator[ConfiguredSite]:
    """Give the site; progress is shown while the block runs."""
    with workspace.events() as events:
        yield ConfiguredSite(workspace, events)
