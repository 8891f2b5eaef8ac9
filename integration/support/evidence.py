"""Evidence about a service: its answers, its traces in Jaeger, and the ledger of its spans."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from containers.servers.backend import ServerBackend
from containers.servers.jaeger_server import JaegerBackend
from integration.support.verdicts import wait_for_report
from integration.support.waiting import DEADLINE, wait_until
from reference_impl.export.ledger import LedgerReading
from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.reporting import render_text
from spanpact.sources import HttpLimits, JaegerSource
from spanpact.trace.model import Span, Trace


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a service with its trace id; `sampled` is the flag in its `traceresponse` header."""

    status: int
    trace_id: str
    sampled: bool
    text: str
    retry_after: str

    @property
    def token(self) -> str:
        """Return the token of the session that was created."""
        return str(json.loads(self.text)["token"])


def parse_response(response: httpx2.Response) -> Answer:
    """Parse a response of studio-api."""
    return parse_answer(response.status_code, response.headers, response.text)


def parse_answer(status: int, headers: Mapping[str, str], text: str) -> Answer:
    """Parse the parts of a response of studio-api; `headers` must ignore the case of names."""
    _, trace_id, _, flags = headers["traceresponse"].split("-")
    return Answer(status, trace_id, bool(int(flags, 16) & 1), text, headers.get("retry-after", ""))


def skip_unless_stoppable(backend: ServerBackend) -> None:
    """Skip the test if the backend was not started here, and so must not be paused or killed."""
    if backend.process is None:
        pytest.skip(f"a {backend.kind} from the {backend.rung} rung must not be stopped")


@contextmanager
def paused(backend: ServerBackend) -> Iterator[None]:
    """Pause a server for as long as the context lasts."""
    backend.pause()
    try:
        yield
    finally:
        backend.resume()


def is_unreachable(jaeger: JaegerBackend) -> bool:
    """Return whether the Jaeger does not answer."""
    try:
        httpx2.get(f"{jaeger.url}/api/v3/services", timeout=0.2, trust_env=False)
    except httpx2.TransportError:
        return True
    return False


def kept_traces(
    jaeger: JaegerBackend, trace_ids: Collection[str], contracts: Iterable[ContractPlan] | None = None
) -> dict[str, Trace]:
    """Wait until the Jaeger has all these traces and they keep the contracts, so that no span is missing.

    Return the traces by their ids. The default contracts are all shipped ones. Fail with the report otherwise.
    """
    compiled = None if contracts is None else list(map(CompiledContract.of, contracts))
    report = wait_for_report(_source(jaeger, trace_ids), compiled, allow_unseen=True)
    assert report.verdict == "kept", render_text(report)
    assert report.reading is not None
    found = {trace.trace_id: trace for trace in report.reading.traces}
    assert found.keys() == set(trace_ids)
    return found


def stored_traces(jaeger: JaegerBackend, trace_ids: Collection[str]) -> dict[str, Trace]:
    """Return what the Jaeger has of these traces now, by their ids."""
    return {trace.trace_id: trace for trace in _source(jaeger, trace_ids).read().traces}


def _source(jaeger: JaegerBackend, trace_ids: Collection[str]) -> JaegerSource:
    return JaegerSource(jaeger.url, trace_ids=list(trace_ids), limits=HttpLimits(seconds=DEADLINE))


def spans_of(traces: Iterable[Trace], service: str = "studio-api") -> Counter[tuple[str, str]]:
    """Count the spans of a service by trace and span id."""
    spans = (span for trace in traces for span in trace.spans)
    return Counter(
        (span.trace_id, span.span_id) for span in spans if span.resource.attributes["service.name"] == service
    )


def span_named(trace: Trace, name: str) -> Span:
    """Return the only span with this name."""
    (span,) = (span for span in trace.spans if span.name == name)
    return span


def ledger_of(url: str) -> LedgerReading:
    """Return the ledger of a studio-api's spans, read from its metrics."""
    values: dict[str, float] = {}
    lost: dict[str, int] = {}
    text = httpx2.get(f"{url}/metrics", timeout=DEADLINE, trust_env=False).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "studio_spans_lost_total" and sample.value:
                lost[sample.labels["reason"]] = int(sample.value)
            elif sample.name.startswith("studio_spans_"):
                values[sample.name] = sample.value
    ledger = LedgerReading(int(values["studio_spans_ended_total"]), int(values["studio_spans_stored_total"]), lost)
    assert ledger.pending == values["studio_spans_pending"]  # ended = stored + lost + pending, at every moment
    return ledger


def wait_for_ledger(url: str, holds: Callable[[LedgerReading], bool]) -> LedgerReading:
    """Wait until `holds` is true of the ledger and return the ledger."""
    last: list[LedgerReading] = []

    def holds_now() -> bool:
        last[:] = [ledger_of(url)]
        return holds(last[0])

    wait_until(holds_now, "the ledger")
    return last[0]


def settled_ledger(url: str) -> LedgerReading:
    """Wait until no span is pending and return the ledger."""
    return wait_for_ledger(url, lambda ledger: ledger.pending == 0)
