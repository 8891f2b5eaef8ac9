"""Redis: one span for each command and pipeline, with sanitized keys, on clients that keep a deadline (S2).

`client` makes clients with `pools`, `commands` and `spans` trace them, `key_sanitizing` sanitizes keys, `command_table`
lists the commands. Imports `instrumentation` and `vocabulary`.

Own code because opentelemetry-instrumentation-redis takes 1.8 times the instructions (docs/benchmarks.md), and shows
no key, pool or attempt.
"""

from __future__ import annotations

from reference_impl.redis_tracing.client import make_client, make_sync_client
from reference_impl.redis_tracing.commands import instrument, uninstrument
from reference_impl.redis_tracing.key_sanitizing import KeyTemplates

__all__ = ["KeyTemplates", "instrument", "make_client", "make_sync_client", "uninstrument"]
