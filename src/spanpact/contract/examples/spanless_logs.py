"""Build the `logs` of an example: log records that are not written below a span."""

from __future__ import annotations

import msgspec

from spanpact.contract.document import Node
from spanpact.contract.examples.building import read_event_fields, read_log, read_scope
from spanpact.contract.examples.values import EPOCH_NS, read_attributes, read_id
from spanpact.contract.loader.node_readers import read_sequence
from spanpact.contract.loader.vocabulary import SPANLESS_LOG
from spanpact.trace.model import NO_RESOURCE, LogRecord, Reading, Resource, Trace


def with_logs(reading: Reading, node: Node, scenario: str) -> Reading:
    """Return the reading with the log records of an example's `logs`, in the traces that their `trace_id` names."""
    records: dict[str, list[LogRecord]] = {}
    for item in read_sequence(node, "`logs`", empty=True).items:
        record = _record(item)
        records.setdefault(record.trace_id, []).append(record)
    traces = [_with(trace, records.pop(trace.trace_id, [])) for trace in reading.traces]
    spanless = [_with(trace, records.pop(trace.trace_id, [])) for trace in reading.spanless]
    spanless += [Trace(id, (), of_id, complete=True, scenario=scenario if id else "") for id, of_id in records.items()]
    return msgspec.structs.replace(reading, traces=traces, spanless=spanless)


def _with(trace: Trace, records: list[LogRecord]) -> Trace:
    return msgspec.structs.replace(trace, logs=(*trace.logs, *records)) if records else trace


def _record(node: Node) -> LogRecord:
    items = read_event_fields(node, "a log record of an example", SPANLESS_LOG)
    attributes = read_attributes(items.get("resource"), "`resource`")
    return read_log(
        items,
        EPOCH_NS,
        trace_id=read_id(items["trace_id"], "`trace_id`") if "trace_id" in items else "",
        span_id=read_id(items["span_id"], "`span_id`") if "span_id" in items else "",
        resource=Resource(attributes) if attributes else NO_RESOURCE,
        scope=read_scope(items.get("scope"), 0),
    )
