"""The resource: which service, version and environment all telemetry of the process comes from (S1.2)."""

from __future__ import annotations

from opentelemetry.sdk.resources import Resource

from reference_impl.settings import Settings


def make_resource(settings: Settings) -> Resource:
    """Return the resource: OTEL_RESOURCE_ATTRIBUTES, completed from the settings.

    The environment has both its old and its new attribute name, because backends and conventions differ.
    """
    given = dict(settings.resource_attributes)
    by_argument = settings.origins.get("environment") == "argument"
    environment = given.get("deployment.environment.name") or given.get("deployment.environment")
    environment = settings.environment if by_argument or not environment else environment
    own = {
        "service.name": settings.service_name,
        "service.version": settings.service_version,
        "deployment.environment": environment,
        "deployment.environment.name": environment,
    }
    return Resource.create({**given, **own})
