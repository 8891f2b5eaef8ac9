"""The resource has the service's name, version and environment (S1.2)."""

from __future__ import annotations

from opentelemetry.sdk.trace import SpanProcessor

from reference_impl.settings import Settings
from reference_impl.telemetry import configure_tracing


def test_the_resource_of_the_environment_wins_unless_an_argument_speaks() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=staging"}
    for more, place in (({}, "staging"), ({"environment": "development"}, "development")):
        telemetry = configure_tracing(Settings.load(environ, **more), span_processors=[SpanProcessor()])
        assert telemetry.provider.resource.attributes["deployment.environment.name"] == place
        assert telemetry.provider.resource.attributes["deployment.environment"] == place
        telemetry.shutdown()
