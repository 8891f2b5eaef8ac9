"""Fixtures of the integration tests: real backends (docs/backends.md), and the services on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from containers.servers.jaeger_server import JaegerBackend
    from containers.servers.postgres_server import PostgresBackend
    from containers.servers.redis_server import RedisBackend
    from demo.services import Services

pytest_plugins = ["containers.pytest_backends"]
# They have sessions of their own, of the same names, as they need more programs and packages.
collect_ignore = [
    folder
    for folder, variable in (
        ("stores", "SPANPACT_STORES"),
        ("spark", "SPANPACT_SPARK"),
        ("browser", "SPANPACT_BROWSER"),
        ("docs_site", "SPANPACT_SITE"),
        ("monitoring", "SPANPACT_MONITORING"),
        ("deployments", "SPANPACT_DEPLOYMENTS"),
    )
    if variable not in os.environ
]


@pytest.fixture
def start_studio(
    redis_server: RedisBackend, postgres: PostgresBackend, jaeger: JaegerBackend
) -> Iterator[Callable[..., Services]]:
    """Return a function that starts both services as processes; they are stopped at the end of the test.

    The options are those of `integration.support.studio.running_studio`: a breakage, and settings of the services.
    """
    from integration.support.studio import (
        running_studio,  # late, so that tests without a service need not wait for its imports
    )

    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_studio(redis_server, postgres, jaeger, **options))
