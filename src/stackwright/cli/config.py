"""Commands on the configuration of a site's services: as it will be, as it is, and held against their own options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.cli.config_site import opened
from stackwright.cli.config_text import explained
from stackwright.errors import CheckFailedError, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from stackwright.cli.config_site import ConfiguredSite
    from stackwright.errors import Where
    from stackwright.site.config.diff import Change
    from stackwright.site.config.model import Finding
    from stackwright.site.config.validate import Validated
    from stackwright.site.files import RenderedFile


class ConfigRender(WorkspaceCommand):
    """Print the configuration files as they will be, or write them; without secrets, unless it is asked for."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to render, and where to."""
        parser = super().get_parser(prog_name)
        _add_services(parser)
        parser.add_argument("--out", metavar="DIR", type=Path, help="write them into this folder, a folder a service")
        parser.add_argument("--hosts", action="store_true", help="those of each of the site's hosts, a folder a host")
        parser.add_argument(
            "--with-secrets", action="store_true", help="with the real secrets; only into files, for their owner alone"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Render and print, or write."""
        from stackwright.site.config.masking import masked_line

        if parsed_args.with_secrets and parsed_args.out is None:
            raise InputError("secrets are not printed", fix="write them into files: --out DIR")
        count = 0
        with opened(self.workspace) as site:
            for place, file in _rendered(site, site.wanted(parsed_args.service), hosts=parsed_args.hosts):
                text, count = file.text, count + 1
                if not parsed_args.with_secrets:
                    text = "\n".join(masked_line(line) for line in text.split("\n"))
                if parsed_args.out is not None:
                    _write(parsed_args.out / place, text)
                else:
                    self.say(f"# {place.parent}: {file.path}\n{text}")
        if parsed_args.out is not None:
            sys.stderr.write(f"{count} files are in {parsed_args.out}.\n")
        site.tell_if_made_up()


def _rendered(site: ConfiguredSite, services: Sequence[str], *, hosts: bool) -> Iterator[tuple[Path, RenderedFile]]:
    """Give the files of services, and where each belongs: SERVICE/FILE, or HOST/SERVICE/FILE.

    :raises InputError: those of hosts are asked for, and the site has none
    """
    if not hosts:
        for service in services:
            for name, file in site.rendered(service).items():
                yield Path(service) / name, file
        return
    from stackwright.site.hosts import render_hosts

    one = site.outline.site
    if not one.hosts:
        raise InputError(f"the site {one.name} has no hosts", where=one.where(), fix="write them below `hosts:`")
    for host, rendered in render_hosts(one, site.outline.values):
        for service, files in rendered.items():
            for name, file in files.items() if service in services else ():
                yield Path(host) / service / name, file


class ConfigDiff(WorkspaceLister):
    """Show what is different: the files as they will be from those of the site; or two releases' options."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to compare."""
        parser = super().get_parser(prog_name)
        _add_services(parser)
        parser.add_argument(
            "--release", metavar="NAME", help="list what this release makes of the options that the site sets"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Compare options of releases; files are compared in run()."""
        with opened(self.workspace) as site:
            changes = list(_release_changes(site, site.wanted(parsed_args.service), parsed_args.release))
        columns = (
            "Service",
            "File",
            "Option",
            "Change",
            f"In {site.outline.release.name}",
            f"In {parsed_args.release}",
        )
        return (*columns, "Set at"), [
            (
                one.service,
                one.option.file,
                f"[{one.option.section}] {one.option.name}",
                one.what,
                one.here,
                one.there,
                site.place(one.option.where),
            )
            for one in changes
        ]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, or the differences of files."""
        if parsed_args.release is not None:
            return super().run(parsed_args)
        from stackwright.site import state
        from stackwright.site.config.diff import file_diff

        if state.load(self.workspace.paths) is None:
            raise InputError(
                f"the site {self.workspace.site.name} is not there: it has no files yet",
                fix=f"{self.workspace.again} config render",
            )
        with opened(self.workspace) as site:
            found = [
                file_diff(file, f"{service}/{name}")
                for service in site.wanted(parsed_args.service)
                for name, file in site.rendered(service).items()
            ]
        self.app.stdout.write("".join(found))
        if not any(found):
            sys.stderr.write("The files of the site are as they are to be.\n")
        return 0


class ConfigValidate(WorkspaceLister):
    """Hold every option against those that the built services have; exit status 1 if there is an error."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at, and how to show it."""
        parser = super().get_parser(prog_name)
        _add_services(parser)
        parser.add_argument("--long", action="store_true", help="also list what is only good to know, and what to do")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Render, validate, and look at the next release."""
        from stackwright.site.config.ahead import ahead
        from stackwright.site.config.model import Severity, rank
        from stackwright.site.config.validate import findings_of
        from stackwright.sources.bases import Bases

        workspace = self.workspace
        with opened(workspace) as site:
            self._validated = site.validated(parsed_args.service)
            of_hosts = site.of_hosts(parsed_args.service)
            bases = Bases(
                workspace.distribution, store=site.store, memo=site.memo, cache=workspace.cache, events=site.events
            )
            later, self._notes = ahead(
                workspace.distribution,
                site.outline.release.name,
                site.outline.values,
                self._validated,
                bases=bases,
                memo=site.memo,
            )
        self._place = site.place
        self._findings = sorted((*findings_of(self._validated), *of_hosts, *later), key=rank)
        self._told = [one for one in self._findings if parsed_args.long or one.severity is not Severity.NOTE]
        columns = ("Severity", "Rule", "Service", "File", "Section", "Option", "Set at")
        rows = [
            (one.severity, one.rule, one.service, one.file, one.section, one.option, site.place(one.where))
            for one in self._told
        ]
        if not parsed_args.long:
            return columns, rows
        told = [(*row, one.what, one.fix) for row, one in zip(rows, self._told, strict=True)]
        return (*columns, "What", "Fix"), told

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then each finding in words, what could not be seen, and what it comes to."""
        from stackwright.site.config.model import Severity

        super().run(parsed_args)
        lines = [line for one in self._told for line in _in_words(one, self._place)]
        lines += _unseen(self._validated)
        lines += [f"note: {note}" for note in self._notes]
        count = {one: sum(each.severity is one for each in self._findings) for one in Severity}
        checked = sum(one.checked for one in self._validated)
        services = sum(one.checked > 0 for one in self._validated)
        notes = "" if parsed_args.long or not count[Severity.NOTE] else " (--long lists them)"
        lines.append(
            f"{_many(checked, 'option')} of {_many(services, 'service')}: {_many(count[Severity.ERROR], 'error')},"
            f" {_many(count[Severity.WARNING], 'warning')}, {_many(count[Severity.NOTE], 'note')}{notes}"
        )
        sys.stderr.write("\n".join(lines) + "\n")
        return CheckFailedError.status if count[Severity.ERROR] else 0


class ConfigExplain(WorkspaceCommand):
    """Tell what an option does, which services have it, who sets it to what, and who wins."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the option."""
        parser = super().get_parser(prog_name)
        parser.add_argument("option", help="nova.conf:libvirt.virt_type, [libvirt]virt_type or virt_type")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Look in the environments, and print."""
        from stackwright.site.config.explain import explain, named

        meant = named(parsed_args.option)
        with opened(self.workspace) as site:
            validated = site.validated(site.having(meant.file))
            found = explain(parsed_args.option, validated)
        for one in found:
            self.say("\n".join(explained(one, site.place)))


class ConfigSample(WorkspaceCommand):
    """Print the sample file of a service, as upstream's generator makes it in the built environment."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the service and the file."""
        parser = super().get_parser(prog_name)
        parser.add_argument("service", help="a service of the site")
        parser.add_argument("file", nargs="?", help="one of its sample files (those that the site has)")
        parser.add_argument("--out", metavar="DIR", type=Path, help="write FILE.sample into this folder")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Find out how upstream makes it, and make it."""
        from stackwright.site.config.definitions import definitions_of
        from stackwright.site.config.sample import choose, generators, make

        with opened(self.workspace) as site:
            (service,) = site.wanted([parsed_args.service])
            entry = site.outline.selection.services[service]
            if entry.environment is None:
                raise InputError(f"{service} has no options of oslo.config: it runs in no environment of Python")
            files = [name for name, file in entry.files.items() if file.ini is not None and not file.reader]
            if not files and (readers := {file.reader for file in entry.files.values() if file.reader}):
                raise InputError(f"{service} has no files of oslo.config", why="; ".join(sorted(readers)))
            environment = site.environment(service)
            known = generators(site.store, site.environments.tree(entry.component)) if entry.component else ()
            samples = choose(service, files, known, definitions_of(environment, site.memo), parsed_args.file)
            texts = {one.name: make(one, environment.path) for one in samples}
        for name, text in texts.items():
            if parsed_args.out is None:
                self.app.stdout.write(f"# {name}\n{text}" if len(texts) > 1 else text)
                continue
            parsed_args.out.mkdir(parents=True, exist_ok=True)
            place = parsed_args.out / f"{name}.sample"
            place.write_text(text, encoding="utf-8")
            sys.stderr.write(f"{place}\n")


def _release_changes(site: ConfiguredSite, services: Sequence[str], release: str) -> Iterator[Change]:
    """Compare the options that services have in the site's release and in another."""
    from stackwright.site.config.definitions import definitions_of
    from stackwright.site.config.diff import release_diff
    from stackwright.site.config.known import known_to
    from stackwright.site.config.rules import own_rules

    other = site.environments_of(release)
    for one in site.validated(services):
        if one.known is None:
            continue
        component = site.outline.selection.services[one.service].component or ""
        if component and component not in other.release.components:
            sys.stderr.write(f"note: {release} has no component {component}\n")
            continue
        there = definitions_of(other.of(one.service), site.memo)
        yield from release_diff(
            one.service, one.files, one.known, known_to(there, own_rules().of(component), one.files)
        )


def _add_services(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", nargs="*", help="services of the site (all)")


def _in_words(one: Finding, place: Callable[[Where], str]) -> Iterator[str]:
    """Say a finding as errors are said."""
    yield f"{one.severity}: {place(one.where)}: {one.service}: {one.name}: {one.what}"
    if one.fix:
        yield f"  fix: {one.fix}"


def _unseen(validated: Sequence[Validated]) -> Iterator[str]:
    """Say of what services could not be asked, or only with something missing."""
    for one in validated:
        definitions = one.known.definitions if one.known else None
        for each in definitions.unseen if definitions else ():
            yield f"warning: {one.service}: {each.name} cannot be asked for its options: {each.why}"
        if definitions and definitions.absent:
            names = ", ".join(definitions.absent)
            yield f"note: {one.service}: its options were listed without {names}, which is not in its environment"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _write(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whatever it holds."""
    from stackwright.site.state import write_private

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(file, text)
