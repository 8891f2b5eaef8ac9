"""The Compose file of deployments/ is valid, and keeps what has no password to itself."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

from ruamel.yaml import YAML

from containers.images.catalogue import CHECKOUT
from integration.support.deployed_jaeger import MEMORY_LIMIT

FOLDER = CHECKOUT / "deployments" / "compose"
FILE: dict[str, Any] = YAML(typ="safe").load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]


def test_it_is_valid_by_the_schema_of_compose() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(FOLDER / "compose.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_only_the_proxy_and_the_service_have_ports() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"jaeger-proxy": ["127.0.0.1:8443:8443"], "studio-api": ["127.0.0.1:8080:8080"]}


def test_networks_without_a_way_out_hold_what_has_no_password() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert networks["jaeger"] == {"traces"}
    assert networks["redis"] == networks["postgres"] == {"data"}
    assert networks["jaeger-proxy"] == {"traces", "edge"}
    assert [name for name, network in FILE["networks"].items() if network.get("internal")] == ["data", "traces"]


def test_every_secret_is_required_and_in_the_example() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    required = set(re.findall(r"\$\{(\w+):\?see env\.example\}", text))
    secrets = {name for name in re.findall(r"\$\{(\w+)", text) if not name.startswith("SPANPACT_")}
    assert secrets - required == {"JAEGER_KEEP"}  # which has a default
    given = dict(re.findall(r"^(\w+)=(.*)$", (FOLDER / "env.example").read_text(), re.M))
    assert set(given) == secrets
    assert {name for name, value in given.items() if value.strip("'")} == {"JAEGER_KEEP"}  # no password to forget


def test_jaegers_collector_aims_below_the_limit_everywhere() -> None:
    jaeger = SERVICES["jaeger"]
    assert (jaeger["environment"]["GOMEMLIMIT"], jaeger["mem_limit"]) == (MEMORY_LIMIT, "1g")
    for file in ("kubernetes/jaeger.yaml", "railway/jaeger.Dockerfile"):
        text = (CHECKOUT / "deployments" / file).read_text()
        assert re.search(rf"GOMEMLIMIT(=|, value: ){MEMORY_LIMIT}", text), file


def test_traces_and_rows_are_on_volumes() -> None:
    assert "jaeger:/badger" in SERVICES["jaeger"]["volumes"]
    assert "postgres:/var/lib/postgresql/data" in SERVICES["postgres"]["volumes"]
    assert set(FILE["volumes"]) == {"jaeger", "postgres", "studio"}
