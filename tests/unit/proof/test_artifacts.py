from __future__ import annotations

from dataclasses import replace

from stackwright.proof.artifacts import set_id
from tests.proved import digest, set_of

KNOWN = "3c641bb79d7fa61a79963a04ac3e41131569d19f50348b4f0f86cd8b70765ac9"


def test_the_id_of_a_set_is_the_same_in_every_version() -> None:
    # Channels are at sets by their ids: that of the same artifacts must never change.
    assert set_of().id == KNOWN


def test_the_order_the_site_and_the_releases_name_do_not_matter() -> None:
    one = set_of()
    assert set_id(reversed(one.artifacts)) == one.id
    assert replace(one, release="other", site="other").id == one.id


def test_another_digest_is_another_set() -> None:
    one = set_of()
    changed = one.artifacts[0].model_copy(update={"digest": digest(77)})
    assert set_id([changed, *one.artifacts[1:]]) != one.id
    assert set_id(one.artifacts[1:]) != one.id


def test_only_what_has_patches_needs_tests() -> None:
    assert [artifact.name for artifact in set_of().patched] == ["nova"]
