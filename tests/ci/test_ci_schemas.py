"""The CI files are valid by the schemas of their systems, which check-jsonschema holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spanpact.cli.commands import init
from tests.ci.recorded_program import ROOT
from tests.docs.pages import blocks, page


def problems(schema: str, file: Path) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_action_is_valid() -> None:
    assert problems("vendor.github-actions", ROOT / "action.yml") == ""


def test_the_gitlab_template_is_valid() -> None:
    assert problems("vendor.gitlab-ci", ROOT / "ci/gitlab.yml") == ""


def test_the_job_for_github_is_valid(tmp_path: Path) -> None:
    (tmp_path / "spanpact.yml").write_text(init._GITHUB_JOB)
    assert problems("vendor.github-workflows", tmp_path / "spanpact.yml") == ""


def test_a_mistake_is_found(tmp_path: Path) -> None:
    (tmp_path / "spanpact.yml").write_text(init._GITHUB_JOB.replace("runs-on", "run-on"))
    assert "runs-on" in problems("vendor.github-workflows", tmp_path / "spanpact.yml")


@pytest.mark.parametrize("number", range(len([each for each in blocks(page("ci.md")) if each.language == "yaml"])))
def test_what_the_page_shows_is_valid(number: int, tmp_path: Path) -> None:
    text = [each.text for each in blocks(page("ci.md")) if each.language == "yaml"][number]
    file = tmp_path / "shown.yml"
    if text.startswith("steps:"):
        steps = "".join(f"    {line}\n" for line in text.splitlines())
        file.write_text(f"on: push\njobs:\n  contracts:\n    runs-on: ubuntu-latest\n{steps}")
        assert problems("vendor.github-workflows", file) == ""
    elif text.startswith("repos:"):
        assert "spanpact-lint" in text
    else:
        file.write_text(text)
        assert problems("vendor.gitlab-ci", file) == ""
