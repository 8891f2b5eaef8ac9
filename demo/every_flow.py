"""Every flow of the demo, in the order in which they are driven."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from demo.background_flow import background
from demo.breaker_flow import breaker_flow
from demo.flows import Driven, Driver, Stage, drive
from demo.two_services_flow import Audit, two_services


def every_flow(stage: Stage, audit: Audit, *, breaker_trace_id: str = "") -> Iterator[Driven]:
    """Drive them all; each is yielded when it is done. audit-api does not run any more afterwards.

    `breaker_trace_id` is the trace of the circuit breaker's flow, random unless given.
    """
    yield from drive(stage)
    with httpx.Client(base_url=stage.url, timeout=30, trust_env=False) as client:
        driver = Driver(client)
        yield from background(driver, stage)
        yield from breaker_flow(driver, stage, trace_id=breaker_trace_id)
    yield from two_services(stage.url, audit)
