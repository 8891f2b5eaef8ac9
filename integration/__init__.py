"""Tests that run both services, and spanpact's Jaeger source, on real servers (docs/backends.md).

`support` has what the tests share. They import everything else; nothing but tests imports them.
"""

from __future__ import annotations

__all__ = ["support"]
