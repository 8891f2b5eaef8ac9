"""What traces hold, counted, as JSON for programs."""

from __future__ import annotations

from typing import Any, Final

from spanpact.privacy import Mask
from spanpact.reporting.drawing.value_text import format_value
from spanpact.reporting.json_document import json_text, versioned
from spanpact.reporting.text_options import TextOptions
from spanpact.trace_summary import AttributeSummary, ServiceSummary, TraceSummary

SHAPE: Final = 1
"""The version of the shape, under the key `spanpact_summary`."""


def render_trace_summary_json(summary: TraceSummary, options: TextOptions | None = None) -> str:
    """Return the summary as JSON text. Names are masked; values are masked texts, as in the text form."""
    options = options or TextOptions()
    fields = {
        "source": summary.source,
        "traces": summary.traces,
        "spans": summary.spans,
        "logs": summary.logs,
        "roots": summary.roots,
        "orphans": summary.orphans,
        "services": [_service(each, options.mask) for each in summary.services],
        "attributes": [_attribute(each, options) for each in summary.attributes],
        "other_names": summary.other_names,
        "other_attributes": summary.other_attributes,
    }
    return json_text(versioned("spanpact_summary", SHAPE, fields))


def _service(service: ServiceSummary, mask: Mask) -> dict[str, Any]:
    return {
        "name": mask(service.name),
        "spans": service.spans,
        "clock_resolution_ns": service.resolution_ns,
        "names": [
            {
                "name": mask(each.name),
                "spans": each.spans,
                "kinds": dict(each.kinds),
                "errors": each.errors,
                "roots": each.roots,
                "orphans": each.orphans,
            }
            for each in service.names
        ],
    }


def _attribute(attribute: AttributeSummary, options: TextOptions) -> dict[str, Any]:
    return {
        "of": attribute.holder,
        "name": options.mask(attribute.name),
        "types": dict(attribute.types),
        "values": [
            {"value": format_value(value, options.canvas, attribute.name), "count": number}
            for value, number in attribute.values
        ],
        "other_values": attribute.other_values,
    }
