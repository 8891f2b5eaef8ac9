"""No credential of an address is shown."""

from __future__ import annotations

import pytest

from containers.servers.urls import without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://user:hunter2@host:1/0", "redis://host:1/0"),
        ("redis://:hunt@er2@host/0", "redis://host/0"),
        ("rediss://host/0?password=hunter2#hunter2", "rediss://host/0"),
        ("redis://[::1/hunter2", "an address that cannot be parsed"),
    ],
    ids=["nothing secret", "user and password", "password with an at sign", "query and fragment", "malformed"],
)
def test_user_password_and_query_are_left_out(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
