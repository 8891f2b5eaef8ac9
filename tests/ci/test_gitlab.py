"""The GitLab template: its script, as a runner's shell runs it, and that `spanpact init` writes it."""

from __future__ import annotations

import sys
from typing import Any

from junitparser import JUnitXml
from ruamel.yaml import YAML

from tests.ci.recorded_program import ROOT, Project

TEXT = (ROOT / "ci/gitlab.yml").read_text()
JOB: Any = YAML(typ="safe", pure=True).load(TEXT)["spanpact"]


def run(project: Project, **variables: str) -> int:
    return project.run("\n".join(JOB["script"]), shell="sh", **{**JOB["variables"], **variables}).returncode


def test_contracts_are_linted(project: Project) -> None:
    project.contract()
    assert (run(project), project.log) == (0, ["lint contracts/"])


def test_a_command_is_verified_and_the_report_is_where_gitlab_looks(project: Project) -> None:
    project.contract(status="error")
    command = f"'{sys.executable}' '{ROOT / 'tests/cli/exporting_flows.py'}' 2"
    assert run(project, SPANPACT_COMMAND=command) == 1
    report = JUnitXml.fromfile(str(project.folder / JOB["artifacts"]["reports"]["junit"]))
    assert (report.tests, report.failures) == (2, 1)  # the contract, and the integrity of traces


def test_init_writes_the_template(project: Project) -> None:
    project.contract()
    (project.folder / ".gitlab-ci.yml").write_text("include: [{local: .gitlab/spanpact.yml}]\n")
    assert project.run("spanpact init").returncode == 0
    assert (project.folder / ".gitlab/spanpact.yml").read_text() == TEXT
