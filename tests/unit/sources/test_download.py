from __future__ import annotations

import pytest

from stackwright.sources.download import shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host/a/nova-1.0.tar.gz", "https://host/a/nova-1.0.tar.gz"),
        ("https://user:s3cret@host:8080/a", "https://host:8080/a"),
        ("https://token@host/a?X-Signature=s3cret#sha256=1", "https://host/a"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, expected: str) -> None:
    assert shown(url) == expected
