"""Benchmarks of verification: spans a second, and memory.

`made_traces` makes kinds of traffic: `variations` of `span_templates`, as `encoded_requests`. `verifying` verifies them
in a process of its own.
"""

from __future__ import annotations

__all__ = ["encoded_requests", "made_traces", "span_templates", "variations", "verifying"]
