"""The manifests are accepted by the schemas of Kubernetes, and their parts fit together."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "deployments" / "kubernetes").glob("*.yaml"))
VERSIONS = ("1.30.0", "1.33.0", "1.37.0")
"""The oldest with all that is used (`preStop.sleep`), one between, and the newest that is known."""


def validate(file: Path, version: str) -> subprocess.CompletedProcess[str]:
    """Validate a file by the schemas of a version of Kubernetes, which know every field."""
    command = [os.environ["SPANPACT_DEPLOYMENTS"], "--strict", "-k", version, str(file)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_every_object_is_valid(file: Path, version: str) -> None:
    done = validate(file, version)
    objects = len(re.findall(r"^kind: ", file.read_text(), re.M))
    assert (done.returncode, (done.stdout + done.stderr).count(" passed ")) == (0, objects), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("readOnlyRootFilesystem", "readOnlyRootFileSystem"),
        ("replicas: 2", "replicas: two"),
        ("    spec:", "    specs:"),
    ],
)
def test_a_field_that_does_not_exist_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    text = (ROOT / "deployments" / "kubernetes" / "studio-api.yaml").read_text()
    assert right in text
    (tmp_path / "wrong.yaml").write_text(text.replace(right, wrong, 1))
    assert validate(tmp_path / "wrong.yaml", VERSIONS[-1]).returncode != 0
