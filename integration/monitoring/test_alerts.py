"""Each alert fires in its fault and stays silent otherwise: by promtool in full time, by Prometheus on real faults."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest
from ruamel.yaml import YAML

from integration.monitoring.conftest import Watched
from integration.monitoring.faults import FIRES
from integration.monitoring.programs import MONITORING, RULES, SCRAPE_SECONDS
from integration.support.waiting import wait_until

PROMETHEUS = MONITORING / "prometheus"


def rules(kind: str) -> list[str]:
    """Return the names of the rules of a kind, `alert` or `record`."""
    groups = [group for file in RULES for group in YAML(typ="safe").load(PROMETHEUS / file)["groups"]]
    return [rule[kind] for group in groups for rule in group["rules"] if kind in rule]


@pytest.mark.parametrize(
    "command",
    ["check rules rules.yaml alerts.yaml", "check config prometheus.yaml", "test rules alerts_test.yaml"],
)
def test_promtool_agrees(command: str) -> None:
    done = subprocess.run(["promtool", *command.split()], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout + done.stderr


def test_every_alert_has_a_fault_and_both_halves_of_its_timing() -> None:
    alerts = set(rules("alert"))
    assert set().union(*FIRES.values()) == alerts
    cases: list[dict[str, Any]] = [
        case for test in YAML(typ="safe").load(PROMETHEUS / "alerts_test.yaml")["tests"]
        for case in test["alert_rule_test"]
    ]  # fmt: skip
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == alerts
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == alerts


@pytest.mark.timeout(120)
def test_in_each_fault_its_alerts_fire_and_no_other(watched: Watched) -> None:
    wanted = {job: alerts for job, alerts in FIRES.items() if alerts}

    def steady() -> bool:
        """Return whether these alerts, and no other, fire for a while: a busy machine makes a service slow at times."""
        for _ in range(6):
            if watched.prometheus.firing() != wanted:
                return False
            time.sleep(SCRAPE_SECONDS)
        return True

    try:
        wait_until(steady, "the alerts", within=60)
    except AssertionError as error:
        error.add_note(str(watched.prometheus.firing()))
        raise


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", rules("record"))
def test_every_recording_rule_has_data(watched: Watched, name: str) -> None:
    wait_until(lambda: watched.prometheus.values(name), name)
