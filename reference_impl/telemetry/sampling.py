"""The sampler: which traces are kept (S1.4)."""

from __future__ import annotations

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from reference_impl.settings import Settings


def make_sampler(settings: Settings) -> Sampler:
    """Return the sampler that the settings name; by default parent-based, so that a trace is whole or absent."""
    if settings.sdk_disabled:
        return ALWAYS_OFF  # the SDK itself obeys only the variable, not an argument
    name = settings.sampler
    roots: dict[str, Sampler] = {
        "always_on": ALWAYS_ON,
        "always_off": ALWAYS_OFF,
        "traceidratio": TraceIdRatioBased(settings.sampling_rate),
    }
    root = roots[name.removeprefix("parentbased_")]
    return ParentBased(root) if name.startswith("parentbased_") else root
