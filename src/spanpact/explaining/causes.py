"""The usual causes of each finding, and the topics of `remedies` that help against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from spanpact.explaining.remedies import Topic
from spanpact.findings import Finding

UNKNOWN: Final = ("this version of spanpact does not know the finding: a plug-in, or a newer version, has reported it",)
_LOST_CONTEXT: Final = (
    "the context is not passed on to a thread, a task, a queue or another service",
    "the root is of another request that came at the same time",
)
_RENAMED: Final = "a version of the instrumentation uses other names: semantic conventions renamed many attributes"
_CONTRACT: Final = "the contract no longer describes what the code is meant to do"
_CLOCKS: Final = "the clocks of two machines differ, or one runtime measures starts more coarsely than ends"

CAUSES: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "span-missing": (
            "a refactoring dropped the call, or a client was made before its library was instrumented",
            "the process ended before the last batch was sent, or the sampler left the trace out",
            "the context was lost: the span is there, as the root of another trace",
            "the span has another name after an upgrade of the instrumentation",
        ),
        "span-surplus": ("a loop makes one call for each row (N+1)", "retries: each attempt is a span of its own"),
        "span-misplaced": (
            "the span was started in another context: in a thread, a task or a callback",
            "a span that ended is still the current one, so that what follows becomes its child",
        ),
        "span-extra": ("a library is instrumented now that was not before", _CONTRACT),
        "parent": (
            "the caller's headers are not read or not sent: no propagator, or a proxy drops `traceparent`",
            "the span is started in a context without a parent",
        ),
        "span-name": ("the name holds an id or a path, where the route belongs", _RENAMED),
        "kind": ("the kind was not given when the span was started; it cannot be set later", _CONTRACT),
        "status": (
            "an exception is caught before the instrumentation sees it",
            "the status is set where the operation did not fail: an expected answer counts as an error",
            "recording an exception does not set the status in most SDKs",
        ),
        "status-message": ("the message of an exception is passed on as it is", _CONTRACT),
        "scope": ("two libraries instrument the same call", "the tracer was got by another name"),
        "attribute-missing": (
            "it is set on one path of the code only, or after the span has ended",
            _RENAMED,
            "the SDK dropped it: beyond a limit, null, or of a type that it does not send",
        ),
        "attribute-type": ("the value is sent as text", "numbers of one runtime are whole or not, as the value is"),
        "attribute-value": ("the value is computed, or written in another case", _CONTRACT),
        "attribute-unexpected": ("an instrumentation sets it by default", "debugging left it behind"),
        "attribute-extra": ("an instrumentation sets it by default", _CONTRACT),
        "attribute-relation": ("the two values are computed twice, from different state",),
        "attribute-limit": ("a whole document, statement or stack trace is put in", "a loop makes names of attributes"),
        "attribute-sum": ("more is sent than was planned", "one library of the flow does not set the attribute"),
        "attribute-distinct": ("an id is in the value", "the value differs by accident, in case for example"),
        "attribute-repeats": ("the same call is made again: its answer is not remembered, or a loop does not end",),
        "event-missing": ("the exception is not recorded, or is sent as a log record", "the span had ended before"),
        "event-surplus": ("the same exception is recorded at every level that it passes",),
        "event-extra": ("an instrumentation records it by default", _CONTRACT),
        "link-missing": ("the link was not given when the span was started", "the message came without its context"),
        "link-surplus": ("all messages of a batch are linked, where one was meant",),
        "link-extra": ("an instrumentation adds it by default", _CONTRACT),
        "duration": (
            "the operation is slow, or waits for a connection",
            "a span that is too short ends before its work does, for example without an `await`",
        ),
        "order": ("the two steps run at the same time: one is not awaited", _CLOCKS),
        "concurrency": ("calls run one after another that were meant to be parallel, or the other way round",),
        "privacy-leak": (
            "the text of an exception, a statement or a URL is recorded with the values in it",
            "a key or a name is built from user data",
        ),
        "sampling-rate": ("another sampler than the configured one is in use", "a service samples by itself"),
        "error-rate": ("something fails", "an expected answer is recorded as an error"),
        "distinct-names": ("an id is in the name of the span",),
        "trace-roots": ("the context was lost between two steps of one request",),
        "span-orphan": (
            "the parent was not exported: it never ended, was not sampled, or its process died before the flush",
            "the parent is in a service whose traces are not read here",
        ),
        "span-duplicate": (
            "an exporter tried again after a timeout, although the first request was stored",
            "a test suite seeds the random numbers that ids are made of, again for each test",
        ),
        "span-cycle": ("ids were used again", "a step of the pipeline rewrites parents"),
        "id-invalid": ("something other than an SDK made the span, or rewrote its ids",),
        "span-times": ("the span was never ended: an exception passed it by", "start and end are of different clocks"),
        "child-early": (_CLOCKS, "a start time is set by hand"),
        "child-late": ("the work is not awaited: it goes on after the answer", _CLOCKS),
        "value-not-finite": ("a division by zero, or the mean of nothing",),
        "attribute-repeated": ("two lists of attributes are joined before they are set",),
        "data-dropped": ("the limits of the SDK are lower than what is recorded", "a loop records one event each time"),
        "link-dangling": ("the linked span was not exported, or has another trace id",),
        "log-uncorrelated": ("the span was not exported", "the record is written in the context of another request"),
        "span-lost": ("an exporter's queue was full, or its process ended without a flush", "a collector samples"),
        "span-altered": ("a processor, a collector or the storage rewrites spans",),
        "pending-kept": ("what was pending has been done",),
        "pending-expired": ("the agreed date has passed",),
        "match-ambiguous": ("two entries select the same spans",),
        "example-wrong": ("the contract was changed and its examples were not", "the example shows what it must not"),
        "expectation-unproven": ("no example breaks this expectation and nothing else",),
    }
)
"""The usual causes by finding id, the most frequent first."""

_TOPICS: Final[Mapping[str, tuple[Topic, ...]]] = {
    "span-missing": ("instrumentation", "flush"),
    "span-misplaced": ("context",),
    "span-orphan": ("flush", "context"),
    "span-lost": ("flush",),
    "trace-roots": ("context",),
    "parent": ("propagation", "context"),
    "span-extra": ("instrumentation",),
    "span-name": ("routes",),
    "distinct-names": ("routes",),
    "kind": ("kind",),
    "status": ("errors",),
    "status-message": ("errors",),
    "error-rate": ("errors",),
    "event-missing": ("errors",),
    "event-surplus": ("errors",),
    "attribute-missing": ("attributes", "conventions"),
    "attribute-type": ("types",),
    "attribute-value": ("attributes",),
    "attribute-unexpected": ("conventions",),
    "value-not-finite": ("types",),
    "link-missing": ("links",),
    "link-dangling": ("links", "flush"),
    "duration": ("clocks",),
    "order": ("clocks",),
    "child-early": ("clocks",),
    "child-late": ("await", "clocks"),
    "span-times": ("await",),
    "privacy-leak": ("privacy",),
    "span-duplicate": ("ids",),
    "sampling-rate": ("sampling",),
    "data-dropped": ("limits",),
    "attribute-limit": ("limits",),
    "log-uncorrelated": ("logs",),
}


def causes_of(finding: Finding) -> Sequence[str]:
    """Return the usual causes of a finding; of a missing span that is the root of another trace, those of that."""
    return _LOST_CONTEXT if finding.lost_root else CAUSES.get(finding.id, UNKNOWN)


def topics_of(finding: Finding) -> Sequence[Topic]:
    """Return the topics whose remedies help: of a missing span that is the root of another trace, those of contexts."""
    if finding.lost_root:
        return ("context", "propagation")
    return _TOPICS.get(finding.id, ())
