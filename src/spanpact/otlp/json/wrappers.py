"""Find the OTLP requests in the JSON that other programs than OTLP exporters write.

| form | written by |
|---|---|
| a list of any of the forms | scripts, `jq -s` |
| `{"resource": …, "scopeSpans": […]}`, or with `scopeLogs` | Java's logging-otlp exporter, one a line |
| `{"batches": […]}` | Tempo's `/api/traces`, Grafana's download |
| `{"trace": …}` | Tempo's `/api/v2/traces` |
| `{"result": …}` | Jaeger's `/api/v3` |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from spanpact.otlp.batch import MalformedValue
from spanpact.otlp.json.errors import quoted

REQUEST_FIELDS: Final = frozenset(
    ["resourceSpans", "resource_spans", "resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics"]
)
SPANS_OF_RESOURCE: Final = frozenset(
    ["scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"]
)
LOGS_OF_RESOURCE: Final = frozenset(
    ["scopeLogs", "scope_logs", "instrumentationLibraryLogs", "instrumentation_library_logs"]
)
METRICS_OF_RESOURCE: Final = frozenset(["scopeMetrics", "scope_metrics"])
_WRAPPERS: Final = ("trace", "result")
_USUAL_START: Final = b'{"resourceSpans"'
_RESOURCE_SPANS: Final = re.compile(rb'\s*\{\s*"(?:resource|scopeSpans)"\s*:')
_SCOPE_LOGS: Final = b'"scopeLogs"'


def as_request(data: bytes) -> bytes:
    """Return a text that seems to be one ResourceSpans as a request with it, any other text as it is.

    Such a request is decoded faster than a wrapped one. Where it is malformed, the text was something else.
    """
    if data.startswith(_USUAL_START) or not _RESOURCE_SPANS.match(data) or _SCOPE_LOGS in data:
        return data
    return b'{"resourceSpans":[%b]}' % data


def requests_in(value: Any) -> Iterator[Any]:
    """Yield the requests in a JSON value; a value of no known form is taken for a request itself.

    Raise MalformedValue for an answer that says that it is not whole.
    """
    if isinstance(value, list):
        for each in value:
            yield from requests_in(each)
    elif not isinstance(value, dict) or REQUEST_FIELDS & value.keys():
        yield value
    elif SPANS_OF_RESOURCE & value.keys():
        yield {"resourceSpans": [value]}
    elif LOGS_OF_RESOURCE & value.keys():
        yield {"resourceLogs": [value]}
    elif METRICS_OF_RESOURCE & value.keys():
        yield {"resourceMetrics": [{}]}
    elif isinstance(value.get("batches"), list):
        yield {"resourceSpans": value["batches"]}
    else:
        yield from _unwrapped(value)


def _unwrapped(value: dict[str, Any]) -> Iterator[Any]:
    if value.keys() == {"error"}:
        raise MalformedValue(f"the answer ends with an error: {quoted(str(value['error']))}")
    name = next((name for name in _WRAPPERS if isinstance(value.get(name), dict)), None)
    if name is None:
        yield value
        return
    if str(value.get("status", "")).upper() == "PARTIAL":
        raise MalformedValue(f"the answer has a part of the trace only: {quoted(str(value.get('message', '')))}")
    yield from requests_in(value[name])
