"""The proof of orchestration: a stack is created, its outputs are what was made, and nothing is left of it.

The template is of the form that docs.openstack.org/heat/latest/template_guide has, of the version 2018-08-31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openstack.exceptions import NotFoundException

from stackwright.errors import CheckFailedError
from stackwright.proof.report import wait_for
from stackwright.proof.services.proof import ServiceProof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openstack.connection import Connection
    from openstack.orchestration.v1.stack import Stack

    from stackwright.proof.services.proof import Ground, ServerParts

SERVICE = "heat"
PATIENCE = 180.0  # seconds for a stack to be created, or deleted
LENGTH = 24


def template(parts: ServerParts | None) -> dict[str, Any]:
    """Give the template: a word made by Heat itself; where the cloud has servers, one whose metadata has the word."""
    resources: dict[str, Any] = {"word": {"type": "OS::Heat::RandomString", "properties": {"length": LENGTH}}}
    outputs: dict[str, Any] = {"word": {"value": {"get_attr": ["word", "value"]}}}
    if parts is not None:
        properties = {
            "image": parts.image,
            "flavor": parts.flavor,
            "networks": [{"network": parts.network}],
            "metadata": {"word": {"get_attr": ["word", "value"]}},
        }
        resources["server"] = {"type": "OS::Nova::Server", "properties": properties}
        outputs["server"] = {"value": {"get_resource": "server"}}
    return {"heat_template_version": "2018-08-31", "resources": resources, "outputs": outputs}


def _prove(ground: Ground) -> None:
    connection, name = ground.connection, f"{ground.name}-stack"
    with ground.recorder.check("stack", SERVICE) as check:
        stack = connection.orchestration.create_stack(name=name, template=template(ground.parts), timeout_mins=5)
        made = wait_for(lambda: _created(connection, stack.id), f"the stack {name} was not created", PATIENCE)
        outputs = {output["output_key"]: output.get("output_value") for output in made.outputs}
        word = str(outputs.get("word") or "")
        if len(word) != LENGTH:
            raise CheckFailedError(f"the stack's output is {word!r}, and it should be of {LENGTH} characters")
        check.detail = "created, and its outputs read"
        if ground.parts is not None:
            server = connection.compute.get_server(str(outputs.get("server")))
            if server.status != "ACTIVE" or server.metadata.get("word") != word:
                raise CheckFailedError(f"the stack's server is {server.status}, with the metadata {server.metadata}")
            check.detail = f"created with the server {server.name}, and its outputs read"
    with ground.recorder.check("stack-delete", SERVICE) as check:
        _delete(connection, made)
        check.detail = "it is gone"
        if ground.parts is not None:
            if any(one.id == server.id for one in connection.compute.servers()):
                raise CheckFailedError(f"the stack is gone, and its server {server.name} is not")
            check.detail = "it is gone, and its server"


def _created(connection: Connection, stack: str) -> Stack | None:
    now: Stack = connection.orchestration.get_stack(stack)
    if now.status.endswith("FAILED"):
        raise CheckFailedError(f"heat says: {now.status_reason}")
    return now if now.status == "CREATE_COMPLETE" else None


def _delete(connection: Connection, stack: Stack) -> None:
    def is_gone() -> bool:
        try:
            now = connection.orchestration.get_stack(stack.id)
        except NotFoundException:
            return True
        if now.status == "DELETE_FAILED":
            raise CheckFailedError(f"heat says: {now.status_reason}")
        return bool(now.status == "DELETE_COMPLETE")

    connection.orchestration.delete_stack(stack.id)
    wait_for(is_gone, f"the stack {stack.name} was not deleted", PATIENCE)


def _remove(connection: Connection, is_ours: Callable[[str], bool]) -> Iterator[str]:
    for stack in connection.orchestration.stacks():
        if is_ours(stack.name):
            _delete(connection, stack)
            yield f"stack {stack.name}"


PROOF = ServiceProof(_prove, _remove)
