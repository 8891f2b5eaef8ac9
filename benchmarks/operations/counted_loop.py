"""The program whose machine instructions `benchmarks.operations.instructions` counts with valgrind.

    python -m benchmarks.operations.counted_loop CALLS sync,async VARIANT...

It calls `os.getppid` before and after each loop, and valgrind writes its counts at each call.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Sequence

from opentelemetry import context as context_api

from benchmarks.operations.one_operation import (
    CASES,
    AnsweringAsyncClient,
    AnsweringClient,
    async_operations,
    parent_for,
    provider_for,
    sync_operations,
)

WARM_UP = 50  # Python specializes code that runs often


def main(calls: int, kinds: Sequence[str], wanted: Sequence[str]) -> None:
    """Run each wanted variant in every case, `calls` times between two calls of `os.getppid`."""
    for kind in kinds:
        for case in CASES:
            token = context_api.attach(parent_for(case))
            if kind == "sync":
                operations = sync_operations(AnsweringClient, provider_for(case))
                for name in wanted:
                    _counted(operations[name], calls)
            else:
                tasks = async_operations(AnsweringAsyncClient, provider_for(case))
                for name in wanted:
                    asyncio.run(_counted_async(tasks[name], calls))
            context_api.detach(token)


def _counted(operation: Callable[[], object], calls: int) -> None:
    for _ in range(WARM_UP):
        operation()
    gc.collect()
    gc.disable()
    os.getppid()
    for _ in range(calls):
        operation()
    os.getppid()
    gc.enable()


async def _counted_async(operation: Callable[[], Awaitable[object]], calls: int) -> None:
    for _ in range(WARM_UP):
        await operation()
    gc.collect()
    gc.disable()
    os.getppid()
    for _ in range(calls):
        await operation()
    os.getppid()
    gc.enable()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:])
