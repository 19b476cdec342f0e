"""Steps that make a service known to the identity service: its user, its entry and its endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError
from stackwright.plan.step import Context, Step, Verdict, done, needed, unseen
from stackwright.tools.keystone import Registration

if TYPE_CHECKING:
    from stackwright.targets.local.cloud import Cloud


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
