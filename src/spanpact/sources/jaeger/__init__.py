"""Jaeger: traces by their ids, or those of a service in a time window.

`source` is the source, `spec` parses `jaeger:URL?…`. `v3_api` is the stable API, `legacy_api` the fallback, `api` what
both share. `version` finds the version, `alterations` undoes what Jaeger changes in spans, `description` finds what its
storage can carry.
"""

from __future__ import annotations

from spanpact.sources.jaeger.source import JaegerSource

__all__ = ["JaegerSource"]
