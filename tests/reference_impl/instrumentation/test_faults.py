"""A sampler or processor that raises costs spans, never a call of the application (fault C2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer, get_current_span

from reference_impl.instrumentation import faults as faults_module
from reference_impl.instrumentation.faults import FaultCount
from reference_impl.instrumentation.operation_spans import operation_span, traced
from reference_impl.settings import Settings
from reference_impl.telemetry.provider import GuardedProcessor
from reference_impl.telemetry.setup import configure_tracing


class Raising:
    """A sampler or processor of which every method raises."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object, **__: object) -> NoReturn:
            raise ZeroDivisionError(name)

        return fail


class OnlyAt:
    """A processor that raises in one of its methods."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        def act(*_: object, **__: object) -> bool:
            if name == self._name:
                raise ZeroDivisionError(name)
            return True

        return act


@pytest.fixture(autouse=True)
def faults(monkeypatch: pytest.MonkeyPatch) -> FaultCount:
    fresh = FaultCount()
    monkeypatch.setattr(faults_module, "FAULTS", fresh)
    return fresh


def _inverse(number: int) -> Mapping[str, Any]:
    return {"inverse": 1 / number}


class Service:
    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer

    @traced("work", _inverse)
    async def work(self, result: int) -> int:
        return result


@pytest.mark.fault("C2")
def test_a_raising_sampler_costs_the_span_and_children_hang_where_it_would_have(faults: FaultCount) -> None:
    memory = InMemorySpanExporter()
    good, bad = TracerProvider(shutdown_on_exit=False), TracerProvider(shutdown_on_exit=False, sampler=Raising())  # type: ignore[arg-type]
    good.add_span_processor(SimpleSpanProcessor(memory))
    with operation_span(good.get_tracer("a"), "outer"):
        assert asyncio.run(Service(bad.get_tracer("b")).work(1)) == 1
        with operation_span(bad.get_tracer("b"), "lost"), operation_span(good.get_tracer("a"), "inner"):
            pass
    inner, outer = memory.get_finished_spans()
    assert inner.parent
    assert outer.context
    assert inner.parent.span_id == outer.context.span_id
    assert faults.number == 2


@pytest.mark.parametrize("method", ["on_start", "on_end"])
@pytest.mark.fault("C2")
def test_a_raising_processor_reaches_neither_the_application_nor_other_processors(
    faults: FaultCount, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    memory = InMemorySpanExporter()
    processors: Any = [OnlyAt(method), SimpleSpanProcessor(memory)]
    telemetry = configure_tracing(Settings.load({}), span_processors=processors)
    with caplog.at_level(logging.WARNING, "reference_impl.instrumentation.faults"):
        for _ in range(3):
            assert asyncio.run(Service(telemetry.tracer("t")).work(1)) == 1
            telemetry.tracer("t").start_span("raw").end()
    assert len(memory.get_finished_spans()) == 6
    assert faults.number == 6
    assert [record.getMessage() for record in caplog.records] == [
        "telemetry failed (ZeroDivisionError); later failures are only counted"
    ]
    assert repr(faults) == "<FaultCount 6>"
    telemetry.shutdown(1)


@pytest.mark.parametrize("method", ["on_start", "on_end"])
def test_a_processor_that_nobody_guards_is_kept_from_operations_all_the_same(faults: FaultCount, method: str) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(OnlyAt(method))  # type: ignore[arg-type]
    failure = LookupError("own")
    with pytest.raises(LookupError) as caught, operation_span(provider.get_tracer("t"), "work"):
        raise failure
    assert caught.value is failure
    assert failure.__context__ is None
    assert faults.number == 1
    assert not get_current_span().get_span_context().is_valid


def test_a_description_that_raises_costs_the_attributes_only(faults: FaultCount) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    assert asyncio.run(Service(provider.get_tracer("t")).work(0)) == 0
    assert faults.number == 1


def test_a_guarded_processor_that_cannot_flush_or_end_says_so_quietly(faults: FaultCount) -> None:
    guarded = GuardedProcessor(Raising())  # type: ignore[arg-type]
    assert guarded.force_flush(10) is False
    guarded.shutdown()
    assert faults.number == 2
    assert GuardedProcessor(OnlyAt("none")).force_flush() is True  # type: ignore[arg-type]
