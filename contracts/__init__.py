"""The contracts of studio-api, and the tests that hold the reference implementation to them.

`v1` has the contracts. `reference_adapter` is the adapter to copy, `scenarios` has what it does in each scenario, and
`scenario_catalogue` lists them. `exact_traces` and `exact_scenarios` compare the reference implementation with exact
traces, beyond the contracts. `known_departures` checks OpenTelemetry's own Redis instrumentation. Only this package
imports both spanpact and reference_impl.
"""

from __future__ import annotations

__all__ = ["broken_tracing", "exact_traces", "reference_adapter", "scenario_catalogue"]
