"""The model of a catalogue entry: what a service is, for every target, as data.

Text in an entry is a Jinja template unless said otherwise; what it may use is listed in docs/catalogue.md.
Names in ``after`` are steps: ``name`` of the same service, or ``service/name`` of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from stackwright.distribution.texts import ValueName
from stackwright.distribution.values import DeclaredValue


class Entry(BaseModel):
    """Base of the parts of an entry: what is not in the model is an error, what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Names = tuple[str, ...]
# Of roles, domains and users in the identity service.
IdentityName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_:-]*$")]
Command = Annotated[tuple[str, ...], Field(min_length=1)]


# What a secret looks like, and so how one is made (stackwright.site.secrets.forms).
SecretForm = Literal["password", "hex", "text-key", "cephx-key", "fernet-key", "ssh-key", "certificate"]

# Where a process or a command finds itself. What handles guests' packets makes bridges and taps, and there is one of
# each name in a network, so that the local target gives it one of its own: a site's compute host.
Network = Literal["host", "compute"]


class Environment(Entry):
    """The Python environment that a service's programs run in."""

    requirements: Names = Field(description="Python distributions; components of the release at its versions")
    alone: tuple[Annotated[str, Field(pattern=r"^[^=]+==[^=]+$")], ...] = Field(
        (), description="further ones, as NAME==VERSION, that require nothing: a plan need not build them to know"
    )


class Directory(Entry):
    """A directory of the service, made before its files are written."""

    owner: str = "root"
    mode: int = 0o755
    attributes: bool = Field(False, description="its file system has to keep extended attributes of users (xattr(7))")


class File(Entry):
    """A file of the service's configuration; exactly one of its forms."""

    ini: Mapping[str, Mapping[str, str]] | None = Field(
        None, description="section -> option -> value; the option `include` names shared maps to take in"
    )
    text: str | None = Field(None, description="the file's text")
    policy: bool = Field(False, description="the rules that are set under `conf: policy`, as oslo.policy reads them")
    owner: str = "root"
    mode: int = 0o600
    path: str = Field("", description="where, if not in the service's configuration folder")
    reader: str = Field(
        "", description="what reads its `ini`, if that is not oslo.config: nobody can be asked for its options"
    )
    said_as: str = Field("", description="the file under whose name values set its options, if not its own")

    @model_validator(mode="after")
    def _one_form(self) -> File:
        if (self.ini is not None) + (self.text is not None) + self.policy != 1:
            raise ValueError("a file has exactly one of `ini`, `text`, `policy`")
        return self


class HttpHealth(Entry):
    """Healthy when a GET is answered with one of these statuses."""

    port: Word
    path: str = "/"
    status: tuple[int, ...] = (200,)


class TcpHealth(Entry):
    """Healthy when the port takes a connection and answers what is sent to it as expected."""

    port: Word
    send: str = ""
    expect: str = ""


class RowHealth(Entry):
    """Healthy when a query gives a row; ``{started}`` is the process's start in seconds since the epoch."""

    database: str
    query: str


class Health(Entry):
    """When a process is of use; with none of the forms, when it is alive."""

    http: HttpHealth | None = None
    tcp: TcpHealth | None = None
    unix: str | None = Field(None, description="path of a socket that takes a connection")
    row: RowHealth | None = None
    seconds: float = Field(60, description="after which a process that is not healthy has failed")

    @model_validator(mode="after")
    def _one_form(self) -> Health:
        if sum(form is not None for form in (self.http, self.tcp, self.unix, self.row)) > 1:
            raise ValueError("`health` has at most one of `http`, `tcp`, `unix`, `row`")
        return self


class Wsgi(Entry):
    """A WSGI application, of a module or of a file of PasteDeploy; the target says what serves it."""

    module: str | None = Field(None, description="Python module that has it as `application`")
    paste: str | None = Field(
        None, description="file in the service's environment, as PasteDeploy reads it, whose application `main` it is"
    )
    port: Word
    compute: bool = Field(False, description="the compute host asks it too, at `site_address`")
    static: Mapping[str, str] = Field(
        {}, description="path below which files are given out as they are -> their folder"
    )
    threads: bool = Field(True, description="whether one process of it may answer several requests at once")

    @model_validator(mode="after")
    def _one_form(self) -> Wsgi:
        if (self.module is None) == (self.paste is None):
            raise ValueError("`wsgi` has either `module` or `paste`")
        return self


class Stop(Entry):
    """How a process is stopped."""

    signal: Literal["TERM", "INT", "QUIT", "KILL"] = "TERM"
    seconds: int = 10
    before: tuple[Command, ...] = Field((), description="commands run first, whose failure does not matter")


class Process(Entry):
    """A process that runs as long as the cloud is up."""

    summary: str = ""
    command: Command | None = None
    wsgi: Wsgi | None = None
    environment: Mapping[str, str] = {}
    user: str = "root"
    network: Network = "host"
    after: Names | None = Field(None, description="steps; without it, all tasks of the service")
    reads: Names | None = Field(None, description="files it reads; without it, all of the service")
    health: Health = Health()
    stop: Stop = Stop()
    seconds: float = Field(3, description="roughly, from its start until it is healthy")

    @model_validator(mode="after")
    def _one_form(self) -> Process:
        if (self.command is None) == (self.wsgi is None):
            raise ValueError("a process has either `command` or `wsgi`")
        return self


class Each(Entry):
    """What a service has once for each of several things: a node, a device.

    In its templates the key that it has below ``each`` names the thing. Ports and processes are named
    ``<name>-<thing>``, files lie in a folder of the thing's name; among each other they are named without it. In
    ``after`` of the service's tasks and other processes, the name of such a process means those of all things.
    """

    of: str = Field(description="template of the things' names, with blanks between; one that comes again counts once")
    ports: Mapping[Word, int] = Field({}, description="name -> the number to take if it is free")
    directories: Mapping[str, Directory] = {}
    files: Mapping[str, File] = {}
    processes: Mapping[Word, Process] = {}


class Rings(Entry):
    """Rings, which say what device holds which part of the service's data; its own programs make them.

    In templates ``ring``, ``node`` and ``device`` are those that are spoken of.
    """

    devices: ValueName = Field(description="the service's value that names the devices")
    replicas: str = Field(description="how many devices hold everything")
    part_power: str = Field(alias="part-power", description="the rings have 2 to this power partitions")
    min_part_hours: str = Field(alias="min-part-hours", description="hours in which no partition is moved twice")
    builders: str = Field(description="the folder of what they are made from")
    files: str = Field(description="the folder of the rings, which its processes read, NAME.ring.gz")
    address: str = Field(description="of the node that a device is in")
    port: str = Field(description="of what serves a ring's data there")
    meta: str = Field(description="what the rings keep of a device besides, which ends in /NODE")
    folder: str = Field(description="where a device keeps its data, on this machine")
    holds: Mapping[Word, Names] = Field(description="ring -> the data that a device has, as patterns of files there")
    reserve: str = Field(description="percent of a device that stay free: with less it takes no data")
    carry: Command = Field(description="brings the data of a node to where the rings have it, once")


class Alternative(Entry):
    """One of several forms that a part of a service can have."""

    given: Word | None = Field(None, description="service of the site that it needs, and requires; without it, none")
    change: Mapping[str, Any] = Field(description="a part of an entry: maps are merged, all else is replaced")


class Output(Entry):
    """Fulfilled when a command succeeds and prints this text."""

    command: Command
    contains: str = ""


class Until(Entry):
    """What is seen in reality when a task is done; exactly one."""

    path: str | None = Field(None, description="a file that is there")
    output: Output | None = None
    row: RowHealth | None = None
    trees: Names | None = Field(
        None,
        description="recorded in the database with the identity of these paths of the component's tree: "
        "the task is done again when one of them changes",
    )

    @model_validator(mode="after")
    def _one_form(self) -> Until:
        given = [form for form in (self.path, self.output, self.row, self.trees) if form is not None]
        if len(given) != 1:
            raise ValueError("`until` has exactly one of `path`, `output`, `row`, `trees`")
        return self


class Task(Entry):
    """A command run when reality lacks what it brings; without a command, a thing to wait for."""

    name: Word
    summary: str
    command: Command | None = None
    environment: Mapping[str, str] = {}
    network: Network = "host"
    after: Names | None = Field(None, description="steps; without it, the task before it")
    until: Until
    fills: Names = Field((), description="databases it fills; made anew if it was cut off the first time")
    wait: float = Field(0, description="seconds that reality may take to show it")
    seconds: float = 1


class Keys(Entry):
    """A folder of keys that the service's own programs make, keep on the site and rotate."""

    path: str = Field(description="the folder")
    rotate: tuple[Command, ...] = Field(description="commands that rotate them; a run that is cut off begins anew")


class DomainUser(Entry):
    """A user in a domain of the service's."""

    secret: Word = Field(description="name of the secret that is its password")
    roles: Annotated[tuple[IdentityName, ...], Field(min_length=1)] = Field(description="that it has on the domain")


class Domain(Entry):
    """A domain of the identity service that is the service's own."""

    description: str = ""
    users: Mapping[IdentityName, DomainUser] = {}


class Identity(Entry):
    """How the service is known to the identity service, and what else it needs there."""

    type: Word
    name: Word
    description: str = ""
    port: Word
    path: str = ""
    user: Word | None = Field(None, description="its user, with the roles admin and service in the service project")
    roles: tuple[IdentityName, ...] = Field((), description="roles that there have to be; nobody is given them")
    domains: Mapping[IdentityName, Domain] = Field({}, description="domains of the service's own")


class DatabaseProvider(Entry):
    """The service is where the target makes the other services' databases: a MariaDB or MySQL."""

    process: Word
    socket: str = Field(description="path of its Unix socket")


class IdentityProvider(Entry):
    """The service is where the target makes the other services known: a Keystone."""

    process: Word
    url: str
    password: Word = Field(description="name of the secret that is the administrator's password")
    administrator: Word = Field(description="name of the task that makes the administrator, and sets his password")


class Provides(Entry):
    """What the target itself needs of a service."""

    database: DatabaseProvider | None = None
    identity: IdentityProvider | None = None


class Image(Entry):
    """What images of the service need that the rest of the entry does not say.

    Without it, an image has the service's `packages`, and its processes run as the service's own user.
    """

    packages: Names = Field((), description="Debian packages that its programs need, in the place of `packages`")
    profiles: Mapping[Word, Names] = Field(
        {}, description="further packages by name; those of a process's name are in the image of that process"
    )
    root: tuple[Word, ...] = Field((), description="processes that need root's powers")


class Upstream(Entry):
    """Which version of the component belongs to which series; each series after it has the next major version."""

    series: Annotated[str, Field(pattern=r"^20\d\d\.[12]$")]
    major: int


class Proved(Entry):
    """What is known of the service's working, for people."""

    here: Names = Field((), description="what was seen to work on a machine of its own, in tests that anybody can run")
    elsewhere: Names = Field((), description="what needs hardware or a system that those tests do not have")


class Retired(Entry):
    """A service that upstream has ended."""

    title: str
    ended: int = Field(description="the year")
    why: str
    instead: str = Field(description="what to do, in the imperative")


class RetiredFile(RootModel[Mapping[Word, Retired]]):
    """The file of the services that upstream has ended."""


class Service(Entry):
    """An entry of the catalogue."""

    title: str
    proved: Proved = Proved()
    groups: tuple[Word, ...] = Field((), description="sets a site can name instead of the service")
    component: str | None = Field(None, description="of the release")
    upstream: Upstream | None = Field(None, description="by which a version of another series is known")
    requires: tuple[Word, ...] = ()
    provides: Provides = Provides()
    environment: Environment | None = None
    image: Image | None = None
    packages: Names = Field((), description="Debian packages")
    unpack: Names = Field((), description="Debian packages whose files are wanted, but not their installation")
    users: Names = Field((), description="system users, made where Debian's packages have not")
    ports: Mapping[Word, int] = Field({}, description="name -> the number to take if it is free")
    secrets: Mapping[Word, SecretForm] = Field({}, description="name -> form; generated once for a site")
    lasting: Names = Field((), description="secrets that are never made anew: what is kept could not be read any more")
    keys: Mapping[Word, Keys] = Field({}, description="secrets that the service's own programs make and keep")
    values: Mapping[ValueName, DeclaredValue] = Field({}, description="what can be said of the service in values")
    databases: Names = ()
    directories: Mapping[str, Directory] = {}
    files: Mapping[str, File] = {}
    tasks: tuple[Task, ...] = ()
    processes: Mapping[Word, Process] = {}
    each: Mapping[Word, Each] = Field({}, description="what it has once for each of several things")
    rings: Rings | None = None
    alternatives: Mapping[Word, tuple[Alternative, ...]] = Field(
        {}, description="what is chosen -> its forms, of which the first that the site's services allow is taken"
    )
    identity: Identity | None = None
    shared: Mapping[str, str | Mapping[str, str]] = Field(
        {},
        description="text and maps that other services take in, rendered for the one that takes",
    )

    @property
    def policy(self) -> str:
        """The name of its file of policy; empty if it has none."""
        return next((name for name, file in self.files.items() if file.policy), "")

    @property
    def option_files(self) -> tuple[str, ...]:
        """The names under which values set options of its files."""
        all_files = [*self.files.items(), *(pair for each in self.each.values() for pair in each.files.items())]
        return tuple(dict.fromkeys(file.said_as or name for name, file in all_files if file.ini is not None))
