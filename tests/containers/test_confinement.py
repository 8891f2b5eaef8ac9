"""Containers run without root, capabilities, new privileges or a writable root, and publish ports on loopback only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from containers.images.catalogue import CHECKOUT, RECIPES

CONFINED = ("--read-only", "--cap-drop ALL", "--security-opt no-new-privileges")
SERVICES: dict[str, dict[str, Any]] = {
    f"{file.relative_to(CHECKOUT)}: {name}": service
    for file in sorted([*CHECKOUT.glob("compose*.yaml"), *CHECKOUT.glob("deployments/compose/compose.yaml")])
    for name, service in YAML(typ="safe").load(file.read_text())["services"].items()
    if "image" in service
}
"""The services that a compose file defines; compose.receive.yaml also changes some of compose.yaml."""


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())
def test_a_service_of_compose_is_confined(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "devices"} & service.keys()
    # Caddy's program has this capability as a file, and does not start where it must not have it.
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if "caddy" in service["image"] else [])
    assert [port for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")] == []


def test_what_a_compose_file_adds_to_a_service_keeps_it_confined() -> None:
    added = YAML(typ="safe").load((CHECKOUT / "compose.receive.yaml").read_text())["services"]
    assert set(SERVICES) >= {"compose.yaml: redis", "compose.yaml: jaeger", "compose.receive.yaml: spanpact"}
    for service in added.values():
        assert "image" in service or service.keys() <= {"environment", "depends_on"}


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("*/Dockerfile")), ids=lambda path: path.parent.name)
def test_an_image_has_a_user_that_is_not_root(recipe: Path) -> None:
    last_stage = re.split(r"^FROM ", recipe.read_text(), flags=re.M)[-1]
    (user,) = re.findall(r"^USER (\S+)$", last_stage, re.M)
    assert user.partition(":")[0] not in {"root", "0"}


@pytest.mark.parametrize("page", ["ci.md", "deploy.md"])
def test_a_container_that_the_docs_run_is_confined(page: str) -> None:
    text = (CHECKOUT / "docs" / page).read_text().replace("\\\n", " ")
    text = re.sub(r'^confined="(.*)"\n(.*?)^```', lambda m: m[2].replace("$confined", m[1]), text, flags=re.M | re.S)
    commands = re.findall(r"^docker run .*$", text, re.M)
    assert commands
    assert [(command, option) for command in commands for option in CONFINED if option not in command] == []


@pytest.mark.parametrize(
    "file", ["docs/ci.md", "src/spanpact/cli/commands/init.py", "action.yml"], ids=lambda file: Path(file).name
)
def test_an_action_of_others_is_pinned_by_its_commit(file: str) -> None:
    used = re.findall(r"^ *- uses: (\S+)@(\S+)(.*)$", (CHECKOUT / file).read_text(), re.M)
    assert used or file == "action.yml"
    for name, commit, comment in used:
        assert re.fullmatch(r"[0-9a-f]{40}|COMMIT", commit), name
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), name
