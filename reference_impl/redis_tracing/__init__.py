"""Redis: one span for each command and pipeline, with sanitized keys, on clients that keep a deadline (S2).

`client` makes clients, `commands` and `spans` trace them, `key_sanitizing` sanitizes keys, `command_table` lists the
commands. Imports `instrumentation` and `vocabulary`.
"""

from __future__ import annotations

__all__ = []
