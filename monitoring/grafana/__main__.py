"""Draw the dashboard: `python -m monitoring.grafana > monitoring/grafana/studio-api.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from monitoring.grafana.panels import BREAKER_STATES, ROWS, Panel

_PROMETHEUS: Final = {"type": "prometheus", "uid": "${prometheus}"}
_JAEGER: Final = {"type": "jaeger", "uid": "${jaeger}"}
_COLUMNS: Final = 24
_HEIGHTS: Final = {"stat": 4, "row": 1}
_COLORS: Final = ("green", "yellow", "red")
_TRACES_SHOWN: Final = 20


def as_json() -> str:
    """Return the dashboard as Grafana imports it."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


def dashboard() -> Mapping[str, Any]:
    """Return the dashboard in Grafana's classic model."""
    return {
        "uid": "studio-api",
        "title": "studio-api",
        "description": "Requests, sessions, Redis, the database, breakers and the export of spans. docs/monitoring.md",
        "tags": ["studio-api", "opentelemetry"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,  # one crosshair on all panels
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timepicker": {},
        "annotations": {"list": [_alerts()]},
        "templating": {"list": _variables()},
        "links": [_to_jaeger()],
        "panels": list(_placed()),
    }


def _variables() -> Sequence[Mapping[str, Any]]:
    service = 'label_values(target_info{job="$job"}, service_name)'
    return [
        _source("prometheus", "Prometheus"),
        _source("jaeger", "Jaeger"),
        _asked("job", "Job", "label_values(studio_requests_in_progress, job)"),
        _asked("instance", "Instance", 'label_values(studio_requests_in_progress{job="$job"}, instance)')
        | {"multi": True, "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}},
        _asked("service", "Service", service) | {"hide": 2},  # 2: not shown
        {
            "name": "jaeger_url",
            "label": "Jaeger's page",
            "type": "textbox",
            "query": "http://localhost:16686",
            "current": {"text": "http://localhost:16686", "value": "http://localhost:16686"},
        },
    ]


def _source(kind: str, label: str) -> Mapping[str, Any]:
    return {"name": kind, "label": label, "type": "datasource", "query": kind}


def _asked(name: str, label: str, query: str) -> dict[str, Any]:
    """Return a variable whose values come from Prometheus, anew for each time range."""
    asked = {"refId": name, "query": query}
    return {"name": name, "label": label, "type": "query", "datasource": _PROMETHEUS, "refresh": 2, "sort": 1,
            "query": asked, "definition": query}  # fmt: skip


def _to_jaeger() -> Mapping[str, Any]:
    link = _link("Jaeger: traces of this service", "${jaeger_url}/search?service=${service}&lookback=1h")
    return link | {"type": "link", "icon": "external link", "tooltip": "", "tags": [], "asDropdown": False,
                   "includeVars": False, "keepTime": False}  # fmt: skip


def _alerts() -> Mapping[str, Any]:
    """Return the annotations: the alerts that fire, as marks on every panel."""
    return {
        "name": "Alerts",
        "datasource": _PROMETHEUS,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertname=~"Studio.*",alertstate="firing",job="$job"}',
        "titleFormat": "{{alertname}}",
        "step": "30s",
    }


def _placed() -> Iterator[Mapping[str, Any]]:
    """Yield the rows and their panels, from left to right and top to bottom."""
    number = top = 0
    for title, panels in ROWS:
        number += 1
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
               "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1}}  # fmt: skip
        top, left, height = top + 1, 0, 0
        for panel in panels:
            if left + panel.width > _COLUMNS:
                top, left = top + height, 0
            number, height = number + 1, _HEIGHTS.get(panel.kind, 8)
            place = {"x": left, "y": top, "w": panel.width, "h": height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            left += panel.width
        top += height


def _panel(panel: Panel) -> Mapping[str, Any]:
    traces = panel.kind == "traces"
    shown: dict[str, Any] = {
        "type": "table" if traces else panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": _JAEGER if traces else _PROMETHEUS,
        "targets": [_search(panel)] if traces else list(_targets(panel)),
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
    }
    if options := _options(panel):
        shown["options"] = options
    return shown


def _targets(panel: Panel) -> Iterator[Mapping[str, Any]]:
    for letter, query in zip("ABCDEF", panel.queries, strict=False):
        at_once = panel.kind == "stat"
        yield {
            "refId": letter,
            "datasource": _PROMETHEUS,
            "expr": query.text,
            "legendFormat": query.legend or panel.title,
            "format": "heatmap" if panel.kind == "heatmap" else "time_series",
            "instant": at_once,
            "range": not at_once,
            "exemplar": panel.exemplars,
        }


def _search(panel: Panel) -> Mapping[str, Any]:
    (query,) = panel.queries
    return {"refId": "A", "datasource": _JAEGER, "queryType": "search", "service": "$service",
            "minDuration": query.text, "limit": _TRACES_SHOWN}  # fmt: skip


def _field(panel: Panel) -> Mapping[str, Any]:
    if panel.kind == "traces":
        return {}
    field: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.unit == "percentunit":
        field["max"] = 1
    if panel.kind == "state-timeline":
        named = {str(n): {"text": name, "color": _COLORS[n], "index": n} for n, name in enumerate(BREAKER_STATES)}
        return {"mappings": [{"type": "value", "options": named}], "color": {"mode": "fixed"}}
    if panel.kind == "stat":
        steps: list[Mapping[str, Any]] = [{"color": "green", "value": None}]
        if panel.bad_from is not None:
            steps.append({"color": "red", "value": panel.bad_from})
        return field | {"thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        field["custom"] = {"fillOpacity": 10, "showPoints": "never"}
        if panel.to_traces:
            page = "${jaeger_url}/search?service=${service}&operation=${__field.labels.operation}&lookback=1h"
            field["links"] = [_link("Traces in Jaeger", page)]
    return field


def _options(panel: Panel) -> Mapping[str, Any]:
    """Return what a panel of its kind needs; Grafana's schema requires each of these."""
    if panel.kind == "heatmap":
        color = {"mode": "scheme", "scheme": "Oranges", "steps": 64, "fill": "dark-orange", "exponent": 0.5}
        return {
            "calculate": False,  # Prometheus' buckets are used as they are
            "yAxis": {"unit": panel.unit},
            "color": color | {"reverse": False},
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "tooltip": {"mode": "single", "yHistogram": True},
            "legend": {"show": True},
            "showValue": "never",
        }
    if panel.kind == "stat":
        return {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "percentChangeColorMode": "standard",
            "reduceOptions": {"calcs": ["lastNotNull"], "values": False},
            "showPercentChange": False,
            "textMode": "auto",
            "wideLayout": True,
        }
    if panel.kind == "timeseries":
        legend = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
        return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {}


def _link(title: str, url: str) -> dict[str, Any]:
    return {"title": title, "url": url, "targetBlank": True}


if __name__ == "__main__":
    sys.stdout.write(as_json())
