"""`promote` moves a channel to a proved set of artifacts; `channel list` and `channel show` tell where channels are."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.cli.signing import KEY, signing_key
from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.store.lock import locked

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.proof.channels import ChannelFile, Channels, Move, RecordedSet
    from stackwright.proof.evidence import Evidence


class Promote(WorkspaceCommand):
    """Move a channel to a set of artifacts that is proved: only its record, `channels/NAME.yaml`, changes, signed.

    Without an option, to the artifacts that the site is made of now.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the channel, where to move it, and the key."""
        parser = super().get_parser(prog_name)
        parser.add_argument("channel", help="the channel: stable, candidate, or another; it need not be there yet")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--from", metavar="CHANNEL", dest="other", help="to the set that another channel is at")
        where.add_argument("--set", metavar="ID", help="to a set that a channel is or was at; the beginning of its id")
        where.add_argument("--back", action="store_true", help="to the set that it was at before")
        parser.add_argument(
            "--key",
            metavar="FILE",
            type=Path,
            help=f"the SSH key that signs, or its public part for an agent's ({KEY})",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Find the set, see that it is proved, and sign the record."""
        from stackwright.proof.artifacts import short

        self.workspace.state.mkdir(parents=True, exist_ok=True)
        with locked(self.workspace.state / "channels.lock"):
            channels = self._channels()
            found = channels.find(parsed_args.channel)
            before = found.good if found else None
            if parsed_args.back:
                self._back(channels, parsed_args.channel, before, parsed_args.key)
                return
            entry = self._wanted(channels, parsed_args)
            if before is not None and before.set_ == entry.set_:
                self.say(f"{parsed_args.channel} is at {short(entry.set_)} already: nothing to do.")
                return
            entry = self._proved(entry)
            self._move(channels, parsed_args.channel, before, entry, parsed_args.key)

    def _channels(self) -> Channels:
        from stackwright.proof.channels import Channels

        return Channels(self.workspace.root, self.workspace.distribution.name)

    def _wanted(self, channels: Channels, parsed_args: argparse.Namespace) -> RecordedSet:
        """Give the set that is meant."""
        if parsed_args.other:
            return channels.get(parsed_args.other).current
        if parsed_args.set:
            return _named(channels, parsed_args.set)
        from stackwright.proof.artifacts import artifacts_of
        from stackwright.proof.promotion import recorded
        from stackwright.targets.local.wish import make_wish

        workspace = self.workspace
        with workspace.events() as events:
            wish = make_wish(
                workspace.distribution, workspace.site, state=workspace.state, cache=workspace.cache, events=events
            )
        return recorded(artifacts_of(wish, workspace.cache), ())

    def _proved(self, entry: RecordedSet) -> RecordedSet:
        """Give a set with the proofs that count for it, known here or brought by it; refuse it without them."""
        from stackwright.proof.artifacts import ArtifactSet
        from stackwright.proof.evidence import Proofs
        from stackwright.proof.promotion import judge, known_of, recorded, require_proved

        artifacts = ArtifactSet(entry.release, entry.site, entry.artifacts)
        known = (*entry.proofs, *known_of(artifacts, Proofs(self.workspace.state / "proofs")))
        judgement = judge(artifacts, known, self.workspace.distribution.proof)
        require_proved(artifacts, judgement)
        return recorded(artifacts, judgement.proofs)

    def _back(self, channels: Channels, channel: str, before: ChannelFile | None, key: Path | None) -> None:
        from stackwright.proof.promotion import former

        target = former(before) if before else None
        if before is None or target is None:
            raise InputError(
                f"the channel {channel} has no former set",
                where=Where(channels.folder / f"{channel}.yaml"),
                why="it is at its first" if before else "there is no such channel",
                fix=f"stackwright channel show {channel}" if before else "stackwright channel list",
            )
        self._move(channels, channel, before, before.of(target), key, back_from=before.set_)

    def _move(
        self,
        channels: Channels,
        channel: str,
        before: ChannelFile | None,
        entry: RecordedSet,
        key: Path | None,
        *,
        back_from: str | None = None,
    ) -> None:
        """Sign the record, and say where the channel is now."""
        from stackwright.proof.artifacts import short
        from stackwright.proof.channels import Move
        from stackwright.proof.promotion import moved

        signing = signing_key(key, "the record of a channel is signed")
        who = channels.signer(signing)
        move = Move(set_=entry.set_, when=datetime.now(UTC).replace(microsecond=0), by=who, back_from=back_from)
        record = moved(before, entry, move, channel=channel, distribution=channels.distribution)
        file = channels.write(record, signing)
        was = f", {'back ' if back_from else ''}from {short(before.set_)}" if before else ", and is new"
        self.say(f"{channel} is at {short(entry.set_)} now{was}: {_counted(entry)}, signed by {who}.")
        self.say(f"  share it: git add {os.path.relpath(file)}, and commit")


class ListChannels(WorkspaceLister):
    """List the channels, the set each is at, and whether its signature is good; exit status 1 if one is not."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Read and check every record."""
        from stackwright.proof.artifacts import short
        from stackwright.proof.channels import Channels

        channels = Channels(self.workspace.root, self.workspace.distribution.name)
        found = [channel for name in channels.names() if (channel := channels.find(name))]
        self._all_good = not any(channel.why for channel in found)
        rows = [
            (
                channel.read.channel,
                short(channel.read.set_),
                channel.read.current.release,
                *_told(channel.read.moves[0]),
                channel.why or "good",
            )
            for channel in found
        ]
        return ("Channel", "Set", "Release", "When", "By", "Signature"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list; the exit status says whether all signatures are good."""
        super().run(parsed_args)
        return 0 if self._all_good else CheckFailedError.status


class ShowChannel(WorkspaceLister):
    """List the artifacts of the set that a channel is at, and what was shown of them."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the channel."""
        parser = super().get_parser(prog_name)
        parser.add_argument("channel")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read its record."""
        from stackwright.proof.channels import Channels

        channels = Channels(self.workspace.root, self.workspace.distribution.name)
        current = channels.get(parsed_args.channel).current
        return ("Kind", "Name", "Version", "Digest", "Proved by"), list(_rows(current))


def _rows(entry: RecordedSet) -> Iterator[tuple[str, ...]]:
    for artifact in entry.artifacts:
        shown = [one for one in entry.proofs if artifact.tree and one.subject == artifact.tree]
        yield artifact.kind, artifact.name, artifact.version, artifact.digest, "; ".join(map(_shown, shown))
    for one in entry.proofs:
        if one.subject == entry.set_:
            yield one.what, one.scope, "", one.subject, _shown(one)


def _shown(one: Evidence) -> str:
    counts = f"{one.passed} passed" + (f", {one.skipped} skipped" if one.skipped else "")
    return f"{one.scope}: {counts}, {one.when:%Y-%m-%d}"


def _told(move: Move) -> tuple[str, str]:
    return f"{move.when.astimezone(UTC):%Y-%m-%d %H:%M}Z", move.by


def _counted(entry: RecordedSet) -> str:
    kinds: dict[str, int] = {}
    for artifact in entry.artifacts:
        kinds[artifact.kind] = kinds.get(artifact.kind, 0) + 1
    counts = [f"{number} {kind}{'s' if number > 1 else ''}" for kind, number in kinds.items()]
    return f"{entry.release} of the site {entry.site} ({', '.join(counts)})"


def _named(channels: Channels, begin: str) -> RecordedSet:
    """Give the set whose id begins so, from the record of a channel whose signature is good."""
    if not re.fullmatch(r"[0-9a-f]{6,64}", begin):
        raise InputError(
            f"{begin!r} is not the id of a set", fix="write 6 to 64 of 0-9 and a-f: stackwright channel list"
        )
    holders = {
        one.set_: name for name in channels.names() for one in channels.form(name).sets if one.set_.startswith(begin)
    }
    if len(holders) != 1:
        raise InputError(
            f"no channel is or was at a set {begin!r}" if not holders else f"{len(holders)} sets begin with {begin!r}",
            where=Where(channels.folder),
            why=", ".join(holders),
            fix="write more of the id" if holders else "without --set, the set that the site is made of now is meant",
        )
    ((id_, name),) = holders.items()
    return channels.get(name).of(id_)
