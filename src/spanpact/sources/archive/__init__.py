"""Archives: spans and log records in partitioned Parquet, of a flat schema that SQL engines read (docs/archives.md).

- `rows`: the schema, and spans and log records as rows and back, without loss;
- `writing`: what writes an archive, and goes on where it was stopped, with PyArrow;
- `database`, `reader`: what reads one, with DuckDB;
- `selection`, `source`, `spec`: the source that `parquet:FOLDER?…` and `duckdb:FILE?…` name.
"""

from __future__ import annotations

from spanpact.sources.archive.source import ArchiveSource

__all__ = ["ArchiveSource"]
