"""JSON formats that are not read, recognised by the paths of their keys, each with the way to convert it."""

from __future__ import annotations

from typing import Final, NamedTuple


class KnownJson(NamedTuple):
    """A JSON format: its name, sets of paths of which one must be there whole, and the way to convert it."""

    name: str
    paths: tuple[tuple[str, ...], ...]
    way: str


_COLLECTOR: Final = "send the traces through an OpenTelemetry Collector with the {} receiver and the file exporter"
_EXPORTER: Final = "have the SDK export OTLP: to a file of the collector's file exporter, or to spanpact run"

_OF_VERSION_1: Final = ("binaryAnnotations", "annotations[].endpoint")

KNOWN_JSON: Final = (
    KnownJson(
        "a HAR file (HTTP archive)",
        (("log.entries",), ("log.creator", "log.version")),
        "it has HTTP requests and no spans: trace the client, or the servers that it calls",
    ),
    KnownJson(
        "a Chrome trace (Trace Event Format)",
        (("traceEvents",), ("[].ph", "[].ts"), ("[].ph", "[].name")),
        "its events have no trace ids: " + _EXPORTER,
    ),
    KnownJson(
        "Datadog's JSON of traces",
        (
            ("[][].trace_id", "[][].span_id"),
            ("traces[][].trace_id",),
            ("data[].attributes.trace_id",),
            ("trace.root_id", "trace.spans"),
            ("[].trace_id", "[].span_id", "[].resource"),
            ("trace_id", "span_id", "resource", "service"),
        ),
        _COLLECTOR.format("datadog"),
    ),
    KnownJson(
        "a trace of AWS X-Ray",
        (
            ("Traces[].Segments",),
            ("TraceSummaries",),
            ("Traces[].Id",),
            ("Segments[].Document",),
            ("TraceSegmentDocuments",),
            ("trace_id", "id", "start_time"),
            ("[].trace_id", "[].id", "[].start_time"),
        ),
        _COLLECTOR.format("awsxray"),
    ),
    KnownJson(
        "a trace of SkyWalking",
        (
            ("traceSegmentId",),
            ("[].traceSegmentId",),
            ("spans[].segmentId",),
            ("data.trace.spans[].segmentId",),
            ("data.queryTrace.spans[].segmentId",),
        ),
        _COLLECTOR.format("skywalking"),
    ),
    KnownJson(
        "a search result of Tempo, which has no spans",
        (("traces[].traceID", "traces[].rootServiceName"), ("traces[].traceID", "traces[].startTimeUnixNano")),
        "ask for each trace by its id: /api/v2/traces/ID",
    ),
    KnownJson(
        "Zipkin's JSON of version 1",
        tuple((f"{around}{key}",) for around in ("[].", "[][].", "") for key in _OF_VERSION_1),
        "ask the server for version 2: /api/v2/trace/ID or /api/v2/traces",
    ),
    KnownJson(
        "an error that Jaeger answered",
        (("data", "errors[].msg"),),
        "look up the trace by an id, or a service, that Jaeger's UI shows",
    ),
    KnownJson(
        "an answer of Jaeger without spans",
        (("data", "total", "limit", "offset", "errors"),),
        "ask for traces: /api/v3/traces/ID, or spanpact verify --from jaeger:URL",
    ),
    KnownJson(
        "spans of Jaeger as Elasticsearch stores them",
        (
            ("traceID", "spanID", "operationName"),
            ("_source.traceID", "_source.spanID"),
            ("hits.hits[]._source.traceID",),
            ("hits.hits[]._source",),
        ),
        "ask Jaeger itself: /api/v3/traces/ID, or spanpact verify --from jaeger:URL",
    ),
    KnownJson(
        "data of Elastic APM",
        (
            ("transaction.trace_id",),
            ("span.transaction_id",),
            ("metadata.service.agent",),
            ("processor.event",),
            ("_source.processor.event",),
        ),
        _EXPORTER,
    ),
    KnownJson("an envelope of Sentry", (("contexts.trace.span_id",), ("event_id", "sent_at")), _EXPORTER),
    KnownJson(
        "a trace of Google Cloud Trace",
        (("projectId", "traceId", "spans"), ("traces[].projectId",), ("spans[].displayName.value",)),
        _EXPORTER,
    ),
    KnownJson(
        "telemetry of Azure Application Insights",
        (("data.baseType",), ("[].data.baseType",), ("tables[].columns",)),
        _EXPORTER,
    ),
    KnownJson("New Relic's JSON of traces", (("[].common", "[].spans"),), _EXPORTER),
    KnownJson(
        "a report of spanpact",
        (("spanpact_report",),),
        "give the traces that it is about",
    ),
    KnownJson(
        "spans of OTLP JSON without their resource",
        (
            ("traceId", "spanId", "name"),
            ("[].traceId", "[].spanId", "[].name"),
            ("spans[].traceId", "spans[].spanId"),
            ("trace_id", "span_id", "start_time_unix_nano"),
        ),
        "wrap each in a request, such as jq -c '{resourceSpans: [{scopeSpans: [{spans: [.]}]}]}'",
    ),
)
