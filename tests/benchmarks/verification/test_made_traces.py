"""The traffic of the benchmarks is what its kinds say: what varies, what keeps its contracts, and what breaks them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.verification.made_traces import main, requests, spans, write
from benchmarks.verification.measured_runs import SEVEN
from benchmarks.verification.variations import KINDS
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.findings import Report
from spanpact.sources import OtlpFileSource
from spanpact.trace.model import Reading
from spanpact.verification.verifying import verify

NUMBER = 3_000
CONTRACTS = [load_text(SEVEN), *load_contracts([shipped_contracts()])]


def read(folder: Path, kind: str, suffix: str = ".jsonl") -> Reading:
    path = folder / f"{kind}{suffix}"
    write(path, NUMBER, kind=kind)
    return OtlpFileSource(path).read()


def judged(reading: Reading) -> Report:
    return verify(CONTRACTS, reading)


def shapes(reading: Reading) -> int:
    """Return how many traces differ in the names of their spans, or in the order in which these began."""
    by_start = [sorted(trace.spans, key=lambda span: span.start_ns) for trace in reading.traces]
    return len({tuple((span.name, span.attributes.get("cache_hit")) for span in each) for each in by_start})


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_always_gives_the_same_spans_and_another_seed_others(kind: str) -> None:
    first, again, other = (list(spans(500, kind=kind, seed=seed)) for seed in (7, 7, 8))
    assert first == again
    assert {span.trace_id for span in first}.isdisjoint(span.trace_id for span in other)


@pytest.mark.parametrize("kind", ["same", "varied", "parallel", "logs"])
def test_all_contracts_have_flows_where_they_can_and_are_kept(kind: str, tmp_path: Path) -> None:
    report = judged(read(tmp_path, kind))
    assert report.findings == ()
    flows = {result.contract: result.flows for result in report.results}
    seen = {name for name, number in flows.items() if number}
    assert seen == {
        "seven-rules", "connection-manager", "cross-service", "redis-command", "session-create", "session-validate",
        "request-log",
    }  # fmt: skip
    (lines,) = (result for result in report.results if result.contract == "request-log")
    assert bool(lines.not_checked) == (kind != "logs")


def test_each_request_leaves_its_line(tmp_path: Path) -> None:
    reading = read(tmp_path, "logs")
    servers = [span.span_id for trace in reading.traces for span in trace.spans if span.kind == "server"]
    lines = [log.span_id for trace in reading.traces for log in trace.logs]
    assert sorted(lines) == sorted(servers) != []


def test_traffic_varies_as_its_kind_says(tmp_path: Path) -> None:
    found = {kind: shapes(read(tmp_path, kind)) for kind in ("same", "varied", "parallel", "mixed")}
    assert found["same"] == 4
    assert min(found["varied"], found["parallel"], found["mixed"]) > 40


def test_one_fault_is_planted_into_two_requests_of_a_hundred(tmp_path: Path) -> None:
    reading = read(tmp_path, "broken")
    report = judged(reading)
    for contract in ("seven-rules", "redis-command"):
        broken = {finding.trace_id for finding in report.findings if finding.contract == contract}
        assert 0.01 < len(broken) / len(reading.traces) < 0.04


def test_mixed_traffic_breaks_most_requests_has_pods_failures_and_lines(tmp_path: Path) -> None:
    reading = read(tmp_path, "mixed")
    broken = {finding.trace_id for finding in judged(reading).findings}
    assert len(broken) > len(reading.traces) / 2
    all_spans = [span for trace in reading.traces for span in trace.spans]
    assert len({span.resource.attributes["service.instance.id"] for span in all_spans}) == 21
    ids = Counter(span.attributes.get("http.request.header.x-request-id") for span in all_spans)
    assert {number for name, number in ids.items() if name} == {1}
    assert next(span.events[0].name for span in all_spans if span.status == "error") == "exception"
    assert all(trace.logs for trace in reading.traces)


@pytest.mark.parametrize("kind", ["varied", "mixed"])
def test_protobuf_holds_the_same_spans(kind: str, tmp_path: Path) -> None:
    json, protobuf = (read(tmp_path, kind, suffix) for suffix in (".jsonl", ".pb"))
    assert [trace.spans for trace in json.traces] == [trace.spans for trace in protobuf.traces]


def test_a_request_has_as_many_spans_as_asked() -> None:
    assert [len(request.traces) for request in requests(1_000, 512)][:1] == [512]


def test_the_command_writes_a_file_and_refuses_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["same", "100", str(tmp_path / "a.jsonl"), "--size", "10"])
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) > 9
    refused = ("same", "a.txt", "must end with .jsonl or .pb"), ("logs", "a.pb", "write logs to a .jsonl")
    for kind, name, said in refused:
        with pytest.raises(SystemExit):
            main([kind, "100", str(tmp_path / name)])
        assert said in capsys.readouterr().err
