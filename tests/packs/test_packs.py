"""The packs that are contracts: each accepts and rejects its examples, and every part of it is proven."""

from __future__ import annotations

import pytest

from spanpact.errors import UsageError
from spanpact.packs.instrumentation_score import NAME as SCORE
from spanpact.packs.instrumentation_score.attribute_levels import is_of_resources, is_of_spans
from spanpact.packs.shipped import PACKS, load_pack, load_packs
from spanpact.verification.examples.contract_examples import verify_examples

CONTRACTS = [name for name in PACKS if name != SCORE]


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_pack_gives_its_examples_what_they_list(name: str) -> None:
    plan = load_pack(name)
    report = verify_examples([plan])
    assert report.verdict == "kept", report.findings
    assert plan.name == name
    assert [each for each in report.results[0].coverage if each.proven is False] == []


@pytest.mark.parametrize("name", ["", "genai ", "../integrity", "GENAI"])
def test_an_unknown_pack_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(UsageError, match="there is no pack") as raised:
        load_packs([name])
    assert "instrumentation-score" in str(raised.value)


def test_a_pack_that_is_named_twice_is_loaded_once() -> None:
    assert len(load_packs(["integrity", "integrity"]).plans) == 1


def test_no_attribute_belongs_to_resources_only_and_to_spans_only() -> None:
    for name in ("service.name", "host.name", "k8s.pod.label.app", "telemetry.sdk.name"):
        assert is_of_resources(name)
        assert not is_of_spans(name)
    for name in ("http.request.method", "db.query.text", "http.request.header.accept", "server.address"):
        assert is_of_spans(name)
        assert not is_of_resources(name)
