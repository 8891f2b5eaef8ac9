"""Circuit breakers with a clock that is set by hand, so that every number in their events is exact (S4.2).

The spans are those of `breaker_calls`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import copy
import os
import pickle
from contextlib import suppress

from contracts.exact_scenarios.breaker_calls import Calls
from contracts.exact_scenarios.helpers import assert_raises
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.circuit_breaker import BreakerSettings, CircuitBreaker, CircuitOpen
from reference_impl.circuit_breaker.values import BreakerEvent, CallFailed, Transition


async def _counting(harness: Harness) -> None:
    """A window of the last calls: too few, below the threshold, without old ones, at the threshold; then open."""
    calls = Calls(
        harness, window_calls=4, minimum_calls=3, failure_rate_threshold=0.5, reset_after_s=10.0, half_open_permits=2
    )
    calls.several("-+", takes=0.25)
    calls.several("++++-+-")
    calls.several("+-")
    for seconds in (0.0, 4.5, 5.25, 0.125):
        calls.clock.now += seconds
        calls.call()
    calls.clock.now += 0.125
    with calls.span():  # a snapshot does not make it half-open
        pass
    first = calls.begin()
    second = calls.begin()
    calls.clock.now += 1.5
    assert calls.begin() is None  # both may probe, and no other call
    calls.end(first)
    calls.call()  # half of the results are there: still no other
    calls.end(second, OSError(), takes=0.5)  # at the threshold again
    calls.clock.now += 10
    calls.several("-+++")
    calls.clock.now += 10
    calls.several("+++-")
    calls.several("---")


async def _returned(harness: Harness) -> None:
    """Permits that are released, late, ended twice, or taken back from a probe that hangs."""
    calls = Calls(harness, window_calls=2, minimum_calls=2, reset_after_s=10.0, half_open_permits=1, probe_lease_s=20.0)
    late, other = calls.begin(), calls.begin()
    calls.several("--")
    calls.end(late)
    calls.clock.now += 10
    probe = calls.begin()
    calls.end(other, OSError())  # of an older state: counts nowhere
    assert probe is not None
    with calls.span():
        probe.release()
        probe.succeed()  # the first word counts
    hung = calls.begin()
    calls.clock.now += 19.5
    assert calls.begin() is None
    calls.clock.now += 0.5
    taken = calls.begin()
    calls.end(hung)  # too late
    calls.clock.now += 2.0
    assert calls.begin() is None
    calls.end(taken, takes=1.0)
    calls.end(taken)
    calls.several("+-+")


async def _several_probes(harness: Harness) -> None:
    """Several probes hang, one after the other; permits come back in their order."""
    calls = Calls(harness, window_calls=1, minimum_calls=1, reset_after_s=1.0, half_open_permits=3, probe_lease_s=5.0)
    calls.several("-")
    calls.clock.now += 1
    probes = []
    for _ in range(3):
        probes.append(calls.begin())
        calls.clock.now += 1
    assert calls.begin() is None
    calls.end(probes[1])
    assert calls.begin() is None
    calls.clock.now += 2
    fourth = calls.begin()
    calls.clock.now += 2.5
    calls.end(fourth)
    calls.end(probes[2])
    calls.several("+")
    calls.several("-")
    calls.clock.now += 1
    idle = calls.begin()
    calls.clock.now += 5
    with calls.span():
        assert calls.breaker.snapshot().probes == 0
    calls.end(idle)


async def _slow(harness: Harness) -> None:
    """Slow calls open it as failures do, by a threshold of their own; a call just as long as the limit is not slow."""
    calls = Calls(
        harness, window_calls=4, minimum_calls=2, slow_call_rate_threshold=0.75, slow_call_duration_s=2.0,
        failure_rate_threshold=1.0, reset_after_s=5.0, half_open_permits=2,
    )  # fmt: skip
    calls.several("+", takes=2.0)
    calls.several("+-", takes=2.5)
    calls.several("+", takes=0.5)
    calls.several("++", takes=3.0)
    calls.call()
    calls.clock.now += 5
    calls.several("++", takes=2.25)
    calls.clock.now += 5
    calls.several("+++", takes=1.0)
    calls.several("++", takes=8.0)


async def _by_time(harness: Harness) -> None:
    """A window of time: older calls no longer count, with a resolution of a sixtieth of the window."""
    calls = Calls(
        harness, window="time", window_s=60.0, minimum_calls=3, failure_rate_threshold=0.75, slow_call_duration_s=0.5,
        reset_after_s=5.0, half_open_permits=1,
    )  # fmt: skip
    calls.clock.now += 0.5
    calls.several("--")
    calls.several("+", takes=0.75)
    calls.clock.now += 0.5
    calls.several("+")
    calls.clock.now += 30
    calls.several("-+")
    for seconds in (28.0, 0.5, 1.0, 1.0, 1.0):
        calls.clock.now += seconds
        with calls.span():
            pass
    calls.clock.now -= 2.0  # a clock that steps back takes nothing away
    calls.several("+")
    calls.clock.now += 2.0
    calls.several("-----")
    calls.clock.now += 1.0
    calls.several("+")
    calls.clock.now += 4.0
    calls.several("+-")
    calls.clock.now += 3600
    calls.several("+")


async def _judging(harness: Harness) -> None:
    """The predicates decide what counts as a failure; an error of a predicate counts as one."""

    def is_failure(error: Exception) -> bool:
        if isinstance(error, ZeroDivisionError):
            raise ValueError(EMAIL)
        return not isinstance(error, KeyError)

    def is_ignored(error: Exception) -> bool:
        if isinstance(error, IndexError):
            raise ValueError(EMAIL)
        return isinstance(error, TypeError)

    calls = Calls(harness, window_calls=9, minimum_calls=9, rules={"is_failure": is_failure, "is_ignored": is_ignored})
    refusal = CircuitOpen("other", "open", 1.0, "1 of 1 calls failed")
    for error in (
        OSError(EMAIL), KeyError(EMAIL), TypeError(EMAIL), ZeroDivisionError(EMAIL), IndexError(EMAIL), refusal,
        concurrent.futures.CancelledError(), asyncio.CancelledError(), GeneratorExit(), KeyboardInterrupt(),
        TimeoutError(), BaseException(EMAIL),
    ):  # fmt: skip
        calls.call(error)
    plain = Calls(harness, window_calls=2, minimum_calls=1)
    plain.call(ValueError(EMAIL))


async def _listening(harness: Harness) -> None:
    """A listener that fails does not affect the others; one that unsubscribed gets no more events."""
    received: list[BreakerEvent] = []

    def fails(_: BreakerEvent) -> None:
        raise ValueError(EMAIL)

    calls = Calls(harness, listeners=(fails, received.append), window_calls=2, minimum_calls=2, reset_after_s=3.0)
    later: list[BreakerEvent] = []
    end = calls.breaker.subscribe(later.append)
    calls.several("--", takes=0.5)
    end()
    calls.clock.now += 3
    calls.several("-", takes=0.25)
    opened = [type(event).__name__ for event in later]
    assert opened == ["CallFailed", "CallFailed", "Transition"]
    assert later == received[:3]
    failed, moved = received[1:3]
    assert isinstance(failed, CallFailed)
    assert isinstance(moved, Transition)
    assert (failed.at, failed.generation, failed.duration_s, moved.at, moved.generation) == (1001.0, 0, 0.5, 1001.0, 1)
    assert [event.at for event in received[3:]] == [1004.0, 1004.25]
    calls.breaker.subscribe(_interrupt)
    calls.clock.now += 5
    with suppress(KeyboardInterrupt):
        calls.several("--")
    calls.several("+")


def _interrupt(event: BreakerEvent) -> None:
    if isinstance(event, Transition) and event.to_state == "half_open":
        raise KeyboardInterrupt


async def _values(harness: Harness) -> None:
    """A rejection can be copied; a guard is for one call; settings have defaults; a snapshot changes nothing."""
    refusal = CircuitOpen("sessions", "half_open", 2.5, "no probe left")
    for one in (refusal, copy.copy(refusal), pickle.loads(pickle.dumps(refusal))):
        assert one.args == ("sessions", "half_open", 2.5, "no probe left")
        assert (one.pool, one.state, one.retry_after_s, one.why) == ("sessions", "half_open", 2.5, "no probe left")
        assert str(one) == "pool 'sessions' is half-open: no probe left; it may be tried again in at most 2.5 s"
    calls = Calls(harness)
    guard = calls.breaker.guard()
    with guard:
        pass
    assert_raises(RuntimeError, "a guard is for one call: call breaker.guard() again", guard.__enter__)
    async with calls.breaker.guard() as permit:
        assert (permit.state, permit.ended) == ("closed", False)
    assert permit.ended
    assert (calls.breaker.settings, CircuitBreaker("a").settings) == (BreakerSettings(), BreakerSettings())
    assert repr(calls.breaker) == "<CircuitBreaker sessions: closed, 0 of 2 failed>"
    first = calls.breaker.snapshot()
    with suppress(TypeError):
        first.totals["succeeded"] = 7  # type: ignore[index]
    assert dict(first.totals) == {"succeeded": 2, "failed": 0, "released": 0, "late": 0, "hung": 0, "rejected": 0}
    assert (first.permits, first.probes, first.calls, first.slow_count, first.failure_count) == (3, 0, 2, 0, 0)
    with calls.span():  # a transition while no span is recorded is a log line alone
        contextvars.Context().run(_open, calls)


def _open(calls: Calls) -> None:
    for _ in range(10):
        calls.breaker.acquire().fail(OSError())


async def _forked(harness: Harness) -> None:
    """A forked child starts closed, with empty windows; its parent stays as it is."""
    calls = Calls(harness, window_calls=1, minimum_calls=1)
    calls.several("-")
    read, write = os.pipe()
    if not (child := os.fork()):
        os.write(write, str(calls.breaker.snapshot()).encode())
        os._exit(0)
    os.waitpid(child, 0)  # noqa: ASYNC222 - nothing else is under way
    os.close(write)
    with os.fdopen(read) as output:
        assert output.read() == "closed, 0 of 0 failed"
    with calls.span():
        pass


ACTIONS: dict[str, Action] = {
    "breaker-counting": _counting,
    "breaker-permits": _returned,
    "breaker-probes": _several_probes,
    "breaker-slow": _slow,
    "breaker-by-time": _by_time,
    "breaker-judging": _judging,
    "breaker-listening": _listening,
    "breaker-values": _values,
    "breaker-forked": _forked,
}
"""By scenario."""
