"""Benchmarks of what tracing adds to the latencies of studio-api under load.

`open_loop` plans a load, `load` sends it from a process of its own, `studio_load` runs the services that are compared.
"""

from __future__ import annotations

__all__ = ["load", "open_loop", "sdk_export", "studio_load"]
