"""Benchmarks: what tracing, export and verification cost on real backends (docs/benchmarks.md).

`operations` measures single Redis commands, `service` studio-api under load, `export` the way of spans out of a
process, `verification` spanpact itself, `sizing` what takes spans, and `attack` what clients notice of an attack.
`figures` is the pytest plugin that collects the samples, `pages` writes the docs from them, `earlier_build` is a build
to compare with. Benchmarks import everything else; nothing but tests imports them.
"""

from __future__ import annotations

__all__ = ["earlier_build", "figures"]
