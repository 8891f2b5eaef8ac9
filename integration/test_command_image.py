"""The image of the command line: read-only, without capabilities and not as root, it judges the files of a folder."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from containers.engine.api import socket_path
from containers.images.building import ensure_image
from containers.images.catalogue import CHECKOUT, IMAGES
from spanpact import __version__

pytestmark = pytest.mark.usefixtures("docker_engine")
CONTRACTS = CHECKOUT / "contracts/v1"


def printed(*arguments: str, entrypoint: str | None = None, folder: Path = CONTRACTS) -> str:
    """Return what a container of the image prints, with a folder in /work. Raise ContainerError where it fails."""
    ensure_image("spanpact", local=True)
    client = docker.DockerClient(base_url=f"unix://{socket_path()}")
    try:
        output: bytes = client.containers.run(
            IMAGES["spanpact"].local,
            list(arguments),
            entrypoint=entrypoint,
            remove=True,
            network_mode="host",
            read_only=True,
            cap_drop=["ALL"],
            tmpfs={"/tmp": ""},
            working_dir="/work",
            volumes={str(folder): {"bind": "/work", "mode": "ro"}},
        )
    finally:
        client.close()
    return output.decode()


def test_it_lints_and_judges_examples() -> None:
    assert printed("--version").startswith(f"spanpact {__version__}")
    assert "clean: " in printed("lint", ".")
    assert "kept: " in printed("verify", ".", "--examples")


def test_it_is_not_root_and_has_no_tools_of_the_build() -> None:
    assert printed("-c", "import os; print(os.getuid())", entrypoint="python").strip() == "10001"
    found = printed("-c", "import importlib.util as i; print(i.find_spec('pip'))", entrypoint="python")
    assert found.strip() == "None"
