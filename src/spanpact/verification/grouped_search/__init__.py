"""Verify a search in ClickHouse by groups of traces (ADR 0071): SQL makes keys of shapes, Python judges one of each.

`grouped_search` has the steps, `key_parts` finds what keys need to know of values, `judging` judges traces, and
`searched_flows` looks up the flows of traces that were only counted.
"""

from __future__ import annotations

from spanpact.verification.grouped_search.grouped_search import verify_grouped_search

__all__ = ["verify_grouped_search"]
