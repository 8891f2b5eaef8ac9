"""Fixtures of the tests of deployments/: the Jaeger that keeps its traces, behind its proxy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from containers.images.jaeger_binary import build_program
from integration.deployments.proxy import Proxy, password_hash, running_proxy
from integration.support.deployed_jaeger import DeployedJaeger


class Deployment:
    """A Jaeger and its proxy, which tests start and end; what is stored stays in `jaeger`."""

    def __init__(self, folder: Path, hashed: str) -> None:
        self.jaeger = DeployedJaeger(str(build_program()), folder)
        self._hashed = hashed

    @contextmanager
    def running(self, **variables: str) -> Iterator[Proxy]:
        """Run both for as long as the context lasts; `variables` replace those of the proxy."""
        with (
            self.jaeger.running() as server,
            running_proxy(server.port, self.jaeger.ports[4318], self._hashed, **variables) as proxy,
        ):
            yield proxy


@pytest.fixture(scope="session")
def hashed() -> str:
    """Return the hash of the password, which takes a second."""
    return password_hash()


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, hashed: str) -> Deployment:
    """Return what tests share, as starting it takes seconds."""
    return Deployment(tmp_path_factory.mktemp("jaeger"), hashed)


@pytest.fixture(scope="module")
def proxy(deployment: Deployment) -> Iterator[Proxy]:
    """Run both for the tests of a module."""
    with deployment.running() as proxy:
        yield proxy
