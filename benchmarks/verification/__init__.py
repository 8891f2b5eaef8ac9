"""Benchmarks of verification: how many times faster than an earlier build, by kinds of traffic; and memory.

`made_traces` makes kinds of traffic: `variations` of `span_templates`, as `encoded_requests`. `paired_builds` runs the
same job in processes of several builds in turn; `verifying` and `verifying_earlier` are what these run, on top of
`measured_runs`. `targets` are what is wanted.
`test_archives` compares archives with the JSON from which they were written.
"""

from __future__ import annotations

__all__ = [
    "encoded_requests",
    "made_traces",
    "measured_runs",
    "paired_builds",
    "span_templates",
    "targets",
    "variations",
    "verifying",
]
