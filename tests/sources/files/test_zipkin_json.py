"""Zipkin's JSON: what is peculiar to it. What real programs wrote is in test_recordings.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spanpact.errors import SourceError
from spanpact.sources import OtlpFileSource
from spanpact.trace.model import Span

TRACE, ID = "a" * 32, "b" * 16


def span(**fields: Any) -> dict[str, Any]:
    return {"traceId": TRACE, "id": ID, "name": "x", "timestamp": 1_800_000_000_000_000, "duration": 5, **fields}


def read(path: Path, *spans: dict[str, Any]) -> list[Span]:
    path.write_text(json.dumps(spans))
    return [each for trace in OtlpFileSource(path).read().traces for each in trace.spans]


@pytest.mark.parametrize(
    ("written", "traces"),
    [
        (json.dumps([span()]), 1),
        (json.dumps([[span()], [span(traceId="c" * 32)]]), 2),
        (json.dumps([span()]) + "\n" + json.dumps([span(traceId="c" * 32)]), 2),
        (json.dumps(span()), 1),
        (json.dumps([span()], indent=2), 1),
        (json.dumps([span()]) + json.dumps([]), 1),
    ],
)
def test_spans_are_alone_in_lists_or_in_lists_of_traces(tmp_path: Path, written: str, traces: int) -> None:
    path = tmp_path / "traces"
    path.write_text(written)
    assert len(OtlpFileSource(path).read().traces) == traces


def test_short_ids_have_leading_zeros(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "t", span(traceId="AB" * 8, id="1", parentId="2"))
    assert (found.trace_id, found.span_id, found.parent_id) == ("0" * 16 + "ab" * 8, f"{1:016x}", f"{2:016x}")


def test_a_span_without_a_duration_took_less_than_a_microsecond(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "t", span(duration=None))
    assert found.end_ns == found.start_ns == 1_800_000_000_000_000_000


@pytest.mark.parametrize(
    ("tags", "status", "message", "left"),
    [
        ({}, "unset", "", {}),
        ({"otel.status_code": "OK"}, "ok", "", {}),
        ({"error": ""}, "error", "", {}),
        ({"error": "no answer"}, "error", "no answer", {}),
        ({"otel.status_code": "ERROR", "error": "no answer", "a": "1"}, "error", "no answer", {"a": "1"}),
        ({"otel.status_code": "ERROR", "error": "true", "otel.status_description": "gone"}, "error", "gone", {}),
        ({"otel.status_code": "UNSET"}, "unset", "", {}),
        ({"otel.status_code": "OK", "error": "an attribute"}, "ok", "", {"error": "an attribute"}),
    ],
)
def test_the_status_is_in_tags(
    tmp_path: Path, tags: dict[str, str], status: str, message: str, left: dict[str, str]
) -> None:
    (found,) = read(tmp_path / "t", span(tags=tags))
    assert (found.status, found.status_message, found.attributes) == (status, message, left)


def test_tags_are_texts(tmp_path: Path) -> None:
    tags = {"a": 1, "b": 2.5, "c": True, "d": None, "otel.dropped_events_count": "1"}
    (found,) = read(tmp_path / "t", span(tags=tags))
    assert found.attributes == {"a": "1", "b": "2.5", "c": "true"}


def test_client_and_server_may_share_a_span(tmp_path: Path) -> None:
    """Brave's server takes the client's id: two halves, which are parent and child here."""
    client = span(kind="CLIENT", localEndpoint={"serviceName": "web"})
    server = span(kind="SERVER", shared=True, localEndpoint={"serviceName": "api"})
    below = span(id="c" * 16, parentId=ID, localEndpoint={"serviceName": "api"})
    beside = span(id="d" * 16, parentId=ID, localEndpoint={"serviceName": "web"})
    first, second, third, fourth = read(tmp_path / "t", client, server, below, beside)
    assert (first.span_id, first.parent_id) == (ID, "")
    assert (second.parent_id, third.parent_id, fourth.parent_id) == (ID, second.span_id, ID)
    assert len({first.span_id, second.span_id, third.span_id, fourth.span_id}) == 4
    assert read(tmp_path / "t", client, server, below, beside)[1].span_id == second.span_id


def test_events_are_annotations(tmp_path: Path) -> None:
    values = ['{"miss": {"key": "cart"}}', "plain", '{"a": 1}', '{"a": {}, "b": {}}', "[1]"]
    annotations = [{"timestamp": 1_800_000_000_000_001, "value": value} for value in values]
    (found,) = read(tmp_path / "t", span(annotations=annotations))
    assert [event.name for event in found.events] == ["miss", *values[1:]]
    assert found.events[0].attributes == {"key": "cart"}
    assert found.events[0].time_ns == 1_800_000_000_000_001_000


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ([span(timestamp="soon")], r"line 1: not Zipkin's JSON of version 2: Expected `int"),
        ([span(), 5], "not Zipkin's JSON of version 2: Expected `object`, got `int`"),
        ([span(tags={"a": [1]})], r"Expected `.*str.*`, got `array`"),
        ([span(id=None)], "Expected `str`, got `null`"),
    ],
)
def test_what_is_malformed_is_an_error(tmp_path: Path, written: list[Any], says: str) -> None:
    with pytest.raises(SourceError, match=says):
        read(tmp_path / "t", *written)
