"""skopeo: images between an OCI layout and a registry (skopeo(1)).

Who may push is skopeo's own matter: `skopeo login`, or the file that REGISTRY_AUTH_FILE names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, Where
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stackwright.tools.process import Completed

# A registry of this machine needs no certificate, as Docker has it, too.
LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(/|$)")
ABSENT = ("manifest unknown", "name unknown", "not known to registry", "repository not found")
UNREACHED = ("connection refused", "no such host", "i/o timeout", "no route to host", "network is unreachable")
REFUSED = ("unauthorized", "authentication required", "denied")
FULL = ("no space left", "insufficient storage", "quota")
# Debian's docker-registry says no more of a full disk.
FAILED = ("500 internal server error",)
RETRIES = "--retry-times=2"
# Of a list of what is attached, the manifests stay as they are; skopeo 1.9 may write the list itself in its own words.
LIST, IMAGE = ("--all",), ("--preserve-digests",)
INDEX = (*LIST, *IMAGE)
SECONDS = 1800.0


def manifest(image: str) -> bytes | None:
    """Give the manifest of an image in a registry, as it is; None if the registry does not have it.

    :param image: ``REGISTRY/NAME:TAG``
    :raises EnvironmentLacksError: skopeo is not installed, the registry cannot be reached, or refuses
    """
    done = _skopeo(["inspect", "--raw", *_tls("--tls-verify", image), f"docker://{image}"])
    if done.status == 0:
        return done.stdout
    if any(sign in _said(done).lower() for sign in ABSENT):
        return None
    raise _failed(image, done)


def push(layout: Path, reference: str, image: str, *, kind: Sequence[str] = IMAGE) -> None:
    """Copy what a reference of a layout names to a registry: manifests and blobs byte for byte.

    :param image: ``REGISTRY/NAME:TAG``
    :param kind: IMAGE, INDEX of images, or LIST
    :raises EnvironmentLacksError: skopeo is not installed, the registry cannot be reached, is full, or refuses
    """
    words = ["copy", *kind, RETRIES, *_tls("--dest-tls-verify", image)]
    done = _skopeo([*words, f"oci:{layout}:{reference}", f"docker://{image}"])
    if done.status != 0:
        raise _failed(image, done)


def pull(image: str, layout: Path, blobs: Path, reference: str, *, kind: Sequence[str] = IMAGE) -> None:
    """Copy an image of a registry into a layout; blobs that are there are not fetched again.

    :param blobs: the folder of blobs, which other layouts may use too
    :param kind: IMAGE, INDEX of images, or LIST
    :raises EnvironmentLacksError: skopeo is not installed, the registry cannot be reached, or refuses
    """
    words = ["copy", *kind, RETRIES, *_tls("--src-tls-verify", image)]
    done = _skopeo([*words, f"--dest-shared-blob-dir={blobs}", f"docker://{image}", f"oci:{layout}:{reference}"])
    if done.status != 0:
        raise _failed(image, done)


def _skopeo(words: list[str]) -> Completed:
    # What is copied is named by its digest: whom to trust is asked of its signature, not of a policy of this machine.
    command = [process.find("skopeo"), "--insecure-policy", *words]
    return process.run(command, env={"LC_ALL": "C.UTF-8"}, check=False, timeout=SECONDS)


def _tls(option: str, image: str) -> list[str]:
    return [f"{option}=false"] if LOOPBACK.match(image) else []


def _said(done: Completed) -> str:
    """Give what skopeo said last, without its form: ``time="..." level=fatal msg="..."``."""
    text = done.stderr.decode(errors="replace").strip()
    found = re.findall(r'level=fatal msg="((?:[^"\\]|\\.)*)"', text)
    return re.sub(r"\\(.)", r"\1", found[-1]) if found else text


def _failed(image: str, done: Completed) -> EnvironmentLacksError:
    said = _said(done)
    small = said.lower()
    registry = image.partition("/")[0]
    what, fix = f"skopeo cannot copy from or to the registry {registry}", "see what it says"
    if any(sign in small for sign in FULL):
        what, fix = f"the registry {registry} is full", "make room there, and run the same command again"
    elif any(sign in small for sign in FAILED):
        what = f"the registry {registry} fails"
        fix = "see its log: the usual cause is a full disk; then run the same command again"
    elif any(sign in small for sign in REFUSED):
        what, fix = f"the registry {registry} refuses", f"skopeo login {registry}"
    elif any(sign in small for sign in UNREACHED):
        what, fix = f"the registry {registry} cannot be reached", "start it, or correct its address"
    return EnvironmentLacksError(what, where=Where(subject=image), why=said.replace("\n", "; "), fix=fix)
