"""Zipkin: its server's API of version 2. `source` is the source, `spec` parses `zipkin:URL?…`."""

from __future__ import annotations

from spanpact.sources.zipkin.source import ZipkinSource

__all__ = ["ZipkinSource"]
