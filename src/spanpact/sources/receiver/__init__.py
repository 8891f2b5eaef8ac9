"""The receiver: an OTLP endpoint inside this process, over HTTP and gRPC."""

from __future__ import annotations

from spanpact.sources.receiver.http_server import ReceiverLimits
from spanpact.sources.receiver.otlp_receiver import OtlpReceiver, ReceiverCounts

__all__ = ["OtlpReceiver", "ReceiverCounts", "ReceiverLimits"]
