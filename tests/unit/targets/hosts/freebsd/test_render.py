"""The folder of a host, and which secrets it can have."""

from __future__ import annotations

import pytest

from stackwright.errors import CheckFailedError, InputError
from stackwright.targets.hosts.freebsd.render import folder_of
from tests.freebsd_host.made import made_host

HOST = made_host("placement")


def test_a_secret_has_a_file_of_its_own() -> None:
    whole = folder_of(HOST, "2026.2", {"nova-database": "kX3-9_q.w"}).whole
    assert whole["secrets/nova-database"].content == b"kX3-9_q.w\n"


@pytest.mark.parametrize("value", ["", "kX3'q", 'kX3"q', "kX3\\q", "kX3#q", "kX3 q", "kX3\nq", "kX3\u00e9", "kX3\tq"])
def test_a_secret_that_would_end_where_it_is_put_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="nova-database cannot be put") as caught:
        folder_of(HOST, "2026.2", {"nova-database": value})
    assert "rotate nova-database" in str(caught.value.fix)
    assert "kX3" not in str(caught.value)


def test_a_secret_that_a_value_says_is_refused() -> None:
    with pytest.raises(CheckFailedError, match="the secret of-keystone stands in"):
        folder_of(HOST, "2026.2", {"of-keystone": "127.0.0.1:5000"})
