"""The GitHub Action: its steps, as they are in action.yml, run by bash."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from spanpact.cli.commands import init
from tests.ci.recorded_program import ROOT, Project

ACTION: Any = YAML(typ="safe", pure=True).load((ROOT / "action.yml").read_text())
INSTALL, *STEPS = ACTION["runs"]["steps"]
EXPORTER = ROOT / "tests/cli/exporting_flows.py"
COMMAND = f"'{sys.executable}' '{EXPORTER}' 2"


def steps(project: Project, **inputs: str) -> list[subprocess.CompletedProcess[str]]:
    """Run the steps that follow the installation, until one fails."""
    values = {name: each["default"] for name, each in ACTION["inputs"].items()} | inputs
    done: list[subprocess.CompletedProcess[str]] = []
    for step in STEPS:
        given = {
            name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: values[m[1]], text)
            for name, text in step["env"].items()
        }
        done.append(project.run(step["run"], **given, GITHUB_STEP_SUMMARY=str(project.folder / "summary.md")))
        if done[-1].returncode:
            break
    return done


def test_contracts_are_linted_and_nothing_is_verified_without_traces(project: Project) -> None:
    project.contract()
    assert [each.returncode for each in steps(project)] == [0, 0]
    assert project.log == ["lint contracts/"]


def test_a_contract_with_a_mistake_fails_the_first_step(project: Project) -> None:
    project.contract(status="good")
    (lint,) = steps(project, command=COMMAND)
    assert lint.returncode == 2
    assert "good" in lint.stdout


def test_what_a_command_exports_is_verified_with_annotations_and_a_summary(project: Project) -> None:
    project.contract()
    assert [each.returncode for each in steps(project, command=COMMAND)] == [0, 0]
    project.contract(status="error")
    _, verified = steps(project, command=COMMAND)
    assert (verified.returncode, "::error file=contracts/checkout.spanpact.yaml" in verified.stdout) == (1, True)
    assert "checkout" in (project.folder / "summary.md").read_text()


def test_a_file_is_verified_and_options_are_passed_on(project: Project) -> None:
    project.contract()
    project.contract(name="other")
    assert project.run(f"spanpact run contracts/checkout.spanpact.yaml --save traces.json -- {COMMAND}").returncode == 0
    done = steps(
        project,
        **{"from": "traces.json"},
        options="--strict --format junit=a.xml",
        contracts="contracts/checkout.spanpact.yaml",
    )
    assert [each.returncode for each in done] == [0, 0], done[-1].stderr
    assert project.log[-1].endswith("--format github --strict --format junit=a.xml --from traces.json")
    assert (project.folder / "a.xml").exists()


def test_an_input_is_no_part_of_a_script(project: Project) -> None:
    project.contract()
    steps(project, contracts='contracts/ "$(touch pwned)" ; touch pwned', **{"from": "`touch pwned`"})
    assert not (project.folder / "pwned").exists()


def test_two_kinds_of_traces_are_refused(project: Project) -> None:
    project.contract()
    assert steps(project, command="true", **{"from": "t.json"})[-1].returncode == 2


def test_the_job_of_init_does_the_same(project: Project) -> None:
    project.contract()
    (project.folder / ".github").mkdir()
    assert project.run("spanpact init").returncode == 0
    text = (project.folder / init._GITHUB).read_text()
    job = YAML(typ="safe", pure=True).load(text)["jobs"]["contracts"]
    project.folder.joinpath(".log").unlink()
    for step in job["steps"]:
        if "run" in step:
            assert project.run(step["run"]).returncode == 0
    assert project.log == ["lint contracts/"]
    (commented,) = re.findall(r"# - run: spanpact (run .*) -- pytest", text)
    steps(project, command="true")
    assert project.log[-1] == f"{commented} -- bash -c true"


@pytest.mark.expensive
@pytest.mark.timeout(300)
def test_the_action_installs_itself(project: Project, tmp_path: Path) -> None:
    given = {"RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_PATH": str(tmp_path / "path")}
    done = Project(project.folder, timeout=250).run(INSTALL["run"], **given)
    assert done.returncode == 0, done.stderr
    program = Path((tmp_path / "path").read_text().strip(), "spanpact")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert version.stdout.startswith("spanpact ")
