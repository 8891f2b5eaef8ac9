"""The program whose machine instructions `benchmarks.growth.guard` counts: each dimension, at two sizes.

It calls `os.getppid` before and after each verdict, and valgrind writes its counts at each call.
"""

from __future__ import annotations

import gc
import os

from benchmarks.growth.dimensions import DIMENSIONS


def main() -> None:
    """Verify the two smaller sizes of every dimension, after a smaller one that loads what they need."""
    for dimension in DIMENSIONS.values():
        dimension.prepare(dimension.size // 2)()
        for size in dimension.sizes[:2]:
            verify = dimension.prepare(size)
            gc.collect()
            gc.disable()
            os.getppid()
            verify()
            os.getppid()
            gc.enable()


if __name__ == "__main__":
    main()
