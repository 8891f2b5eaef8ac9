"""How fast this machine and this Python are: figures of two machines cannot be compared without it."""

from __future__ import annotations

import sysconfig
import time
from typing import Final

import redis

_KEY: Final = "bench:machine"
_CALLS: Final = 4_000


def cpu_of_a_get_us(url: str) -> float:
    """Return the microseconds of this process's CPU that a GET takes, by the plain sync client."""
    with redis.Redis.from_url(url) as client:
        client.set(_KEY, "x", ex=60)
        for _ in range(_CALLS // 4):
            client.get(_KEY)
        began = time.process_time()
        for _ in range(_CALLS):
            client.get(_KEY)
        return (time.process_time() - began) / _CALLS * 1e6


def has_pgo() -> bool:
    """Return whether this Python was configured with profile-guided optimization, which saves a tenth or more."""
    return "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
