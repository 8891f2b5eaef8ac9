"""The counters of a receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spanpact.sources.receiver.responses import Cause


@dataclass(frozen=True, slots=True)
class ReceiverCounts:
    """The counters of a receiver, over all sessions.

    - `received`, `logs`: spans and log records stored; `dropped`: those beyond the limits.
    - `rejected`: requests refused; `metrics`: requests with metrics, which are accepted and ignored.
    - `unread`: spans, log records and attributes in fields that OTLP does not know.
    - `evicted`: connections closed to make room for new ones.
    - `http_2`, `tls`: connections to the HTTP port that began with HTTP/2, as gRPC does, or with TLS.
    - `refused_on_purpose`, `rejected_on_purpose`: requests, and spans or log records, by injected faults.
    - `refused_upstream`, `rejected_upstream`: requests, and spans, that the collector did not accept or could not be
      reached for.
    - `refused_for`: the refused requests by cause.
    - `failed_handshakes`: connections that did not speak TLS where it is on, or did not trust the certificate.
    """

    received: int = 0
    logs: int = 0
    dropped: int = 0
    rejected: int = 0
    metrics: int = 0
    evicted: int = 0
    unread: int = 0
    http_2: int = 0
    tls: int = 0
    refused_on_purpose: int = 0
    rejected_on_purpose: int = 0
    refused_upstream: int = 0
    rejected_upstream: int = 0
    refused_for: Mapping[Cause, int] = field(default_factory=dict)
    failed_handshakes: int = 0
