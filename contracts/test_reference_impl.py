"""The reference implementation keeps its contracts (docs/specification.md S1 to S3)."""

from collections.abc import Iterator

import pytest

from containers.redis_server import RedisBackend, redis_backend
from contracts.reference_adapter import ReferenceImplementation
from spanpact.conformance import TraceContracts


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisBackend]:
    with redis_backend() as backend:
        yield backend


class TestReferenceImplementation(TraceContracts):
    @pytest.fixture
    def implementation(self, redis: RedisBackend) -> ReferenceImplementation:
        return ReferenceImplementation(redis)
