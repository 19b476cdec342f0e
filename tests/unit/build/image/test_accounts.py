"""The accounts of an image."""

from __future__ import annotations

import pytest

from stackwright.build.image.accounts import Account, Accounts, with_account
from stackwright.errors import InputError

DEBIAN = Accounts(
    "root:x:0:0:root:/root:/bin/bash\nnova:x:115:120::/var/lib/nova:/bin/sh\n",
    "root:x:0:\nnova:x:120:\nkvm:x:42424:\n",
    "root:*:20700:0:99999:7:::\nnova:!:20787::::::\n",
)


def test_a_user_is_added_with_a_group_of_its_own() -> None:
    made = with_account(DEBIAN, Account("glance", 64062, 64062, "/var/lib/glance"))
    assert made.ids("glance") == (64062, 64062)
    assert made.passwd.endswith("glance:x:64062:64062::/var/lib/glance:/usr/sbin/nologin\n")
    assert "glance:x:64062:\n" in made.group
    assert "glance:!:" in made.shadow


def test_a_user_that_a_package_has_made_stays_unless_it_is_to_be_moved() -> None:
    assert with_account(DEBIAN, Account("nova", 42436, 42436)) == DEBIAN
    moved = with_account(DEBIAN, Account("nova", 42436, 42437, moved=True))
    assert moved.ids("nova") == (42436, 42437)
    assert "nova:x:42437:\n" in moved.group
    assert moved.passwd.count("nova") == DEBIAN.passwd.count("nova")


def test_a_number_is_one_users_unless_they_are_said_to_share_it() -> None:
    with pytest.raises(InputError) as refused:
        with_account(DEBIAN, Account("glance", 115, 500))
    assert "that of nova already" in refused.value.what
    with pytest.raises(InputError) as refused:
        with_account(DEBIAN, Account("glance", 500, 42424))
    assert "of kvm already" in refused.value.what
    assert with_account(DEBIAN, Account("glance", 115, 42424, shared=True)).ids("glance") == (115, 42424)


def test_the_day_that_they_were_made_on_is_gone() -> None:
    other = Accounts(DEBIAN.passwd, DEBIAN.group, DEBIAN.shadow.replace("20787", "20788"))
    assert other.settled() == DEBIAN.settled() != DEBIAN
