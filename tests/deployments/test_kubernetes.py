"""The manifests confine every pod, and what one object names exists in another; schemas: `nox -s deployments`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from containers.images.catalogue import CHECKOUT, IMAGES

FOLDER = CHECKOUT / "deployments"
OBJECTS: list[dict[str, Any]] = [
    document
    for file in sorted((FOLDER / "kubernetes").glob("*.yaml"))
    for document in YAML(typ="safe").load_all(file.read_text())
]
WORKLOADS = {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] in ("Deployment", "StatefulSet")}
GIVEN = {"jaeger": {path.name for path in (FOLDER / "jaeger").iterdir()}}
"""What docs/deploy.md has made by a command: the ConfigMap `jaeger`, from a folder."""


def kind(name: str) -> list[dict[str, Any]]:
    return [each for each in OBJECTS if each["kind"] == name]


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = WORKLOADS[name]["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_pod_is_confined(name: str) -> None:
    spec = pod(name)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] != 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        own = container["securityContext"]
        assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"]) == (False, True)
        assert own["capabilities"]["drop"] == ["ALL"]
        assert own["capabilities"].get("add", []) in ([], ["NET_BIND_SERVICE"])  # all that `restricted` allows
        assert {"requests", "limits"} <= container["resources"].keys()
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()


@pytest.mark.parametrize("name", WORKLOADS)
def test_probes_and_mounts_name_what_is_there(name: str) -> None:
    claims = {claim["metadata"]["name"] for claim in WORKLOADS[name]["spec"].get("volumeClaimTemplates", ())}
    volumes = {volume["name"] for volume in pod(name)["volumes"]} | claims
    for container in pod(name)["containers"]:
        ports = {port["name"] for port in container["ports"]}
        assert {container[probe]["httpGet"]["port"] for probe in container if probe.endswith("Probe")} <= ports
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_services_and_budgets_and_policies_select_pods_that_exist() -> None:
    labels = [workload["spec"]["template"]["metadata"]["labels"] for workload in WORKLOADS.values()]
    selected = [service["spec"]["selector"] for service in kind("Service")]
    selected += [budget["spec"]["selector"]["matchLabels"] for budget in kind("PodDisruptionBudget")]
    selected += [found for policy in kind("NetworkPolicy") for found in pod_labels(policy)]
    assert len(selected) > len(labels)
    assert [each for each in selected if each not in labels] == []
    budgets = {budget["metadata"]["name"] for budget in kind("PodDisruptionBudget")}
    assert budgets == {name for name, one in WORKLOADS.items() if one["spec"]["replicas"] > 1}


def pod_labels(value: Any) -> Iterator[dict[str, str]]:
    """Yield the labels of each selector of pods in a policy."""
    if isinstance(value, dict):
        if labels := value.get("podSelector", {}).get("matchLabels"):
            yield labels
        for part in value.values():
            yield from pod_labels(part)
    elif isinstance(value, list):
        for part in value:
            yield from pod_labels(part)


def test_config_maps_that_are_named_exist() -> None:
    made = {each["metadata"]["name"]: set(each["data"]) for each in kind("ConfigMap")} | GIVEN
    for name in WORKLOADS:
        for volume in pod(name)["volumes"]:
            if source := volume.get("configMap"):
                assert {item["key"] for item in source.get("items", ())} <= made[source["name"]]
        for container in pod(name)["containers"]:
            named = [each["configMapRef"]["name"] for each in container.get("envFrom", ()) if "configMapRef" in each]
            assert set(named) <= made.keys()


def test_jaeger_keeps_its_traces_on_a_claim_and_is_one() -> None:
    jaeger = WORKLOADS["jaeger"]
    assert (jaeger["kind"], jaeger["spec"]["replicas"]) == ("StatefulSet", 1)
    (container,) = pod("jaeger")["containers"]
    assert container["image"] == IMAGES["jaeger"].official
    assert {"name": "badger", "mountPath": "/badger"} in container["volumeMounts"]


def test_only_the_service_and_the_proxy_reach_jaeger() -> None:
    (policy,) = [each for each in kind("NetworkPolicy") if each["metadata"]["name"] == "jaeger"]
    reach = {
        (peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port["port"])
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        for port in rule["ports"]
    }
    assert reach == {("studio-api", port) for port in (4317, 4318, 5778)} | {
        ("jaeger-proxy", port) for port in (16686, 4318)
    }
    refuse = next(each for each in kind("NetworkPolicy") if each["metadata"]["name"] == "refuse")
    assert refuse["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
