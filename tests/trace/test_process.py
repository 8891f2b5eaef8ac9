"""Which spans come from one process."""

from __future__ import annotations

from spanpact.trace.model import ALL_CAPABILITIES, Resource, Span
from spanpact.trace.process import same_process, same_resource

ONE, EQUAL, OTHER = Resource({"service.name": "a"}), Resource({"service.name": "a"}), Resource({"service.name": "b"})


def span(resource: Resource) -> Span:
    return Span("t", "s", "a", resource=resource)


def test_equal_resources_are_one_process() -> None:
    assert same_process(span(ONE), span(ONE), ALL_CAPABILITIES)
    assert same_process(span(ONE), span(EQUAL), ALL_CAPABILITIES)
    assert not same_process(span(ONE), span(OTHER), ALL_CAPABILITIES)


def test_without_resources_no_two_spans_are_known_to_be_of_one_process() -> None:
    assert not same_process(span(ONE), span(ONE), ALL_CAPABILITIES - {"resource"})


def test_the_schema_url_of_a_resource_does_not_matter() -> None:
    assert same_resource(ONE, Resource({"service.name": "a"}, "https://example.com/schema"))
