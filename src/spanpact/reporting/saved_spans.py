"""The spans of a JSON report: those that its findings are about, so that these can be explained without the traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from spanpact.findings import Report, SavedSpan
from spanpact.privacy import Mask
from spanpact.reporting.drawing.canvas import Canvas
from spanpact.reporting.drawing.value_text import format_value, masked_text
from spanpact.trace.attributes import values_of
from spanpact.trace.model import Span

_MOST_SPANS: Final = 1000
_MOST_ATTRIBUTES: Final = 128  # the limit of SDKs


def saved_spans(report: Report, mask: Mask) -> list[dict[str, Any]]:
    """Return the spans that findings are about, as plain values: at most 1,000, each with at most 128 attributes.

    A span whose id is malformed and masked is left out.
    """
    if report.reading is None:
        return [span_fields(each) for each in report.saved_spans]
    wanted: dict[tuple[str, str], None] = {}
    for finding in report.findings:
        for span_id in filter(None, (finding.span_id, *finding.spans)):
            if len(wanted) < _MOST_SPANS:
                wanted[finding.trace_id, span_id] = None
    found: dict[tuple[str, str], Span] = {}
    trace_ids = {trace_id for trace_id, _ in wanted}
    for trace in report.reading.traces if wanted else ():
        if trace.trace_id in trace_ids:
            for span in trace.spans:
                if (trace.trace_id, span.span_id) in wanted:
                    found.setdefault((trace.trace_id, span.span_id), span)
    canvas = Canvas(mask=mask)
    return [span_fields(_saved(found[key], canvas)) for key in wanted if key in found]


def read_saved_spans(document: Mapping[str, Any]) -> tuple[SavedSpan, ...]:
    """Return the spans of a report's document; none of one by a version that wrote none."""
    return tuple(
        SavedSpan(**{**each, "attributes": tuple((one["name"], one["value"]) for one in each["attributes"])})
        for each in document.get("spans", ())
    )


def _saved(span: Span, canvas: Canvas) -> SavedSpan:
    resource = span.resource.attributes
    return SavedSpan(
        span.trace_id,
        span.span_id,
        masked_text(span.parent_id, canvas),
        masked_text(span.name, canvas),
        masked_text(str(resource.get("service.name", "")), canvas),
        masked_text(str(resource.get("telemetry.sdk.language", "")), canvas),
        span.kind,
        span.status,
        masked_text(span.status_message, canvas),
        span.start_ns,
        span.end_ns - span.start_ns if span.end_ns else None,
        _attributes(span, canvas),
    )


def _attributes(span: Span, canvas: Canvas) -> Sequence[tuple[str, str]]:
    pairs = (
        (masked_text(name, canvas), format_value(value, canvas, name))
        for name in span.attributes
        for value in values_of(span.attributes, name)
    )
    return tuple(islice(pairs, _MOST_ATTRIBUTES))


def span_fields(span: SavedSpan) -> dict[str, Any]:
    """Return a span as plain values."""
    attributes = [{"name": name, "value": value} for name, value in span.attributes]
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "service": span.service,
        "language": span.language,
        "kind": span.kind,
        "status": span.status,
        "status_message": span.status_message,
        "start_ns": span.start_ns,
        "duration_ns": span.duration_ns,
        "attributes": attributes,
    }
