"""Jaeger: traces by their ids, or those of a service in a time range, by either of its APIs."""

from __future__ import annotations

from spanpact.sources.jaeger.source import JaegerQuery, JaegerSource, full_trace_id

__all__ = ["JaegerQuery", "JaegerSource", "full_trace_id"]
