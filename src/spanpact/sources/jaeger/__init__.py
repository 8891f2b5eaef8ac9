"""Jaeger: traces by their ids, or those of a service in a time range.

`source` is the source, `spec` parses `jaeger:URL?…`. `v3_api` is the stable API, `legacy_api` the fallback, `api` what
both share. `alterations` undoes what Jaeger changes in spans.
"""

from __future__ import annotations

from spanpact.sources.jaeger.source import JaegerQuery, JaegerSource

__all__ = ["JaegerQuery", "JaegerSource"]
