"""Fixtures of the tests of monitoring/: everything runs once, with all faults at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from containers.servers.processes import free_port
from integration.monitoring.faults import FIRES, Faults, running_faults
from integration.monitoring.programs import Prometheus, Tracing, running_prometheus, running_tracing
from integration.support.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Watched:
    """Services under load, with their faults, and what watches them since `began` (s since the Unix epoch)."""

    prometheus: Prometheus
    tracing: Tracing
    faults: Faults
    began: float


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Return the services, once every one that runs has been scraped and has its load."""
    port, began = free_port(), time.time()
    with (
        running_tracing(port) as tracing,
        running_faults(tracing.otlp_http, tmp_path_factory.mktemp("services")) as faults,
        running_prometheus({**faults.targets, "spanmetrics": tracing.metrics}, port) as prometheus,
    ):
        wait_until(lambda: len(prometheus.values("up == 1")) == len(FIRES), "the first scrape of all")
        faults.begin()
        yield Watched(prometheus, tracing, faults, began)
