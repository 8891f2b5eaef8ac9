"""The limits of the receiver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceiverLimits:
    """The limits of the receiver: sizes in bytes, times in seconds.

    - `body`: one body as sent; `inflated`: one body after inflating; `buffered`: all bodies being read at one time.
    - `messages`: the number of spans, attributes, values and so on in one body.
    - `spans`, `logs`: the spans and log records that are kept; further ones are dropped and counted. `kept`: the bytes
      of their bodies. `sessions`: the sessions, the ended ones included.
    - `connections`: open connections; `head_seconds`, `body_seconds`: the time for reading the head and the body of a
      request; `idle_seconds`: the time between two requests; `linger_seconds`: the time for which a refused sender may
      go on sending.
    """

    connections: int = 256
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    idle_seconds: float = 120.0
    linger_seconds: float = 2.0
    body: int = 4 << 20
    inflated: int = 20 << 20
    messages: int = 250_000
    buffered: int = 32 << 20
    spans: int = 500_000
    logs: int = 500_000
    kept: int = 4 << 30
    sessions: int = 1000
