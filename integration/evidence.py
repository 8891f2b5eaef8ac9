"""What tests hold a service to: what Jaeger has of its requests, judged, and what the service counted of its spans."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from containers.servers.backend import ServerBackend
from containers.servers.jaeger_server import JaegerBackend
from integration.verdicts import judged
from integration.waiting import DEADLINE, until
from reference_impl.export.ledger import LedgerReading
from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.reporting import render_text
from spanpact.sources import HttpLimits, JaegerSource
from spanpact.trace.model import Span, Trace


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, and the trace of it; `sampled` as the service says."""

    status: int
    trace_id: str
    sampled: bool
    text: str
    retry_after: str

    @property
    def token(self) -> str:
        """The token of the session that was made."""
        return str(json.loads(self.text)["token"])


def answer_of(response: httpx.Response) -> Answer:
    """An answer of studio-api by its response."""
    return answer_from(response.status_code, response.headers, response.text)


def answer_from(status: int, headers: Mapping[str, str], text: str) -> Answer:
    """An answer of studio-api by the parts of its response; the headers' case is of no matter to `headers`."""
    _, trace_id, _, flags = headers["traceresponse"].split("-")
    return Answer(status, trace_id, bool(int(flags, 16) & 1), text, headers.get("retry-after", ""))


def faulty(backend: ServerBackend) -> None:
    """Skip where the backend is not ours to pause or kill."""
    if backend.process is None:
        pytest.skip(f"a {backend.kind} from the {backend.rung} rung is not ours to stop")


def away(jaeger: JaegerBackend) -> bool:
    """Whether the Jaeger gives no answer."""
    try:
        httpx.get(f"{jaeger.url}/api/v3/services", timeout=0.2, trust_env=False)
    except httpx.TransportError:
        return True
    return False


def whole(
    jaeger: JaegerBackend, trace_ids: Collection[str], contracts: Iterable[ContractPlan] | None = None
) -> dict[str, Trace]:
    """The traces by their ids, once the Jaeger has each and the contracts are kept, so that none lacks a span.

    The contracts are by default all of the project. Fails with the report where that does not come.
    """
    compiled = None if contracts is None else list(map(CompiledContract.of, contracts))
    report = judged(_source(jaeger, trace_ids), compiled, allow_unseen=True)
    assert report.verdict == "kept", render_text(report)
    assert report.reading is not None
    found = {trace.trace_id: trace for trace in report.reading.traces}
    assert found.keys() == set(trace_ids)
    return found


def held(jaeger: JaegerBackend, trace_ids: Collection[str]) -> dict[str, Trace]:
    """What the Jaeger has of these traces now, by their ids."""
    return {trace.trace_id: trace for trace in _source(jaeger, trace_ids).read().traces}


def _source(jaeger: JaegerBackend, trace_ids: Collection[str]) -> JaegerSource:
    return JaegerSource(jaeger.url, trace_ids=list(trace_ids), limits=HttpLimits(seconds=DEADLINE))


def spans_of(traces: Iterable[Trace], service: str = "studio-api") -> Counter[tuple[str, str]]:
    """How often the spans of a service are there, by trace and span id."""
    spans = (span for trace in traces for span in trace.spans)
    return Counter(
        (span.trace_id, span.span_id) for span in spans if span.resource.attributes["service.name"] == service
    )


def only(trace: Trace, name: str) -> Span:
    """The one span of that name."""
    (span,) = (span for span in trace.spans if span.name == name)
    return span


def ledger_of(url: str) -> LedgerReading:
    """What a studio-api says of its spans, by its metrics."""
    said: dict[str, float] = {}
    lost: dict[str, int] = {}
    text = httpx.get(f"{url}/metrics", timeout=DEADLINE, trust_env=False).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "studio_spans_lost_total" and sample.value:
                lost[sample.labels["reason"]] = int(sample.value)
            elif sample.name.startswith("studio_spans_"):
                said[sample.name] = sample.value
    ledger = LedgerReading(int(said["studio_spans_ended_total"]), int(said["studio_spans_stored_total"]), lost)
    assert ledger.pending == said["studio_spans_pending"]  # ended = stored + lost + pending, at every moment
    return ledger


def ledger_once(url: str, holds: Callable[[LedgerReading], bool]) -> LedgerReading:
    """The ledger once it is so."""
    last: list[LedgerReading] = []

    def asked() -> bool:
        last[:] = [ledger_of(url)]
        return holds(last[0])

    until(asked, "the ledger")
    return last[0]


def settled(url: str) -> LedgerReading:
    """The ledger once every span has met its fate."""
    return ledger_once(url, lambda ledger: ledger.pending == 0)
