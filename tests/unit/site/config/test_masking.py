"""Secrets are left out of what is shown."""

from __future__ import annotations

import pytest

from stackwright.events import conceal
from stackwright.site.config.masking import masked, masked_line, masked_value

conceal(["S3cretS3cret", "S3cretS3cretLonger", "abc"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("S3cretS3cret", "***"),
        ("key S3cretS3cretLonger, and more", "key ***, and more"),
        ("mysql+pymysql://nova:S3cretS3cret@127.0.0.1:3306/nova", "mysql+pymysql://nova:***@127.0.0.1:3306/nova"),
        ("rabbit://a:other@h1:5672,b:another@h2:5672/", "rabbit://a:***@h1:5672,b:***@h2:5672/"),
        ("redis://:other@h/0", "redis://:***@h/0"),
        ("http://127.0.0.1:5000/v3", "http://127.0.0.1:5000/v3"),
        ("abcdef", "abcdef"),  # too short a secret to be looked for in others
        ("me@example.org", "me@example.org"),
    ],
)
def test_known_secrets_and_passwords_in_urls_are_left_out(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_of_a_value_that_is_secret_only_the_address_is_shown() -> None:
    assert masked_value("whatever", secret=True) == "***"
    assert masked_value("whatever", secret=False) == "whatever"
    assert masked_value("", secret=True) == ""
    assert masked_value("mysql://a:b@h/d", secret=True) == "mysql://a:***@h/d"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password = mine", "password = ***"),
        ("+metadata_proxy_shared_secret = mine", "+metadata_proxy_shared_secret = ***"),
        ("-admin_token = mine", "-admin_token = ***"),
        ("password_hash_rounds = 6", "password_hash_rounds = 6"),
        ("token_expiration = 3600", "token_expiration = 3600"),
        ("[database]", "[database]"),
        ("default_pass S3cretS3cret", "default_pass ***"),
    ],
)
def test_lines_hide_what_is_named_as_a_secret(line: str, shown: str) -> None:
    assert masked_line(line) == shown
