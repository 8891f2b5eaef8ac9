"""What all stores share that are searched for traces of a service in a time window.

`query` is a search, `parameters` parses it and the credentials from the text after `--from`, `paging` splits its window
so that no answer is cut off, `failures` are the errors of a store,
and `store_source` is the base class of the sources.
"""

from __future__ import annotations

from spanpact.sources.search.query import Search, TraceQuery
from spanpact.sources.search.store_source import StoreSource

__all__ = ["Search", "StoreSource", "TraceQuery"]
