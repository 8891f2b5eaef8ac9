"""Benchmarks of what tracing adds to one Redis operation, in CPU time and in machine instructions.

`one_operation` has every way of tracing that is compared, `guard` fails where one takes more instructions than before.
"""

from __future__ import annotations

__all__ = ["counted_loop", "guard", "instructions", "one_operation"]
