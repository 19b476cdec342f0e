"""Steps that make services known to the identity service: their users, entries and endpoints; and its administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError
from stackwright.plan.step import Context, Step, Verdict, done, needed, unseen
from stackwright.targets.local.tasks import run_task
from stackwright.tools.keystone import Domain, DomainUser, Registration

if TYPE_CHECKING:
    from stackwright.targets.local.cloud import Cloud


def administrator_step(cloud: Cloud, after: tuple[str, ...]) -> Step:
    """Make the step that lets the administrator of the identity service in with his password, should it be another.

    His password cannot be set by anybody but him, and the one before may be lost: so the task that has made him is run
    again, which goes to the database.
    """
    service, provider = cloud.identity_provider
    task = next(task for task in cloud.selection.services[service].tasks if task.name == provider.administrator)

    def check() -> Verdict:
        try:
            let_in = cloud.identity.lets_in_administrator()
        except RunFailedError as error:
            return unseen(error.what)
        return done() if let_in else needed("the administrator is not let in with his password")

    def do(context: Context) -> None:
        run_task(cloud, service, task, context.log)

    return Step(administrator(service), "let the administrator in with his password", check, do, after, seconds=0.1)


def administrator(service: str) -> str:
    """Give the name of that step."""
    return f"{service}/administrator"


def identity_step(cloud: Cloud, service: str, after: tuple[str, ...]) -> Step:
    """Make the step ``<service>/identity``."""
    entry = cloud.selection.services[service]
    known = entry.identity
    assert known is not None
    wish = Registration(
        type=known.type,
        name=known.name,
        description=entry.title,
        url=f"http://127.0.0.1:{cloud.state.ports[known.port]}{cloud.renderer(service).text(known.path)}",
        user=known.user,
        password=cloud.state.secrets[f"{service}-identity"] if known.user else None,
        roles=known.roles,
        domains=tuple(
            Domain(
                domain,
                about.description,
                tuple(
                    DomainUser(user, own.roles, cloud.state.secrets[f"{service}-{own.secret}"])
                    for user, own in about.users.items()
                ),
            )
            for domain, about in known.domains.items()
        ),
    )

    def check() -> Verdict:
        try:
            lacks = cloud.identity.lacks(wish)
        except RunFailedError as error:
            return unseen(error.what)
        return needed(lacks) if lacks else done()

    def do(_: Context) -> None:
        cloud.identity.register(wish)

    return Step(f"{service}/identity", f"make {service} known: user, service, endpoints", check, do, after, seconds=0.5)
