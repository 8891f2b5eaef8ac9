"""Correlation ids: where they come from, which are valid, and where they are sent (S5.2)."""

from __future__ import annotations

import asyncio
import contextvars

from opentelemetry import baggage, trace
from opentelemetry.context import Context, attach
from opentelemetry.trace import NonRecordingSpan, Tracer

from contracts.exact_scenarios.helpers import tracer_of
from contracts.exact_scenarios.operations import REMOTE
from contracts.scenarios.harness import EMAIL, Action, Harness
from reference_impl.instrumentation.operation_spans import operation_span
from reference_impl.propagation.correlation import (
    BAGGAGE_KEY,
    correlation,
    current_correlation_id,
    extract,
    incoming,
    inject,
    is_acceptable,
    new_correlation_id,
)


async def _correlation(harness: Harness) -> None:
    await asyncio.create_task(_correlated(harness), context=contextvars.Context())


async def _correlated(harness: Harness) -> None:
    """A span's correlation id comes from the request, the parent, baggage or the trace; and which ids are valid."""
    tracer = tracer_of(harness)
    assert current_correlation_id() is None
    with operation_span(tracer, "root") as root:
        assert current_correlation_id() == f"{root.get_span_context().trace_id:032x}"
        with operation_span(tracer, "child"), correlation("c-1") as value:
            assert (value, current_correlation_id()) == ("c-1", "c-1")
            with (
                operation_span(tracer, "of the request") as of_request,
                correlation("c-2"),
                operation_span(tracer, "of another"),
            ):
                pass
            assert current_correlation_id() == "c-1"
        assert current_correlation_id() == f"{root.get_span_context().trace_id:032x}"
    for what in ("c-3", "a b", EMAIL, "eyJhbGciOiJIUzI1NiJ9", "x" * 128, "x" * 129, "", 7, "Az09_.:-"):
        context = baggage.set_baggage(BAGGAGE_KEY, what, Context())
        assert is_acceptable(what) is (what in ("c-3", "x" * 128, "Az09_.:-"))
        with operation_span(tracer, f"brought {what}"[:40].replace(EMAIL, "address"), context=context):
            pass
        made = "made" if not is_acceptable(what) else what
        assert incoming({"x-correlation-id": what}, make=lambda: "made") == made  # type: ignore[dict-item]
        assert incoming({}, context, make=lambda: "made") == made
    with operation_span(tracer, "below another", context=trace.set_span_in_context(of_request)):
        pass
    remote = baggage.set_baggage(BAGGAGE_KEY, "c-4", trace.set_span_in_context(NonRecordingSpan(REMOTE)))
    with operation_span(tracer, "below a remote one", context=remote):
        assert current_correlation_id() == "c-4"
        attach(baggage.set_baggage(BAGGAGE_KEY, "c-5"))
        with operation_span(tracer, "baggage of the parent does not count"):
            pass
    with operation_span(tracer, "renamed") as renamed:
        renamed.set_attribute("correlation.id", 7)
        assert current_correlation_id() is None
    assert incoming({"x-correlation-id": "c-6"}, baggage.set_baggage(BAGGAGE_KEY, "c-7")) == "c-6"
    assert len({new_correlation_id(), new_correlation_id(), incoming({})}) == 3
    assert all(len(made) == 32 and int(made, 16) for made in (new_correlation_id(), incoming({})))
    _left_elsewhere()
    await _sent_on(tracer)


def _left_elsewhere() -> None:
    block = correlation("c-8")
    block.__exit__(None, None, None)  # never entered
    other = contextvars.Context()
    assert other.run(block.__enter__) == "c-8"
    block.__exit__(None, None, None)
    assert current_correlation_id() is None
    assert other.run(current_correlation_id) == "c-8"
    with correlation("c-9"):
        pass
    assert current_correlation_id() is None


async def _sent_on(tracer: Tracer) -> None:
    """Headers of a call to another service, and of a request."""
    headers: dict[str, str] = {}
    contextvars.Context().run(inject, headers)
    assert headers == {}
    context = trace.set_span_in_context(NonRecordingSpan(REMOTE), baggage.set_baggage("user", "7", Context()))
    parent = f"00-{'9' * 32}-{'9' * 16}-01"
    contextvars.Context().run(inject, headers, context)
    assert headers == {"traceparent": parent, "baggage": "user=7"}
    with correlation("c-1"):
        headers = {"other": "kept"}
        inject(headers, context)
        assert headers == {
            "other": "kept", "traceparent": parent, "x-correlation-id": "c-1", "baggage": "user=7,correlation.id=c-1",
        }  # fmt: skip
        with operation_span(tracer, "caller") as span:
            inject(headers := {})
            here = span.get_span_context()
            assert headers == {
                "traceparent": f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}",
                "x-correlation-id": "c-1", "baggage": "correlation.id=c-1",
            }  # fmt: skip
            found = extract({"traceparent": parent, "baggage": "user=8,correlation.id=c-2"})
            assert trace.get_current_span(found).get_span_context() == REMOTE
            assert baggage.get_all(found) == {"user": "8", "correlation.id": "c-2"}
            assert trace.get_current_span(extract({})) is trace.INVALID_SPAN


ACTIONS: dict[str, Action] = {
    "correlation-ids": _correlation,
}
"""By scenario."""
