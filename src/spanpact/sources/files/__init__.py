"""Files: traces in OTLP files, as JSON, JSON lines or protobuf, each also compressed with gzip."""

from __future__ import annotations

from spanpact.sources.files.otlp_file import FileLimits, OtlpFileSource, iter_batches

__all__ = ["FileLimits", "OtlpFileSource", "iter_batches"]
