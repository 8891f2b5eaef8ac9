"""Benchmarks of verification: spans a second, and memory.

`made_traces` makes the traces, `verifying` verifies them in a process of its own.
"""

from __future__ import annotations

__all__ = ["made_traces", "verifying"]
