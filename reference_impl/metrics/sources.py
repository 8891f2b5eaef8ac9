"""What the metrics need of the settings, the span ledger, the logs, pools and circuit breakers: protocols only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reference_impl.circuit_breaker.values import Snapshot


class ServiceIdentity(Protocol):
    """The settings that name the service."""

    @property
    def service_name(self) -> str: ...
    @property
    def service_version(self) -> str: ...
    @property
    def environment(self) -> str: ...


class SpanCounts(Protocol):
    """Numbers of sampled spans; `lost` is by reason, `altered` counts spans whose values were made safe."""

    @property
    def ended(self) -> int: ...
    @property
    def stored(self) -> int: ...
    @property
    def lost(self) -> Mapping[str, int]: ...
    @property
    def pending(self) -> int: ...
    @property
    def altered(self) -> int: ...


class LogCounts(Protocol):
    """Numbers of log lines: `lines` by level, `dropped` by reason."""

    @property
    def lines(self) -> Mapping[str, int]: ...
    @property
    def dropped(self) -> Mapping[str, int]: ...


class PoolUse(Protocol):
    """A pool at one moment: connections in use, calls waiting for one, and the maximum of connections."""

    @property
    def in_use(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def size(self) -> int: ...


class Breaker(Protocol):
    """A circuit breaker that can be looked at."""

    def snapshot(self) -> Snapshot: ...
