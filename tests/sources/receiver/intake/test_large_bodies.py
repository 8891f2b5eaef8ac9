"""A large body is inflated and checked beside the event loop: it delays no small one, and only some wait at a time."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from spanpact.sources.receiver.intake.injected_faults import NO_FAULTS, FaultInjector
from spanpact.sources.receiver.intake.intake import Export, Intake
from spanpact.sources.receiver.intake.sessions import Sessions
from spanpact.sources.receiver.limits import ReceiverLimits
from spanpact.sources.receiver.request_head import Compression
from spanpact.sources.receiver.responses import Refusal, Response
from tests.sources.receiver.raw_http import A_JSON_SPAN, a_gzip_bomb

LARGE = A_JSON_SPAN + b" " * (1 << 20)


def an_export(body: bytes, compression: Compression = "identity") -> Export:
    return Export("traces", "", "json", compression, body, {})


def an_intake(limits: ReceiverLimits | None = None) -> Intake:
    limits = limits or ReceiverLimits()
    return Intake(Sessions(limits), limits, FaultInjector(NO_FAULTS), None, token=False)


async def turns_of_the_loop_while(taking: asyncio.Task[Response]) -> int:
    """Return how often the event loop could do something else until a task ended."""
    turns = 0
    while not taking.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


BODIES: dict[str, tuple[bytes, Compression]] = {
    "large": (LARGE, "identity"),
    "large when inflated": (gzip.compress(LARGE), "gzip"),
    "a bomb": (a_gzip_bomb(96 << 20), "gzip"),
    "nested": (b"[" * (4 << 20), "identity"),
}


@pytest.mark.parametrize(("body", "compression"), BODIES.values(), ids=BODIES)
async def test_the_loop_goes_on_while_a_large_body_is_checked(body: bytes, compression: Compression) -> None:
    taking = asyncio.create_task(an_intake().take(an_export(body, compression)))
    assert await turns_of_the_loop_while(taking) > 1
    refusal = taking.exception()
    assert (taking.result().status == 200) if refusal is None else isinstance(refusal, Refusal)


@pytest.mark.parametrize("compression", ["identity", "gzip"])
def test_a_small_body_is_taken_without_a_change_of_threads(compression: Compression) -> None:
    body = gzip.compress(A_JSON_SPAN) if compression == "gzip" else A_JSON_SPAN
    taking = an_intake().take(an_export(body, compression))
    with pytest.raises(StopIteration) as taken:
        taking.send(None)
    assert taken.value.value.status == 200


async def test_large_bodies_beyond_what_may_wait_are_refused_for_now() -> None:
    intake = an_intake(ReceiverLimits(buffered=3 << 20))
    results = await asyncio.gather(*(intake.take(an_export(LARGE)) for _ in range(6)), return_exceptions=True)
    refused = [each for each in results if isinstance(each, Refusal)]
    assert [(each.status, each.cause, each.headers) for each in refused] == [(503, "room", (("retry-after", "1"),))] * 4
    assert sum(isinstance(each, Response) for each in results) == 2
    again = await intake.take(an_export(LARGE))
    assert again.status == 200


async def test_a_large_body_that_is_given_up_makes_room() -> None:
    intake = an_intake(ReceiverLimits(buffered=3 << 20))
    for _ in range(4):
        taking = asyncio.create_task(intake.take(an_export(LARGE)))
        await asyncio.sleep(0)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
    assert (await intake.take(an_export(LARGE))).status == 200
