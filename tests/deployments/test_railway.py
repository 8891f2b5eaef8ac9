"""The configuration of Railway's services has only what Railway documents, and names what is here.

Railway's JSON schema could not be had, so this is by its reference of configuration as code, as of November 2026.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from containers.images.catalogue import CHECKOUT, IMAGES

FOLDER = CHECKOUT / "deployments" / "railway"
FILES = {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}
PARTS: dict[str, dict[str, type]] = {
    "build": {"builder": str, "watchPatterns": list, "buildCommand": str, "dockerfilePath": str},
    "deploy": {
        "startCommand": str,
        "preDeployCommand": list,
        "multiRegionConfig": dict,
        "cronSchedule": str,
        "healthcheckPath": str,
        "healthcheckTimeout": int,
        "restartPolicyType": str,
        "restartPolicyMaxRetries": int,
        # Numbers: with the texts that the reference shows, the deployment fails (railwayapp/docs, issue 1243).
        "overlapSeconds": int,
        "drainingSeconds": int,
    },
}


@pytest.mark.parametrize("name", FILES)
def test_every_part_is_documented(name: str) -> None:
    file: dict[str, Any] = FILES[name]
    assert file.pop("$schema", None) in (None, "https://railway.com/railway.schema.json")
    assert set(file) == {"build", "deploy"}
    for section, parts in file.items():
        assert {key: type(value) for key, value in parts.items()} == {key: PARTS[section][key] for key in parts}
    assert file["build"]["builder"] == "DOCKERFILE"
    assert file["deploy"]["restartPolicyType"] in ("ON_FAILURE", "ALWAYS", "NEVER")


@pytest.mark.parametrize("name", FILES)
def test_its_recipe_is_one_that_railway_builds(name: str) -> None:
    recipe = CHECKOUT / FILES[name]["build"]["dockerfilePath"]
    text = recipe.read_text()
    assert not re.search(r"^VOLUME", text, re.M)  # Railway refuses it, as it has volumes of its own
    copied = [word for line in re.findall(r"^COPY (.*) \S+$", text, re.M) for word in line.split()]
    assert [word for word in copied if not word.startswith(("--", "wheel[s]")) and not (CHECKOUT / word).exists()] == []
    for pattern in FILES[name]["build"]["watchPatterns"]:
        assert list(CHECKOUT.glob(pattern)), pattern


def test_the_images_are_those_that_are_tested() -> None:
    assert f"FROM {IMAGES['jaeger'].official}\n" in (FOLDER / "jaeger.Dockerfile").read_text()


def test_health_is_asked_where_it_is_given() -> None:
    paths = {name: file["deploy"]["healthcheckPath"] for name, file in FILES.items()}
    assert paths == {"studio-api": "/healthz", "jaeger": "/status", "jaeger-proxy": "/proxy-health"}
    assert "handle /proxy-health" in (CHECKOUT / "deployments" / "jaeger" / "Caddyfile").read_text()


def test_a_change_of_the_rates_deploys_nothing() -> None:
    assert "deployments/jaeger/sampling.json" not in FILES["jaeger"]["build"]["watchPatterns"]
