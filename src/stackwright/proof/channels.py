"""Channels: `channels/NAME.yaml` in the distribution says which set of artifacts a channel is at, and why; signed.

The signature is the last key of the file and is over all bytes before it. So the record and its signature change
together, by one rename, and git cannot bring the one without the other. What is signed can be checked without us::

    sed '/^signature:/,$d' channels/stable.yaml | ssh-keygen -Y verify -n channel@stackwright ...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import yaml
from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from stackwright.distribution.document import compose
from stackwright.distribution.reading import Collector, parse, read_yaml
from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import NAME_RULE, Name, Sha256, is_name
from stackwright.distribution.writing import put
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import CheckFailedError, InputError, Where, suggestion
from stackwright.proof.artifacts import Artifact, set_id
from stackwright.proof.evidence import Evidence
from stackwright.tools import ssh_keygen

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.distribution.document import Document
    from stackwright.distribution.model import Distribution

FOLDER = "channels"
SIGNERS = "allowed_signers"
# What signatures are for, so that one made for a commit or a file counts for no channel, and the other way round.
NAMESPACE = "channel@stackwright"
HEAD = "# Written and signed by `stackwright promote`. What is changed by hand counts no more.\n"
# The signature is all of the end of the file; nothing that is read is outside of what is signed.
FORM = re.compile(r"(?P<signed>.*\n)signature: \|\n(?P<signature>(?:  [!-~][ -~]*\n)+)", re.DOTALL)


class Move(Written):
    """When a channel came to a set."""

    set_: Sha256 = Field(alias="set", description="the set of artifacts")
    when: AwareDatetime = Field(description="when")
    by: str = Field(min_length=1, description="who signed it: a principal of `allowed_signers`")
    back_from: Sha256 | None = Field(None, description="the set that was left to go back to this one")


class RecordedSet(Written):
    """A set of artifacts that a channel is or was at."""

    set_: Sha256 = Field(alias="set", description="its id")
    release: Name = Field(description="the release that it was made of")
    site: Name = Field(description="the site that it was made for")
    artifacts: tuple[Artifact, ...] = Field(description="what is in it")
    proofs: tuple[Evidence, ...] = Field(description="what was shown of it when the channel came to it")

    @model_validator(mode="after")
    def _is_its_id(self) -> Self:
        if self.set_ != set_id(self.artifacts):
            raise fault(
                f"the set {self.set_!r} is not what is in it",
                why="its id is the SHA-256 over its artifacts",
                fix="bring the file back as it was: git log -p",
                at=("set",),
            )
        return self


class ChannelFile(FromFile):
    """A file `channels/NAME.yaml`: where a channel is, and how it came there. Only `stackwright promote` writes it."""

    model_config = ConfigDict(title="Stackwright channel")

    channel: Name = Field(description="the channel's name")
    distribution: Name = Field(description="the distribution's name")
    set_: Sha256 = Field(alias="set", description="the set of artifacts that it is at")
    moves: tuple[Move, ...] = Field(description="how it came there, the newest first")
    sets: tuple[RecordedSet, ...] = Field(description="the sets it was at, the newest first")
    signature: str = Field(description="SSH signature over all of the file that is before it")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        known = [one.set_ for one in self.sets]
        for index, move in enumerate(self.moves):
            if move.set_ not in known:
                raise fault("nothing is said of this set under `sets`", at=("moves", index, "set"))
        if not self.moves or self.set_ != self.moves[0].set_:
            raise fault("the newest move is to another set", at=("set",))
        for index, one in enumerate(known):
            if one in known[:index]:
                raise fault("this set is here twice", at=("sets", index, "set"))
        return self

    @property
    def current(self) -> RecordedSet:
        """The set that it is at."""
        return self.of(self.set_)

    def of(self, id_: str) -> RecordedSet:
        """Give a set that it is or was at."""
        return next(one for one in self.sets if one.set_ == id_)


@dataclass(frozen=True)
class Channel:
    """A channel's record as it was read.

    :param why: why its signature does not count; empty if it does
    """

    file: Path
    read: ChannelFile
    why: str

    @property
    def good(self) -> ChannelFile:
        """What it says.

        :raises CheckFailedError: its signature does not count
        """
        if self.why:
            raise CheckFailedError(
                f"the record of the channel {self.read.channel} does not count",
                where=Where(self.file),
                why=f"its signature by {self.read.moves[0].by} is not good: {self.why}",
                fix=f"bring back what was signed, or who may sign: git log -p {self.file.parent}",
            )
        return self.read


class Channels:
    """The channels of a distribution.

    :param root: the distribution's folder
    :param distribution: its name
    """

    def __init__(self, root: Path, distribution: str) -> None:
        self.folder = root / FOLDER
        self.signers = self.folder / SIGNERS
        self.distribution = distribution

    def names(self) -> tuple[str, ...]:
        """Give the names of those that are there."""
        if not self.folder.is_dir():
            return ()
        return tuple(sorted(file.stem for file in self.folder.glob("*.yaml") if not file.name.startswith(".")))

    def form(self, name: str) -> ChannelFile:
        """Read the record of a channel that is there, without looking at its signature.

        :raises InputError: it is no such record, or another channel's
        """
        file = self.folder / f"{name}.yaml"
        return self._formed(read_yaml(file), name)

    def find(self, name: str) -> Channel | None:
        """Read the record of a channel, and see whether its signature is good; nothing if there is no such channel.

        :raises InputError: it is no such record, or another channel's
        :raises EnvironmentLacksError: ssh-keygen is not installed
        """
        if not is_name(name):
            raise InputError(f"{name!r} cannot be the name of a channel", fix=NAME_RULE)
        file = self.folder / f"{name}.yaml"
        if not file.exists():
            return None
        read = self.form(name)
        return Channel(file, read, self._why(file.read_bytes(), read))

    def get(self, name: str) -> ChannelFile:
        """Give the record of a channel that is there and counts.

        :raises InputError: there is none, or it cannot be read
        :raises CheckFailedError: its signature does not count
        """
        found = self.find(name)
        if found is None:
            raise InputError(
                f"there is no channel {name!r}", where=Where(self.folder), fix=suggestion(name, self.names())
            )
        return found.good

    def signer(self, key: Path) -> str:
        """Give who a key signs for.

        :raises InputError: there is no such key, or it may not sign
        """
        print_ = ssh_keygen.fingerprint(key)
        there = self.signers.is_file()
        names = ssh_keygen.signers(self.signers.read_text("utf-8", "replace"), print_) if there else ()
        if not names:
            public = key if key.suffix == ".pub" else f"{key}.pub"
            line = f'echo "YOU@EXAMPLE.ORG namespaces=\\"{NAMESPACE}\\" $(cat {public})" >> {self.signers}'
            raise InputError(
                "this key may not sign for the distribution",
                where=Where(key),
                why=f"no line of {self.signers} has it with a name: {print_}" if there else f"no {self.signers} yet",
                fix=line if self.folder.is_dir() else f"mkdir {self.folder} && {line}",
            )
        return names[0]

    def write(self, record: ChannelFile, key: Path) -> Path:
        """Sign a record and put it in its place; what comes out is read and checked before.

        :param record: its signature does not matter
        :raises EnvironmentLacksError: the key cannot be used
        :raises CheckFailedError: the signature would not count, such as that of a key that has expired
        """
        file = self.folder / f"{record.channel}.yaml"
        signed = text_of(record)
        armour = ssh_keygen.sign(signed.encode(), key, NAMESPACE)
        text = f"{signed}signature: |\n" + "".join(f"  {line}\n" for line in armour.splitlines())
        document, errors = compose(text, file)
        if errors or document is None:
            raise errors[0]
        read = self._formed(document, record.channel)
        assert Channel(file, read, self._why(text.encode(), read)).good
        put(file, text)
        return file

    def _formed(self, document: Document, name: str) -> ChannelFile:
        read = parse(ChannelFile, document).placed(document)
        for key, said, right in (
            ("channel", read.channel, name),
            ("distribution", read.distribution, self.distribution),
        ):
            if said != right:
                raise InputError(
                    f"this is a record of the {key} {said!r}, not of {right!r}",
                    where=read.where(key),
                    why="a record is signed for one channel of one distribution",
                    fix="remove the copy, and let `stackwright promote` write the channel's own",
                )
        return read

    def _why(self, content: bytes, read: ChannelFile) -> str:
        match = FORM.fullmatch(content.decode("utf-8", "replace"))
        if match is None or read.signature != re.sub(r"(?m)^  ", "", match["signature"]):
            return "it is not the end of the file, as `stackwright promote` writes it"
        newest = read.moves[0]
        return ssh_keygen.verify(
            match["signed"].encode(),
            read.signature,
            allowed=self.signers,
            principal=newest.by,
            namespace=NAMESPACE,
            when=newest.when,
        )


def text_of(record: ChannelFile) -> str:
    """Give what of a record is signed, as it is written: one line an artifact and a proof. A pure function."""
    plain = record.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"signature"})
    # With None, what holds nothing but words is on one line, and all else below one another.
    dumped = yaml.safe_dump(plain, default_flow_style=None, sort_keys=False, allow_unicode=True, width=100_000)
    return HEAD + dumped


def check_channels(distribution: Distribution) -> None:
    """See that each record can be read, and that the distribution has what a channel is at; not who signed it.

    :raises InputError: one cannot be read, or its release or site is gone
    """
    channels, collector = Channels(distribution.root, distribution.name), Collector()
    for name in channels.names():
        with collector.collecting():
            read = channels.form(name)
            current = read.current
            at = ("sets", read.sets.index(current))
            for key, said, known in (
                ("release", current.release, distribution.releases),
                ("site", current.site, distribution.sites),
            ):
                if said not in known:
                    raise InputError(
                        f"the channel {name} is at a set of the {key} {said!r}, which is not there",
                        where=read.where(*at, key),
                        fix=f"bring the {key} back, or move the channel: stackwright promote {name}",
                    )
    collector.raise_errors()
