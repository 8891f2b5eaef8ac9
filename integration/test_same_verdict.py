"""One contract, many sources, the same verdict: traces that a real Jaeger returns, by either of its APIs.

Traces are generated, or are those of tests/corpus; many are sent at once, then each is read by its trace id. A reading
of Jaeger may lack only what its capabilities exclude; docs/sources.md has the further limits of the old API.
"""

from __future__ import annotations

import math
import re
import secrets
import time
import urllib.request
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from containers.servers.jaeger_server import JaegerBackend
from spanpact.engine import CompiledContract
from spanpact.sources import JaegerSource, MemorySource, encode_traces_json
from spanpact.sources.jaeger.source import Api
from spanpact.trace.attributes import attributes_of, pairs_of
from spanpact.trace.model import Attributes, Reading, Resource, Span, Value
from spanpact.verification.verifying import verify
from tests.engine.corpus_cases import CASES, plan_of, reading_of
from tests.sources.every_source import as_protobuf, differences, only, renumbered, without_capabilities
from tests.sources.sdk_spans import can_be_recorded, recorded
from tests.sources.trace_strategies import situations

Judged: TypeAlias = tuple[str, Sequence[CompiledContract], Reading]
"""A name, contracts, and the traces to judge by them."""

APIS: Final[Sequence[Api]] = ("v3", "legacy")
A_REQUEST: Final = 150
"""The number of readings in one request."""
DEADLINE: Final = 15.0
"""Seconds within which Jaeger must have what was sent to it."""
QUIET: Final[Any] = {
    "deadline": None, "derandomize": True, "database": None, "phases": [Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
}  # fmt: skip
_ID: Final = re.compile("(?!0+$)[0-9a-f]+")


@pytest.mark.parametrize("api", APIS)
@given(situations=st.lists(situations, min_size=4, max_size=4))
@settings(max_examples=8, **QUIET)
def test_generated_traces_are_judged_as_in_memory(
    jaeger: JaegerBackend, api: Api, situations: Sequence[tuple[Sequence[CompiledContract], Reading]]
) -> None:
    judged = [
        (str(number), contracts, in_memory(_for(api, renumbered(reading, secrets.token_hex(8)))))
        for number, (contracts, reading) in enumerate(situations)
        if jaeger_takes(reading)
    ]
    assume(judged)
    send(jaeger, [reading for _, _, reading in judged])
    assert differing(jaeger, api, judged) == ""


@pytest.mark.parametrize("api", APIS)
def test_every_case_of_the_corpus_is_judged_as_it_says(jaeger: JaegerBackend, api: Api) -> None:
    judged: list[Judged] = []
    for place, case in enumerate(CASES):
        reading = _for(api, renumbered(reading_of(place), secrets.token_hex(8)))
        if jaeger_takes(reading):
            judged.append((case.id, [plan_of(place)[1]], reading))
    assert len(CASES) - len(judged) <= 12  # malformed ids, no trace at all, a service's name that is no text
    send(jaeger, [reading for _, _, reading in judged])
    assert differing(jaeger, api, judged) == ""


def differing(jaeger: JaegerBackend, api: Api, judged: Sequence[Judged]) -> str:
    """Return the differences between reports on Jaeger's traces and on the original ones, as lines."""
    found = []
    for name, contracts, reading in judged:
        there = only(once_there(jaeger, api, reading), reading)
        if api == "legacy":
            there = msgspec.structs.replace(there, traces=without_capabilities(there, there.source).traces)
        one, other = (verify(contracts, each) for each in (there, without_capabilities(reading, there.source)))
        found += [f"{name}: {line}" for line in differences(one, other)]
    return "\n".join(found)


def once_there(jaeger: JaegerBackend, api: Api, reading: Reading) -> Reading:
    """Wait until Jaeger has all spans of these traces. Return the reading."""
    source = JaegerSource(jaeger.url, trace_ids=[trace.trace_id for trace in reading.traces], api=api)
    deadline = time.monotonic() + DEADLINE
    while number_of_spans(read := source.read()) < number_of_spans(reading):
        assert time.monotonic() < deadline, f"not all spans within {DEADLINE:g} s"
    return read


def number_of_spans(reading: Reading) -> int:
    return sum(len(trace.spans) for trace in reading.traces)


def send(jaeger: JaegerBackend, readings: Sequence[Reading]) -> None:
    """Export all traces in few requests; concatenated protobuf messages are one message."""
    for start in range(0, len(readings), A_REQUEST):
        written = [as_protobuf(encode_traces_json(reading)) for reading in readings[start : start + A_REQUEST]]
        body = b"".join(spans for spans, _ in filter(None, written))
        request = urllib.request.Request(
            f"{jaeger.otlp_http}/v1/traces", body, {"content-type": "application/x-protobuf"}
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            assert answer.read() in (b"", b"\n\0"), "a partial success"


def in_memory(reading: Reading) -> Reading:
    """Return what the memory source reads when an SDK has these traces."""
    assert can_be_recorded(reading)
    scenarios = {trace.trace_id: trace.scenario for trace in reading.traces}
    return MemorySource(recorded(reading)[0], scenarios=scenarios, offered=reading.offered).read()


def jaeger_takes(reading: Reading) -> bool:
    """Return whether Jaeger accepts and keeps the traces: ids are well-formed, a service's name is text."""
    spans = [span for trace in reading.traces for span in trace.spans]
    return bool(spans) and all(map(_taken, spans))


def _taken(span: Span) -> bool:
    ids = [(span.trace_id, 32), (span.span_id, 16), *(((span.parent_id, 16),) if span.parent_id else ())]
    named = span.resource.attributes.get("service.name", "")
    return all(len(each) == digits and _ID.fullmatch(each) for each, digits in ids) and isinstance(named, str)


def _for(api: Api, reading: Reading) -> Reading:
    """Return the reading; for the old API without what that cannot represent (docs/sources.md)."""
    return reading if api == "v3" else _plain(reading)


def _plain(value: Any) -> Any:
    """Remove NaN, attributes of scopes, schema URLs, links within the trace, and Jaeger 1's error tag."""
    if isinstance(value, Span):
        scope = msgspec.structs.replace(value.scope, attributes={})
        resource = Resource(_kept_values(value.resource.attributes))
        events = [msgspec.structs.replace(event, attributes=_kept_values(event.attributes)) for event in value.events]
        attributes = _kept_values(value.attributes)
        links = [link for link in value.links if link.trace_id != value.trace_id]
        if value.status != "error" and attributes.get("error") is True:
            attributes.pop("error")
        return msgspec.structs.replace(
            value, scope=scope, resource=resource, events=events, links=links, attributes=attributes
        )
    # spans with the same id share their warnings in Jaeger, and so the ends that were sent
    spans = [{span.span_id: _plain(span) for span in trace.spans} for trace in value.traces]
    traces = [msgspec.structs.replace(t, spans=list(own.values())) for t, own in zip(value.traces, spans, strict=True)]
    return msgspec.structs.replace(value, traces=traces)


def _kept_values(attributes: Attributes) -> Attributes:
    return attributes_of([(name, value if _is_kept(value) else "other") for name, value in pairs_of(attributes)])


def _is_kept(value: Value) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
