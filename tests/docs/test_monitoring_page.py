"""The dashboard is the one that is drawn and shows every metric; alerts, runbooks and the pages name what is there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitoring.grafana.__main__ import as_json
from monitoring.grafana.panels import ROWS
from reference_impl.metrics.catalogue import CATALOGUE
from tests.docs.pages import ROOT, page
from tests.docs.test_links import anchors

MONITORING = ROOT / "monitoring"
PAGE = page("monitoring.md")
DRAWN = (MONITORING / "grafana" / "studio-api.json").read_text()
BOARD: dict[str, Any] = json.loads(DRAWN)
TITLES = {panel.title for _, panels in ROWS for panel in panels}


def parsed(*path: str) -> Any:
    return YAML(typ="safe").load(MONITORING.joinpath(*path))


ALERTS = [rule for group in parsed("prometheus", "alerts.yaml")["groups"] for rule in group["rules"]]


def test_the_dashboard_is_the_one_that_is_drawn() -> None:
    assert as_json() == DRAWN, "draw it: python -m monitoring.grafana > monitoring/grafana/studio-api.json"


def test_every_metric_has_a_panel() -> None:
    assert [metric.scraped for metric in CATALOGUE if not re.search(rf"\b{metric.scraped}(_bucket)?\b", DRAWN)] == []


def test_every_label_in_a_query_is_one_of_its_metric() -> None:
    labels = {metric.scraped + suffix: {label.name for label in metric.labels}
              for metric in CATALOGUE for suffix in ("", "_bucket")}  # fmt: skip
    scraped = {"job", "instance"}
    used = [(name, label) for name, matchers in re.findall(r"\b(\w+)\{([^{}]*)\}", queries())
            if name in labels for label in re.findall(r"(\w+)(?:=~|!=|=)", matchers)]  # fmt: skip
    assert len(used) > 100
    assert [each for each in used if each[1] not in labels[each[0]] | scraped] == []


def queries() -> str:
    rules = "".join((MONITORING / "prometheus" / name).read_text() for name in ("rules.yaml", "alerts.yaml"))
    exprs = [target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", ()) if "expr" in target]
    return "\n".join([rules, *exprs])


def test_panels_do_not_overlap_and_stay_in_24_columns() -> None:
    cells = [(x, y) for panel in BOARD["panels"] for place in [panel["gridPos"]]
             for x in range(place["x"], place["x"] + place["w"])
             for y in range(place["y"], place["y"] + place["h"])]  # fmt: skip
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_every_alert_has_its_row_and_its_runbook(alert: dict[str, Any]) -> None:
    name, minutes = alert["alert"], alert["for"].removesuffix("m")
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| [{name}](#{name.lower()})"))
    assert row.endswith(f"| {minutes} min | {alert['labels']['severity']} |")
    file, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert anchor in anchors(ROOT / file)


def test_panels_that_are_named_exist() -> None:
    named = set(re.findall(r'panel "([^"]+)"', json.dumps(ALERTS).replace('\\"', '"')))
    runbooks = PAGE.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    named |= set(re.findall(r"(?<!\*)\*([A-Z][^*,]+)\*(?!\*)", runbooks)) - {"Status, Targets"}
    assert len(named) >= 6
    assert named <= TITLES


def test_the_rows_of_the_page_are_those_of_the_dashboard() -> None:
    table = PAGE.partition("| row | answers |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([A-Z][^|]*?) \|", table, re.MULTILINE) == [title for title, _ in ROWS]


def test_exemplars_lead_to_the_data_source_of_jaeger() -> None:
    sources = {
        each["uid"]: each for each in parsed("grafana", "provisioning", "datasources", "studio-api.yaml")["datasources"]
    }
    (destination,) = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert destination["name"] == "trace_id"  # as reference_impl.metrics.exposition names it
    assert sources[destination["datasourceUid"]]["type"] == "jaeger"


def test_the_collector_and_jaeger_agree_on_names_and_the_unit() -> None:
    connector = parsed("collector", "spanmetrics.yaml")["connectors"]["spanmetrics"]
    reader = parsed("jaeger", "monitor.yaml")["extensions"]["jaeger_storage"]["metric_backends"]["prometheus"][
        "prometheus"
    ]
    assert reader["metric_namespace"] == connector["namespace"].replace(".", "_")
    assert reader["latency_unit"] == connector["histogram"]["unit"]
