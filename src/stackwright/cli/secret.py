"""`secret`: the secrets of a site, who reads them, and new ones in the place of the old."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import CheckFailedError, InputError, suggestion

if TYPE_CHECKING:
    import argparse

    from stackwright.cli.workspace import Workspace
    from stackwright.plan.plan import Plan
    from stackwright.site.render import Renderer, Values
    from stackwright.site.secrets.keeper import Keeper
    from stackwright.site.secrets.opening import Secrets


class ListSecrets(WorkspaceLister):
    """List the site's secrets: their forms, when they were made, where they are kept, which services read them."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """List what is wanted, whether it is there or not; nothing is decrypted."""
        from stackwright.site.secrets.readers import readers

        workspace = self.workspace
        values, secrets = _known(workspace)
        kept = secrets.keeper.read()
        reading: dict[str, list[str]] = {}
        for reader in readers(workspace.site, values):
            reading.setdefault(reader.secret, []).append(reader.service)
        rows = []
        for name, form in secrets.forms.items():
            one = kept.secrets.get(name) if kept else None
            made = str(one.made) if one else ""
            place = str(secrets.referred.get(name, _shown(secrets.keeper) if one else "not made yet"))
            rows.append((name, form, made, place, ", ".join(dict.fromkeys(reading.get(name, ())))))
        for name, (service, key) in _keys(values).items():
            place = _renderer(values, service).text(values.selection.services[service].keys[key].path)
            rows.append((name, "keys", _newest(place), place, service))
        return ("Secret", "Form", "Made", "Kept in", "Read by"), rows


class Audit(WorkspaceLister):
    """List who can read each secret: recipients, services, hosts, users, files; exit status 1 if something is wrong."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Look at the files; nothing is decrypted."""
        from datetime import UTC, datetime

        from stackwright.site.secrets.audit import Audited, audit
        from stackwright.site.secrets.readers import readers

        workspace = self.workspace
        values, secrets = _known(workspace)
        audited = Audited(
            forms=secrets.forms,
            kept=secrets.keeper.read(),
            place=_shown(secrets.keeper),
            referred=secrets.referred,
            readers=readers(workspace.site, values),
        )
        entries = audit(audited, datetime.now(UTC).date())
        self._wrong = any(entry.finding for entry in entries)
        former = values.paths.passwords
        if former.exists():
            self._wrong = True
            sys.stderr.write(f"{former}: passwords plain to read, of an older version: stackwright up\n")
        rows = [
            (
                entry.secret,
                entry.form,
                "" if entry.days is None else entry.days,
                entry.readers,
                entry.host,
                entry.user,
                entry.place,
                entry.mode,
                entry.finding,
            )
            for entry in entries
        ]
        return ("Secret", "Form", "Days", "Read by", "Host", "User", "Where", "Mode", "Finding"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list; the exit status says whether something is wrong."""
        super().run(parsed_args)
        return CheckFailedError.status if self._wrong else 0


class Rotate(WorkspaceCommand):
    """Make secrets anew, and bring the running site to them: their users' passwords, files, and who reads those."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which ones."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", nargs="*", help="secrets, such as nova-database: see `secret list`")
        parser.add_argument(
            "--all", action="store_true", help="all that are not in a Vault and that no data is encrypted with"
        )
        parser.add_argument("--service", help="of this service only")
        parser.add_argument("--plan", action="store_true", help="show the steps that it would lead to; change nothing")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Make new ones, show the plan and run it; if the site does not run, its next `up` takes them up."""
        from stackwright.cli.site import at_work, bring_up, refuse, wish_of
        from stackwright.plan.plan import make_plan
        from stackwright.targets.local.rotation import with_rotations

        workspace = self.workspace
        values, secrets = _known(workspace)
        names = _chosen(parsed_args, values, secrets)
        keys = {name: place for name, place in _keys(values).items() if name in names}
        anew = frozenset(names) - keys.keys()
        if not _runs(workspace):
            if keys and parsed_args.name:
                raise InputError(
                    f"{', '.join(keys)}: the service's own program rotates these, and the site does not run",
                    fix=f"{workspace.again} up",
                )
            self._apart(values, anew, plan=parsed_args.plan)
            return
        with at_work(workspace, "secret rotate") as events:
            wish = wish_of(workspace, events, anew=anew)
            refuse(wish, events)
            plan = make_plan(with_rotations(wish.graph, wish.cloud, keys.values()))
            self._show(plan)
            if parsed_args.plan:
                return
            done = bring_up(workspace, wish, plan, "secret rotate", events)
        self.say(f"{', '.join(names)}: made anew; {workspace.site.name} runs with that after {done} steps.")
        if anew:
            self._share(secrets.keeper)

    def _show(self, plan: Plan) -> None:
        rows = [(item.step.name, item.verdict.reason) for item in plan.lacking]
        width = max((len(name) for name, _ in rows), default=0)
        for name, why in rows:
            self.say(f"  {name:<{width}}  {why}")
        self.app.stdout.flush()

    def _apart(self, values: Values, anew: frozenset[str], *, plan: bool) -> None:
        """Make new ones of a site that does not run."""
        from stackwright.site.secrets.opening import secrets_of

        site = self.workspace.site
        if plan:
            self.say(f"{site.name} does not run: nothing but the file of the secrets would change.")
            return
        secrets = secrets_of(site, values.said, values.selection, values.paths, anew=anew)
        with self.workspace.events() as events:
            secrets.keep(events)
        when = "the next `up`" if site.target == "local" else "its next `site render`, when that is installed"
        self.say(f"{', '.join(sorted(anew))}: made anew; {site.name} takes them up with {when}.")
        self._share(secrets.keeper)

    def _share(self, keeper: Keeper) -> None:
        self.say(f"  share them: git add {_shown(keeper)}, and commit")


class ShowPublic(WorkspaceCommand):
    """Print what anybody may know of a secret: of an SSH key its public part, of a certificate all but the key."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the secret."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Decrypt it, and print the rest."""
        from stackwright.site.secrets.forms import FORMS

        keeper = _known(self.workspace)[1].keeper
        kept = keeper.read()
        if kept is None or parsed_args.name not in kept.secrets:
            names = kept.secrets if kept else ()
            raise InputError(f"no secret {parsed_args.name!r} is kept", fix=suggestion(parsed_args.name, names))
        form = FORMS[kept.secrets[parsed_args.name].form]
        value = keeper.open(kept, [parsed_args.name])[parsed_args.name]
        public = form.public(value, parsed_args.name)
        if not public:
            raise InputError(f"nothing of {form.what} is public", fix="it stands where `secret audit` says")
        self.say(public)


class ShowIdentity(WorkspaceCommand):
    """Print the public key of your identity, for others to add it to the recipients; made if there is none."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:  # noqa: ARG002
        """Read or make it."""
        from stackwright.site.secrets import identity

        with self.workspace.events() as events:
            own = identity.own(events, make=True)
        self.say(own.public[0])


class ListRecipients(WorkspaceLister):
    """List who can decrypt the site's secrets."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """List their names and public keys."""
        kept = _keeper(self.workspace).read()
        return ("Recipient", "Public key"), list(kept.recipients.items()) if kept else []


class AddRecipient(WorkspaceCommand):
    """Let somebody else decrypt the site's secrets, too: they are encrypted anew."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add who."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", help="a name for them, such as tess@example.org")
        parser.add_argument("key", nargs="+", help="their public key: age1..., or a line of an SSH key's .pub file")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Encrypt anew."""
        keeper = _keeper(self.workspace)
        # What ssh-keygen writes behind the key is a comment, and may be of several words.
        keeper.add_recipient(parsed_args.name, " ".join(" ".join(parsed_args.key).split()[:2]))
        self.say(f"{parsed_args.name} can decrypt the secrets in {_shown(keeper)}.")


class RemoveRecipient(WorkspaceCommand):
    """Let somebody decrypt the site's secrets no longer: they are encrypted anew, to the others."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add who."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Encrypt anew."""
        keeper = _keeper(self.workspace)
        keeper.remove_recipient(parsed_args.name)
        self.say(f"{parsed_args.name} cannot decrypt what is in {_shown(keeper)} from now on.")
        self.say(f"  what it held until now is known to them: {self.workspace.again} secret rotate --all")


def _known(workspace: Workspace) -> tuple[Values, Secrets]:
    """Give what the site's templates may name, and its secrets, unopened."""
    from stackwright.site.secrets.opening import Secrets
    from stackwright.targets.local.wish import known_values

    values = known_values(workspace.distribution, workspace.site, state=workspace.state)
    assert isinstance(values.state.secrets, Secrets)
    return values, values.state.secrets


def _keeper(workspace: Workspace) -> Keeper:
    from stackwright.site.secrets.keeper import keeper_of

    return keeper_of(workspace.site)


def _shown(keeper: Keeper) -> str:
    return os.path.relpath(keeper.file)


def _keys(values: Values) -> dict[str, tuple[str, str]]:
    """Give the keys that services keep themselves: name -> service and its key's name."""
    return {
        f"{service}-{name}": (service, name)
        for service, entry in values.selection.services.items()
        for name in entry.keys
    }


def _chosen(parsed_args: argparse.Namespace, values: Values, secrets: Secrets) -> list[str]:
    """Give the secrets that are meant.

    :raises InputError: there is none of a name, none is meant, or one is in a Vault
    """
    services = values.selection.services
    if parsed_args.service and parsed_args.service not in services:
        raise InputError(
            f"the site has no service {parsed_args.service!r}", fix=suggestion(parsed_args.service, services)
        )
    if bool(parsed_args.name) == bool(parsed_args.all or parsed_args.service):
        raise InputError("which secrets?", fix="name them, or write --all, or --service SERVICE")
    known = [*secrets.forms, *_keys(values)]
    lasting = {f"{name}-{secret}": name for name, entry in services.items() for secret in entry.lasting}
    if not parsed_args.name:
        own = {
            f"{name}-{secret}" for name, entry in services.items() for secret in (*entry.secrets, *entry.keys)
            if parsed_args.service in (None, name)
        }  # fmt: skip
        return [
            name for name in known
            if name not in secrets.referred and name not in lasting and (name in own or parsed_args.service is None)
        ]  # fmt: skip
    for name in parsed_args.name:
        if name not in known:
            raise InputError(f"no service of the site wants a secret {name!r}", fix=suggestion(name, known))
        if name in lasting:
            raise InputError(
                f"the secret {name} is not made anew",
                why=f"what {lasting[name]} keeps depends on it, and could not be read any more",
                fix="leave it out; `--all` does",
            )
        if name in secrets.referred:
            raise InputError(
                f"the secret {name} is in a Vault",
                where=secrets.referred[name].where,
                fix="change it there; then type: stackwright up",
            )
        if name in lasting:
            raise InputError(
                f"the secret {name} is not made anew",
                why=f"{lasting[name]} has encrypted data with it, which nobody could read any more",
                fix="leave it out; `--all` does",
            )
    return list(dict.fromkeys(parsed_args.name))


def _runs(workspace: Workspace) -> bool:
    """Tell whether the site is up in this state directory."""
    from stackwright.targets.local.wish import known_cloud

    return workspace.paths.state.exists() and known_cloud(workspace.site, state=workspace.state).supervisor.alive()


def _renderer(values: Values, service: str) -> Renderer:
    from stackwright.site.render import Renderer

    return Renderer(values, service)


def _newest(folder: str) -> str:
    """Give the day on which the newest file of a folder was made; empty if there is none."""
    from datetime import UTC, datetime
    from pathlib import Path

    times = [file.stat().st_mtime for file in Path(folder).glob("*")]
    return str(datetime.fromtimestamp(max(times), UTC).date()) if times else ""
