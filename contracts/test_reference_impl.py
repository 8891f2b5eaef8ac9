"""The reference implementation keeps its contracts (docs/specification.md S1 to S3)."""

import pytest

from containers.servers.redis_server import RedisBackend
from contracts.reference_adapter import ReferenceImplementation
from spanpact.conformance import TraceContracts


class TestReferenceImplementation(TraceContracts):
    @pytest.fixture
    def implementation(self, redis: RedisBackend) -> ReferenceImplementation:
        return ReferenceImplementation(redis)
