"""Files: traces in a file of any format that `formats` knows, each also compressed with gzip or zstd.

`byte_stream` opens a file, `compression` decompresses it, `formats` recognises its format by its content and reads it
within the `limits`. `json_texts` splits JSON into documents. `otlp_file` is the source. `trace_ends` finds where each
trace ends, for streaming verification.
"""

from __future__ import annotations

from spanpact.sources.files.limits import FileLimits
from spanpact.sources.files.otlp_file import OtlpFileSource, iter_batches

__all__ = ["FileLimits", "OtlpFileSource", "iter_batches"]
