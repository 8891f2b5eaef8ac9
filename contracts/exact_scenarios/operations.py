"""Operations and failures of every class, apart from any flow (S2.3, S5.1)."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import redis
import redis.exceptions
from opentelemetry import trace
from opentelemetry.context import Context, attach, get_value, set_value
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags, Tracer

from contracts.exact_scenarios.helpers import RecordedMeasures, tracer_of
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.instrumentation.errors import REDIS_CODES
from reference_impl.instrumentation.measures import MeasuredTracer
from reference_impl.instrumentation.operation_spans import operation_span, traced

REMOTE = SpanContext(int("9" * 32, 16), int("9" * 16, 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
UNSAMPLED = SpanContext(int("7" * 32, 16), int("7" * 16, 16), is_remote=True)


def _class(
    name: str, module: str = "studio.errors", base: type[Exception] = Exception, **names: Any
) -> type[Exception]:
    made = type(name, (base,), names)
    made.__module__ = module
    return made


def _failures() -> Iterator[BaseException]:
    answer = redis.exceptions.ResponseError
    prefix = "Command # 1 (GET k caused error: x) of pipeline caused error: "
    yield from (ValueError(EMAIL), Exception(), KeyboardInterrupt(), _class("Own")(EMAIL), _class("Own", "__main__")())
    yield from (_class("Own", "builtins")(), _class("Own", f"studio.{EMAIL}")(), _class("Own", "a" * 80)())
    yield from (
        _class("Own", "a" * 81)(),
        _class("Own", "a.1")(),
        _class("A" * 80)(),
        _class("A" * 81)(),
        _class("a b")(),
    )
    yield from (
        answer("WRONGTYPE at a key"),
        answer("wrongtype at a key"),
        answer("WRONGTYPE"),
        answer("OOPS " + EMAIL),
    )
    yield from (answer(), answer(b"WRONGTYPE"), answer(""), answer(" WRONGTYPE"), answer(f"{prefix}OOM of memory"))
    yield from (
        answer("('NOSCRIPT', 1)"),
        answer('"MOVED" 1'),
        answer("(ERR"),
        answer("ERR, or so"),
        answer("XERR x"),
        answer("xERR x"),
        answer("ERRX"),
        answer("ERR  x"),
        answer("-ERR"),
    )
    yield from (redis.exceptions.NoScriptError("NOSCRIPT no"), redis.exceptions.ConnectionError("WRONGTYPE no"))
    yield from (
        _class("ResponseError")("READONLY no"),
        _class("Below", base=answer)("LOADING"),
        ValueError("WRONGTYPE"),
    )
    yield from (_class("Coded", status_code="WRONGTYPE")(), _class("Coded", status_code="OWN")(EMAIL))
    yield from (_class("Coded", status_code=7)(), _class("Coded", base=answer, status_code="OWN")("BUSY now"))
    yield from (answer(7, "WRONGTYPE"), answer("WRONGTYPE", 7), *(answer(f"{code} x") for code in sorted(REDIS_CODES)))


async def _of_every_class(harness: Harness) -> None:
    for error in _failures():
        with suppress(type(error)), operation_span(tracer_of(harness), "fails"):
            raise error
    # The same by a Redis command, whose attributes have it too.
    with operation_span(tracer_of(harness), "answers"):
        for word in ("WRONGTYPE", "OOPS", "ERR", "oom", "'BUSY"):
            await harness.send("eval", f'return redis.error_reply("{word} {EMAIL}")', 0)


class _Service:
    """Traced as the service's own classes are."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer

    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """Decorate here, not when this module is imported."""

        async def doubled(self: _Service, number: int, *, by: int = 2) -> int:
            """Documented."""
            if number < 0:
                raise ValueError(EMAIL)
            return number * by

        def misdescribe(_: int) -> Mapping[str, Any]:
            raise KeyError(EMAIL)

        assert traced("a")(doubled).__doc__ == "Documented."
        assert traced("a")(doubled).__name__ == "doubled"
        return {
            "plain": traced("service.plain")(doubled),
            "described": traced("service.described", lambda result: {"result": result, "more": "x"})(doubled),
            "misdescribed": traced("service.misdescribed", misdescribe)(doubled),
        }


async def _methods(harness: Harness) -> None:
    recorded = RecordedMeasures()
    for tracer in (tracer_of(harness), MeasuredTracer(tracer_of(harness), recorded)):
        service = _Service(tracer)
        for method in service.methods().values():
            assert await method(service, 4) == 8
            assert await method(service, 4, by=3) == 12
            with suppress(ValueError):
                await method(service, -1)
    attach(trace.set_span_in_context(NonRecordingSpan(UNSAMPLED)))
    described = list[int]()

    def describe(result: int) -> Mapping[str, Any]:
        described.append(result)
        return {"result": result}

    counted = traced("service.counted", describe)

    async def one(_: _Service) -> int:
        return 1

    await counted(one)(_Service(tracer_of(harness)))
    assert described == []  # no event is recorded
    await counted(one)(_Service(MeasuredTracer(tracer_of(harness), recorded)))
    assert described == [1]
    internal, none = SpanKind.INTERNAL, type(None)
    plain: list[Any] = [("service.plain", internal, error, {}, True) for error in (none, none, ValueError)]
    assert recorded.operations[:3] == plain
    assert [each[2:4] for each in recorded.operations[3:6]] == [
        (none, {"result": 8, "more": "x"}), (none, {"result": 12, "more": "x"}), (ValueError, {}),
    ]  # fmt: skip
    assert recorded.operations[6:] == [
        *(("service.misdescribed", internal, error, {}, True) for error in (none, none, ValueError)),
        ("service.counted", internal, none, {"result": 1}, True),
    ]


async def _blocks(harness: Harness) -> None:
    """A block's span is current within the block, and the previous one afterwards."""
    tracer, recorded = tracer_of(harness), RecordedMeasures()
    key = "of-the-caller"
    attach(set_value(key, "kept"))
    with operation_span(tracer, "outer", kind=SpanKind.CONSUMER, attributes={"a": 1, "b": "x"}) as outer:
        assert trace.get_current_span() is outer
        assert get_value(key) == "kept"
        with suppress(LookupError), operation_span(tracer, "inner", links=[Link(REMOTE, {"why": "asked"})]) as inner:
            assert trace.get_current_span() is inner
            raise LookupError(EMAIL)
        assert trace.get_current_span() is outer
        with operation_span(
            tracer, "elsewhere", context=trace.set_span_in_context(NonRecordingSpan(REMOTE), Context())
        ):
            assert get_value(key) is None
        assert trace.get_current_span() is outer
        with (
            suppress(LookupError),
            operation_span(
                tracer, "said otherwise", on_failure=lambda span, error: span.add_event(type(error).__name__)
            ),
        ):
            raise LookupError(EMAIL)
        with suppress(LookupError), operation_span(tracer, "misjudged", on_failure=lambda span, error: 1 / 0):  # type: ignore[arg-type]
            raise LookupError(EMAIL)
    assert not trace.get_current_span().get_span_context().is_valid
    with (
        suppress(LookupError),
        operation_span(MeasuredTracer(tracer, recorded), "measured", attributes={"a": 1}) as span,
    ):
        raise LookupError(EMAIL)
    assert not span.is_recording()
    with suppress(GeneratorExit), operation_span(MeasuredTracer(tracer, recorded), "left"):
        raise GeneratorExit
    block = operation_span(tracer, "never entered")
    assert block.is_observed
    block.__exit__(None, None, None)
    assert recorded.operations == [
        ("measured", SpanKind.INTERNAL, LookupError, {"a": 1}, True), ("left", SpanKind.INTERNAL, type(None), {}, True),
    ]  # fmt: skip


def _numbers(tracer: Tracer) -> Iterator[int]:
    with operation_span(tracer, "numbers"):
        yield 1
        yield 2


async def _numbers_later(tracer: Tracer) -> AsyncIterator[int]:
    with operation_span(tracer, "numbers later"):
        yield 1
        yield 2


async def _generators(harness: Harness) -> None:
    """A generator that its consumer abandons, within its block or after it, in its context or in another."""
    tracer = tracer_of(harness)
    with operation_span(tracer, "reader") as reader:
        assert list(_numbers(tracer)) == [1, 2]
        left = _numbers(tracer)
        next(left)
        left.close()  # type: ignore[attr-defined]
        assert trace.get_current_span() is reader
        assert [number async for number in _numbers_later(tracer)] == [1, 2]
        later = _numbers_later(tracer)
        await anext(later)
        await asyncio.create_task(later.aclose())  # type: ignore[attr-defined]
    outlives = _numbers(tracer)
    with operation_span(tracer, "first reader"):
        next(outlives)
    with operation_span(tracer, "second reader") as second:
        outlives.close()  # type: ignore[attr-defined]
        assert trace.get_current_span() is second
    with operation_span(tracer, "third reader") as third:
        elsewhere = _numbers(tracer)
        contextvars.copy_context().run(next, elsewhere)
        elsewhere.close()  # type: ignore[attr-defined]
        assert trace.get_current_span() is third
        inside = _numbers(tracer)
        next(inside)
        copied = contextvars.copy_context()
        copied.run(inside.close)  # type: ignore[attr-defined]
    del left, later, outlives, elsewhere, inside, copied
    gc.collect()


ACTIONS: dict[str, Action] = {
    "failures-of-every-class": _of_every_class,
    "operation-methods": _methods,
    "operation-blocks": _blocks,
    "operation-generators": _generators,
}
"""By scenario."""
