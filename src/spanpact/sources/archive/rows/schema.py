"""The tables of an archive and their columns: version 1 of the schema, which docs/archives.md describes.

`spans` has a row for each span, `contents` one for each distinct content of spans, `logs` one for each log record.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

VERSION: Final = 1
FORMAT: Final = "spanpact-archive"
MANIFEST: Final = "manifest.json"
TABLES: Final = ("spans", "contents", "logs")

SPANS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "seq": "BIGINT",
        "trace_hi": "UBIGINT",
        "trace_lo": "UBIGINT",
        "span_id": "UBIGINT",
        "parent_id": "UBIGINT",
        "start_ns": "BIGINT",
        "end_ns": "BIGINT",
        "content": "INTEGER",
        "trace_text": "VARCHAR",
        "extra": "VARCHAR",
    }
)
"""The columns of `spans` and their types, as DuckDB names them. Columns of attributes follow."""

CONTENTS: Final[Mapping[str, str]] = MappingProxyType(
    {"content": "INTEGER", "name": "VARCHAR", "kind": "VARCHAR", "service": "VARCHAR", "span": "VARCHAR"}
)
"""The columns of `contents`; `span` is JSON that holds all of it, the others are for queries."""

LOGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "seq": "BIGINT",
        "trace_hi": "UBIGINT",
        "trace_lo": "UBIGINT",
        "span_id": "UBIGINT",
        "time_ns": "BIGINT",
        "trace_text": "VARCHAR",
        "event_name": "VARCHAR",
        "record": "VARCHAR",
    }
)
"""The columns of `logs`; `record` is JSON that holds all of it."""

OF_TABLE: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"spans": SPANS, "contents": CONTENTS, "logs": LOGS}
)

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"text": "VARCHAR", "int": "BIGINT", "double": "DOUBLE", "json": "VARCHAR"}
)
"""The kinds of attribute columns and their types; `json` holds lists, maps, bytes, and what the others cannot."""

NO_TRACE: Final = "0" * 32


def partition_of(trace_lo: int, partitions: int) -> int:
    """Return the partition of a trace: the range of the lower half of its id. `partitions` is a power of two."""
    return trace_lo >> (64 - partitions.bit_length() + 1)


def range_of(partition: int, partitions: int) -> tuple[int, int]:
    """Return the first and the last lower half of trace ids in a partition."""
    size = (1 << 64) // partitions
    return partition * size, (partition + 1) * size - 1
