"""Helpers of the integration tests.

`studio` runs the services as processes and `studio_in_process` in this process, `jaeger_trees` draws what Jaeger has
and `expected_trees` what it must have, `evidence` and `verdicts` read and judge traces, `waiting` polls.
"""

from __future__ import annotations

__all__ = ["evidence", "expected_trees", "jaeger_trees", "studio", "studio_in_process", "verdicts", "waiting"]
