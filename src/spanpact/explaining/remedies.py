"""What to do about a finding, by topic and programming language.

The habits of SDKs are measured: docs/languages.md and docs/implementers.md have them with versions and scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

Language: TypeAlias = Literal["python", "node", "java", "go"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
Topic: TypeAlias = Literal[
    "instrumentation", "flush", "context", "propagation", "routes", "kind", "errors", "attributes", "conventions",
    "types", "links", "clocks", "await", "privacy", "ids", "sampling", "limits", "logs",
]  # fmt: skip
_OF_SDK: Final[Mapping[str, Language]] = {
    "python": "python",
    "nodejs": "node",
    "webjs": "node",
    "java": "java",
    "go": "go",
}

REMEDIES: Final[Mapping[Topic, Mapping[Language, str]]] = MappingProxyType(
    {
        "instrumentation": {
            "python": "call `instrument()` of the library before clients are made; a second `set_tracer_provider` is "
            "refused, so pass the provider",
            "node": "load the instrumentation before everything else: `node --import ./tracing.mjs` (`--require` for "
            "CommonJS)",
            "java": "start with `-javaagent:`, and check `otel.instrumentation.NAME.enabled`; a client made by hand "
            "needs the library's interceptor",
            "go": "wrap the client by hand (`otelhttp.NewTransport`, `otelsql.Open`): nothing is instrumented by "
            "itself",
        },
        "flush": {
            "python": "call `provider.shutdown()`, and handle SIGTERM: `os._exit`, an unhandled SIGTERM and processes "
            "of `multiprocessing` lose the queue",
            "node": "`await sdk.shutdown()` before the end: NodeSDK sends nothing when `main` returns or at SIGTERM",
            "java": "the agent, Spring Boot and Quarkus flush at SIGTERM; an `OpenTelemetrySdk` made by hand needs "
            "`close()`",
            "go": "`defer provider.Shutdown(ctx)` in `main`, and leave with `return`: `os.Exit` and `log.Fatal` skip "
            "it",
        },
        "context": {
            "python": "use `asyncio.to_thread` instead of `run_in_executor` or a bare thread; elsewhere run it by "
            "`contextvars.copy_context().run`",
            "node": "wrap callbacks of pools and queues with `context.bind(context.active(), callback)`",
            "java": "wrap executors with `Context.taskWrapping(executor)`, single tasks with "
            "`Context.current().wrap(task)`",
            "go": "pass the request's `ctx` on: `context.Background()` begins a new trace",
        },
        "propagation": {
            "python": "instrument the HTTP client, or call `propagate.inject(headers)`; read with `propagate.extract`",
            "node": "instrument `http` and `undici`, or call `propagation.inject(context.active(), headers)`",
            "java": "let the agent instrument both sides, or use `W3CTraceContextPropagator` with a setter and a "
            "getter",
            "go": "call `otel.SetTextMapPropagator(propagation.TraceContext{})`: the default propagates nothing; Go "
            "begins a new trace at a flag of `traceparent` that it does not know",
        },
        "routes": {
            "python": "let the framework's instrumentation name the span, or call `span.update_name` with the route",
            "node": "instrument the framework besides `http`: only it knows the route",
            "java": "set `http.route`, for example by `HttpServerRoute.update`",
            "go": "`otelhttp` names the span by the route only around a `ServeMux`; `http.route` is sent only inside "
            "it",
        },
        "kind": {
            "python": "`start_as_current_span(name, kind=SpanKind.CLIENT)`",
            "node": "`tracer.startSpan(name, {kind: SpanKind.CLIENT})`",
            "java": "`tracer.spanBuilder(name).setSpanKind(SpanKind.CLIENT)`",
            "go": "`tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))`",
        },
        "errors": {
            "python": "`start_as_current_span` records an exception that leaves the block and sets the status; a "
            "cancelled call stays unset",
            "node": "`span.recordException(error)` does not set the status: call `span.setStatus({code: "
            "SpanStatusCode.ERROR})` too",
            "java": "`span.recordException(error)` does not set the status: call `span.setStatus(StatusCode.ERROR)` "
            "too",
            "go": '`span.RecordError(err)` does not set the status: call `span.SetStatus(codes.Error, "…")` too',
        },
        "attributes": {
            "python": "set it before the block of the span ends; None is refused with a line in the log",
            "node": "set it before `span.end()`; null, bytes and maps are dropped without a count",
            "java": "set it before `span.end()`, with an `AttributeKey` of the right type",
            "go": "set it before `span.End()`, with `attribute.Int`, `attribute.String` and so on",
        },
        "conventions": {
            "python": "`OTEL_SEMCONV_STABILITY_OPT_IN=http` (or `http/dup`, `database`) chooses the names; it is read "
            "once",
            "node": "`OTEL_SEMCONV_STABILITY_OPT_IN=http` (or `http/dup`, `database`) chooses the names",
            "java": "agents from 2.0 send the stable names of HTTP; `otel.semconv-stability.opt-in=database` those of "
            "databases",
            "go": "the version of the instrumentation package decides the names: upgrade it",
        },
        "types": {
            "python": "pass an `int` or a `bool`, not `str(value)`",
            "node": "a number is sent as an integer if it is whole, else as a double: round it, or ask for `type: "
            "number`; NaN becomes null over http/json",
            "java": "use `AttributeKey.longKey` or `booleanKey` instead of `stringKey`",
            "go": "use `attribute.Int64` or `attribute.Bool` instead of `attribute.String` with `fmt.Sprint`",
        },
        "links": {
            "python": "`start_as_current_span(name, links=[Link(extracted_span_context)])`",
            "node": "`tracer.startSpan(name, {links: [{context: spanContext}]})`",
            "java": "`tracer.spanBuilder(name).addLink(spanContext)`",
            "go": "`tracer.Start(ctx, name, trace.WithLinks(trace.LinkFromContext(extracted)))`",
        },
        "clocks": {
            "python": "freezegun and time-machine without ticking put all spans at one instant: let the clock tick",
            "node": "starts are whole milliseconds and ends are finer: allow 1 ms, as `clock` of the contract does",
            "java": "one clock for each trace within a process: between processes, synchronize the hosts",
            "go": "times are exact within a process: between processes, synchronize the hosts",
        },
        "await": {
            "python": "await tasks inside the block of the span; breaking out of an async generator leaves its span "
            "open",
            "node": "end the span in `finally`, after every `await`; Express 5 ends its handler's span when the "
            "response is closed, after the server's",
            "java": "end the span in `finally`, or in `whenComplete` of the future",
            "go": "`defer span.End()` right after `Start`, and wait for goroutines with a `sync.WaitGroup`",
        },
        "privacy": {
            "python": "`start_as_current_span(record_exception=False, set_status_on_exception=False)` around what may "
            "raise with data; the instrumentation of redis puts keys and values into exceptions",
            "node": "remove it in the instrumentation's hook (`requestHook`, `responseHook`, `dbStatementSerializer`)",
            "java": "the agent sanitizes statements unless that is switched off; headers and parameters that are "
            "captured are sent as they are",
            "go": "do not pass `err.Error()` or a URL with its query on: record the kind of the error",
        },
        "ids": {
            "python": "give the provider an id generator with a `random.Random` of its own: a reseeded `random` "
            "repeats ids",
            "node": "check that only one span processor exports: the exporter sends up to 5 times after a refusal",
            "java": "check that agent and SDK do not both export",
            "go": "check for processors that export a span at its start and again at its end",
        },
        "sampling": {
            "python": "a sampler argument above 1 becomes 1.0, an unknown sampler always-on, with a line in the log "
            "only",
            "node": "the sampler at 0.1 keeps other ids than those of Python and Go: use parent-based samplers",
            "java": "the sampler keeps other ids than those of Python and Go: use parent-based samplers",
            "go": "use `ParentBased(TraceIDRatioBased(share))`",
        },
        "limits": {
            "python": "`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_SPAN_EVENT_COUNT_LIMIT`: the newest attributes stay",
            "node": "`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_SPAN_EVENT_COUNT_LIMIT`: the oldest attributes stay",
            "java": "`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_SPAN_EVENT_COUNT_LIMIT`: the oldest events stay",
            "go": "`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_SPAN_EVENT_COUNT_LIMIT`: the oldest attributes stay",
        },
        "logs": {
            "python": "records of spans that are not sampled are exported all the same",
            "node": "records under `suppressTracing` have no ids",
            "java": "let the agent's appender add the ids",
            "go": "log with the request's `ctx`: `slog.InfoContext(ctx, …)`",
        },
    }
)
"""What to do, by topic and language."""


def language_of(sdk: str) -> Language | None:
    """Return the language of an SDK by its `telemetry.sdk.language`, None for one without remedies."""
    return _OF_SDK.get(sdk)
