"""What Jaeger changes when it takes spans in is undone where it says what was there: answers of Jaeger 2.13."""

from __future__ import annotations

import pytest

from spanpact.sources.jaeger.alterations import WARNINGS, Restorer
from spanpact.trace.model import Link, Reading, Resource, Span, Value
from tests.sources.jaeger.test_source import read, replying, spans

START = 1_767_225_600_000_000_000
BOTH = pytest.mark.parametrize("api", ["v3", "legacy"])


def sanitized(api: str) -> Reading:
    return read(replying("200-v3-sanitized.json", "200-legacy-sanitized.json"), api=api)


@BOTH
def test_the_original_end_of_a_span_is_restored(api: str) -> None:
    ends = {span_id: span.end_ns for span_id, span in spans(sanitized(api)).items()}
    assert (ends["1"], ends["2"]) == (0, START - 5)


def test_a_restored_end_in_nanoseconds_keeps_the_resolution_of_the_old_api() -> None:
    assert sanitized("legacy").source.resolution_ns == 1000


@BOTH
def test_a_missing_service_name_is_restored_as_missing(api: str) -> None:
    named = spans(sanitized(api))
    assert "service.name" not in named["1"].resource.attributes
    assert named["3"].resource.attributes == {"service.name": ""}


@BOTH
def test_a_service_name_of_another_type_is_lost_and_marked(api: str) -> None:
    assert spans(sanitized(api))["2"].resource.attributes == {"service.name": "service-name-wrong-type", "n": 1}


@BOTH
def test_an_attribute_error_is_kept_next_to_jaegers_mark_of_a_failed_span(api: str) -> None:
    failed = spans(sanitized(api))["1"]
    assert (failed.status, failed.attributes) == ("error", {"error": "x", "e": b""})


@pytest.mark.parametrize(
    ("parent", "attributes", "restored"),
    [("b", {"opentracing.ref_type": "follows_from"}, ""), ("b", {}, "b"), ("c", {"opentracing.ref_type": "x"}, "c")],
)
def test_a_root_that_links_to_itself_has_no_parent(parent: str, attributes: dict[str, Value], restored: str) -> None:
    links = [Link("a" * 32, "b" * 16, attributes)]
    span = Span("a" * 32, "b" * 16, "s", parent_id=parent * 16, links=links)
    assert Restorer().span(span).parent_id == restored * 16


def test_an_unchanged_span_is_the_same_object() -> None:
    span = Span("a" * 32, "b" * 16, "s", resource=Resource({"service.name": "s"}))
    assert Restorer().span(span) is span


def test_the_old_api_gives_spans_of_one_id_the_same_warnings() -> None:
    warning = (
        "Original end timestamp: 1970-01-01 00:00:00 +0000 UTC, adjusted to: 2026-01-01 00:00:00.000000001 +0000 UTC"
    )
    ended, adjusted = (
        Span("a" * 32, "b" * 16, "s", start_ns=START, end_ns=START + taken, attributes={WARNINGS: [warning]})
        for taken in (1000, 0)
    )
    assert (Restorer().span(ended).end_ns, Restorer().span(adjusted).end_ns) == (START + 1000, 0)


@pytest.mark.parametrize("warning", [["clock skew"], [], "text", None, 5])
def test_other_warnings_are_removed_and_change_nothing_else(warning: object) -> None:
    span = Span("a" * 32, "b" * 16, "s", end_ns=5, attributes={WARNINGS: warning, "n": 1})  # type: ignore[dict-item]
    assert (Restorer().span(span).attributes, Restorer().span(span).end_ns) == ({"n": 1}, 5)
