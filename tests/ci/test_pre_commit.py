"""The pre-commit hook: which files it takes, and, with the registry, a commit that it refuses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.ci.recorded_program import ROOT, Project

(HOOK,) = YAML(typ="safe", pure=True).load((ROOT / ".pre-commit-hooks.yaml").read_text())
IN_THE_WHEEL = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "src/spanpact", "contracts/v1")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", ["a.contract.yaml", "b/c.spanpact.yml", "a.spanpact.yaml"])
def test_contracts_are_taken(name: str) -> None:
    assert re.search(HOOK["files"], name)


@pytest.mark.parametrize("name", ["contract.yaml", "a.contract.json", "spanpact.toml", "a.contract.yaml.bak"])
def test_other_files_are_not(name: str) -> None:
    assert not re.search(HOOK["files"], name)


def test_the_manifest_is_valid() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]
    subprocess.run(command, check=True)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A repository with what the wheel is built from."""
    folder = tmp_path / "released"
    for name in IN_THE_WHEEL:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "release")
    return folder


@pytest.mark.expensive
@pytest.mark.timeout(300)
def test_a_wrong_contract_is_refused(released: Path, project: Project, tmp_path: Path) -> None:
    repo = {"repo": str(released), "rev": git(released, "rev-parse", "HEAD"), "hooks": [{"id": "spanpact-lint"}]}
    with (project.folder / ".pre-commit-config.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump({"repos": [repo]}, file)
    git(project.folder, "init", "-q")

    def commit(status: str) -> Any:
        project.contract(status)
        git(project.folder, "add", "contracts", ".pre-commit-config.yaml")
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run"],
            cwd=project.folder,
            env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )

    wrong = commit("good")
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    assert "contracts/checkout.spanpact.yaml:5:9" in wrong.stdout
    right = commit("unset")
    assert right.returncode == 0, right.stdout + right.stderr
