"""ClickHouse: the table of spans that the collector's `clickhouse` exporter writes.

`source` is the source, `spec` parses `clickhouse:URL?…`, `queries` are the statements for a table's columns, `rows`
decodes their answers, and `json_columns` the attributes of tables with columns of the type JSON.
"""

from __future__ import annotations

from spanpact.sources.clickhouse.source import ClickHouseSource

__all__ = ["ClickHouseSource"]
