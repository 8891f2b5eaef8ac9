"""What is extracted from a checkout of the conventions: a small model in the form of theirs, in a git repository."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from semconv import extract
from semconv.extract import read_model

REGISTRY = """
groups:
  - id: registry.demo
    type: attribute_group
    attributes:
      - {id: http.request.method, type: {members: [{id: get, value: GET, stability: stable}]}, stability: stable}
      - {id: http.route, type: string, stability: stable}
      - {id: http.size, type: int, stability: development}
      - {id: db.system, type: {members: [{id: a, value: a}]}, stability: development,
         deprecated: {reason: renamed, renamed_to: db.system.name}}
      - {id: db.system.name, type: {members: [{id: b, value: b}]}, stability: stable}
      - {id: http.old, type: string, stability: development, deprecated: {reason: obsoleted, note: "Gone.\\n"}}
      - {id: other.old, type: string, stability: development, deprecated: {reason: obsoleted, note: Gone.}}
"""
SPANS = """
groups:
  - id: attributes.http
    type: attribute_group
    attributes:
      - {ref: http.request.method, requirement_level: required}
      - {ref: http.route, requirement_level: opt_in}
      - {ref: http.size}
  - id: span.http.server
    type: span
    span_kind: server
    stability: stable
    extends: attributes.http
    attributes:
      - {ref: http.route, requirement_level: {conditionally_required: "If it\\nis known."}}
  - {id: span.rpc.call.client, type: span, span_kind: client, stability: release_candidate}
"""
LATER = "spans: [{type: messaging.send.producer, stability: development, kind: producer}]\n"


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *name, *arguments], check=True, capture_output=True)


@pytest.fixture
def model(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "model").mkdir()
    for name, text in (("registry", REGISTRY), ("spans", SPANS), ("messaging", LATER)):
        (tmp_path / "model" / f"{name}.yaml").write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "model")
    git(tmp_path, "tag", "v9.9.9")
    (tmp_path / "model" / "spans.yaml").write_text("groups: []\n")  # later than the tag
    return read_model(tmp_path, "v9.9.9")


@pytest.fixture
def extracted(model: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(extract, "SPANS", ("http.server",))
    monkeypatch.setattr(extract, "AREAS", {"rpc": "rpc.call.client", "messaging": "messaging.send.producer"})
    return extract.extract(model, "9.9.9", "c0ffee")


def test_a_span_has_its_stable_attributes_with_those_that_it_extends(extracted: dict[str, Any]) -> None:
    assert extracted["spans"]["http.server"] == {
        "stability": "stable",
        "kind": "server",
        "attributes": {
            "http.request.method": {"type": "string", "requirement": "required"},
            "http.route": {
                "type": "string",
                "requirement": "conditionally_required",
                "condition": "If it is known.",
            },
        },
    }


def test_deprecated_attributes_have_their_successor_and_its_stability(extracted: dict[str, Any]) -> None:
    assert extracted["deprecated"] == {
        "db.system": {"reason": "renamed", "renamed_to": "db.system.name", "stability": "stable"},
        "http.old": {"reason": "obsoleted", "note": "Gone."},
    }


def test_the_rest_says_where_it_is_from_and_what_is_not_stable(extracted: dict[str, Any]) -> None:
    assert (extracted["version"], extracted["commit"]) == ("9.9.9", "c0ffee")
    assert extracted["unstable"] == {"rpc": "release_candidate", "messaging": "development"}
    assert extracted["values"] == {"db.system": ["a"], "db.system.name": ["b"], "http.request.method": ["GET"]}
