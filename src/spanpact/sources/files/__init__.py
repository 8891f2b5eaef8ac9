"""Files: traces in OTLP files, as JSON, JSON lines or protobuf, each also compressed with gzip.

`byte_stream` opens a file and inflates it, `framing` splits it into documents within the `limits`, `otlp_file` is the
source. `last_seen` finds where each trace ends, for streaming verification. To add a format, add its extension and its
reader in `framing`.
"""

from __future__ import annotations

from spanpact.sources.files.limits import FileLimits
from spanpact.sources.files.otlp_file import OtlpFileSource, iter_batches

__all__ = ["FileLimits", "OtlpFileSource", "iter_batches"]
