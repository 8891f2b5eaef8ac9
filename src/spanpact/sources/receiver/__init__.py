"""The receiver: an OTLP endpoint in this process, over HTTP and gRPC.

A request over HTTP goes through these modules, in order:

1. `http_server` accepts the connection and reads the request, within its limits (`ReceiverLimits`);
2. `request_head` checks the first line and the headers, `access` the token;
3. the package `intake` inflates and checks the body, forwards it, and keeps it as it was sent;
4. `responses` encodes the response: success, partial success or refusal.

`grpc_server` does the same over gRPC. `otlp_receiver` is the source, which decodes what was kept when it is read;
`exporter_environment` has the variables that make an SDK export to it.
"""

from __future__ import annotations

from spanpact.sources.receiver.limits import ReceiverLimits
from spanpact.sources.receiver.otlp_receiver import OtlpReceiver, ReceiverOptions
from spanpact.sources.receiver.receiver_counts import ReceiverCounts

__all__ = ["OtlpReceiver", "ReceiverCounts", "ReceiverLimits", "ReceiverOptions"]
