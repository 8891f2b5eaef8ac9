"""Every query of the dashboard and of docs/metrics.md returns data of the real service, and links lead to traces."""

from __future__ import annotations

import json
import re
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integration.monitoring.conftest import Watched
from integration.monitoring.programs import MONITORING, fetch
from integration.monitoring.shortened import RANGE
from integration.support.waiting import wait_until
from reference_impl.metrics.catalogue import CATALOGUE

DASHBOARD = MONITORING / "grafana" / "studio-api.json"
BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text())
QUERIES = [
    pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")
    for panel in BOARD["panels"]
    for target in panel.get("targets", ())
    if "expr" in target
]
DOCUMENTED = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", (MONITORING.parent / "docs" / "metrics.md").read_text(), re.M)
TIMED_PANELS = [panel for panel in BOARD["panels"] if panel["type"] == "timeseries"]
pytestmark = pytest.mark.timeout(120)


def of_all(query: str) -> str:
    """Return a query with Grafana's variables replaced: all jobs and instances, and the range of a short test."""
    for variable, value in (("$__rate_interval", RANGE), ('job="$job"', 'job=~".+"'), ("$instance", ".*")):
        query = query.replace(variable, value)
    assert "$" not in query
    return query


def await_data(watched: Watched, query: str) -> None:
    """Wait until a query has had a series since the services began."""
    wait_until(lambda: watched.prometheus.series(query, watched.began, time.time()), query)


@pytest.mark.parametrize("query", QUERIES)
def test_every_panel_has_data(watched: Watched, query: str) -> None:
    await_data(watched, of_all(query))


@pytest.mark.parametrize("query", DOCUMENTED)
def test_every_query_of_the_page_on_metrics_has_data(watched: Watched, query: str) -> None:
    await_data(watched, query.replace("[5m]", f"[{RANGE}]"))


def test_prometheus_has_every_metric(watched: Watched) -> None:
    wanted = {metric.scraped + ("_bucket" if metric.kind == "histogram" else "") for metric in CATALOGUE}
    wait_until(lambda: wanted <= set(watched.prometheus.ask("label/__name__/values")), "all metrics")


def test_the_variables_have_values(watched: Watched) -> None:
    found = {}
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
            assert match is not None
            path = f"label/{match[2]}/values"
            found[variable["name"]] = watched.prometheus.ask(path, **{"match[]": of_all(match[1])})
    assert found["service"] == ["studio-api"]
    assert {"healthy", "breaker-open"} <= set(found["job"])
    assert watched.faults.targets["healthy"] in found["instance"]


def test_exemplars_lead_to_traces_in_jaeger(watched: Watched) -> None:
    def trace_ids() -> list[str]:
        found = watched.prometheus.ask(
            "query_exemplars",
            query='studio_request_duration_seconds_bucket{job="healthy"}',
            start=watched.began,
            end=time.time(),
        )
        return [each["labels"]["trace_id"] for series in found for each in series["exemplars"]]

    trace_id = wait_until(trace_ids, "exemplars")[0]
    spans = wait_until(lambda: traces(watched, f"/{trace_id}"), "the trace")[0]["spans"]
    assert {span["traceID"] for span in spans} == {trace_id}


def test_a_line_leads_to_the_traces_of_its_operation(watched: Watched) -> None:
    links = [link for panel in TIMED_PANELS for link in panel["fieldConfig"]["defaults"].get("links", ())]
    assert len(links) == 4
    for link in links:
        for labels, _ in watched.prometheus.values('studio_requests_total{job="healthy"}'):
            url = link["url"].replace("${jaeger_url}", watched.tracing.jaeger).replace("${service}", "studio-api")
            asked = parse_qs(urlsplit(url.replace("${__field.labels.operation}", labels["operation"])).query)
            only = {name: asked[name][0] for name in ("service", "operation")}
            wait_until(partial(traces, watched, "", **only), str(only))


def test_the_panel_of_slow_traces_finds_them(watched: Watched) -> None:
    (panel,) = (panel for panel in BOARD["panels"] if panel["type"] == "table")
    (target,) = panel["targets"]
    asked = {"service": "studio-api", "minDuration": target["minDuration"], "limit": target["limit"]}
    found = wait_until(lambda: traces(watched, "", **asked), "slow traces")
    assert all(max(span["duration"] for span in trace["spans"]) >= 500_000 for trace in found)  # microseconds


def traces(watched: Watched, path: str, **asked: object) -> list[dict[str, Any]]:
    """Return the traces that Jaeger's page would show; none while it has not heard of the service."""
    found: list[dict[str, Any]] = fetch(f"{watched.tracing.jaeger}/api/traces{path}", **asked)["data"]
    return found


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program that reads a dashboard by Grafana's own types."""
    program = tmp_path_factory.mktemp("schema") / "dashboard_schema"
    source = Path(__file__).parent / "dashboard_schema"
    built = subprocess.run(["go", "build", "-o", program, "."], cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return program


def test_the_dashboard_is_what_grafana_reads(schema: Path, tmp_path: Path) -> None:
    done = subprocess.run([schema, DASHBOARD], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    broken = tmp_path / "broken.json"
    broken.write_text(DASHBOARD.read_text().replace('"legendFormat"', '"legend_format"', 1))
    refused = subprocess.run([schema, broken], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "unexpected field 'legend_format'" in refused.stderr
