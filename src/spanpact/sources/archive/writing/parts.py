"""Rows that wait for their commit, and the Parquet files that they are written to, with PyArrow."""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from spanpact.sources.archive.rows.columns import AttributeColumn
from spanpact.sources.archive.rows.contents import ContentRow, SpanRow
from spanpact.sources.archive.rows.manifest import PartFile, sync_folder
from spanpact.sources.archive.rows.records import LogRow
from spanpact.sources.archive.rows.schema import CONTENTS, KINDS, LOGS, SPANS

_ROW_GROUP: Final = 1 << 15
_ARROW: Final[Mapping[str, Any]] = {
    "BIGINT": pa.int64(), "UBIGINT": pa.uint64(), "INTEGER": pa.int32(), "DOUBLE": pa.float64(), "VARCHAR": pa.string(),
}  # fmt: skip
_DELTA: Final = ("seq", "start_ns", "end_ns")  # columns whose values follow each other


class WaitingSpans:
    """Rows of `spans` of one partition. Columns without a value so far are shorter; they are filled at the end."""

    def __init__(self) -> None:
        self._numbers = {name: array("q") for name in ("seq", "start_ns", "end_ns", "content")}
        self._others: dict[str, list[Any]] = {}
        self._types: dict[str, str] = dict(SPANS)
        self.rows = 0

    def add(self, seq: int, row: SpanRow) -> None:
        """Add a row."""
        numbers = self._numbers
        numbers["seq"].append(seq)
        numbers["start_ns"].append(row.start_ns)
        numbers["end_ns"].append(row.end_ns)
        numbers["content"].append(row.content)
        for name, value in (
            ("trace_hi", row.trace_hi), ("trace_lo", row.trace_lo), ("span_id", row.span_id),
            ("parent_id", row.parent_id), ("trace_text", row.trace_text), ("extra", row.extra),
        ):  # fmt: skip
            if value is not None:
                self._set(name, value)
        for column, value in row.values:
            if column.column not in self._types:
                self._types[column.column] = KINDS[column.kind]
            self._set(column.column, value)
        self.rows += 1

    def _set(self, name: str, value: Any) -> None:
        values = self._others.get(name)
        if values is None:
            values = self._others[name] = []
        if len(values) < self.rows:
            values.extend([None] * (self.rows - len(values)))
        values.append(value)

    def table(self, columns: Sequence[AttributeColumn]) -> Any:
        """Return the rows as a table with the base columns and all of these, ordered by trace."""
        arrays = {}
        for name, type in {**SPANS, **{each.column: KINDS[each.kind] for each in columns}}.items():
            values: Any = self._numbers.get(name)
            if values is None:
                values = self._others.get(name, [])
                values.extend([None] * (self.rows - len(values)))
            arrays[name] = pa.array(values, _ARROW[type])
        order = [("trace_lo", "ascending"), ("trace_hi", "ascending"), ("seq", "ascending")]
        return pa.table(arrays).sort_by(order)


def table_of(rows: Sequence[ContentRow] | Sequence[tuple[int, LogRow]], table: str) -> Any:
    """Return rows of `contents`, or those of `logs` with their numbers, as a table."""
    columns = CONTENTS if table == "contents" else LOGS
    flat = [(each[0], *each[1]) for each in rows] if table == "logs" else rows
    values = list(zip(*flat, strict=True)) if flat else [()] * len(columns)
    arrays = {
        name: pa.array(of_column, _ARROW[type]) for (name, type), of_column in zip(columns.items(), values, strict=True)
    }
    return pa.table(arrays)


def write_part(folder: Path, path: str, table: Any) -> PartFile:
    """Write a table to a file of the archive: under another name first, so that a file with its name is whole."""
    written = folder / f"{path}.tmp"
    written.parent.mkdir(parents=True, exist_ok=True)
    delta = [name for name in _DELTA if name in table.column_names]
    doubles = [name for name in table.column_names if table.schema.field(name).type == pa.float64()]
    dictionary = [name for name in table.column_names if name not in (*delta, *doubles, "span_id")]
    with open(written, "wb") as file:
        pq.write_table(
            table,
            file,
            compression="zstd",
            row_group_size=_ROW_GROUP,
            use_dictionary=dictionary,
            column_encoding={**dict.fromkeys(delta, "DELTA_BINARY_PACKED")},
        )
        file.flush()
        os.fsync(file.fileno())
    os.replace(written, folder / path)
    sync_folder((folder / path).parent)
    return PartFile(path, table.num_rows)
