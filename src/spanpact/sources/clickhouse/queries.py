"""The statements for ClickHouse. Values are always parameters, and names of tables are checked.

No statement sets anything: a user may be allowed to read only. Integers are asked for as texts, so that no setting of
the server decides how they are written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from spanpact.errors import UsageError
from spanpact.sources.search.query import Search

NEEDED: Final = (
    "Timestamp", "TraceId", "SpanId", "ParentSpanId", "TraceState", "SpanName", "SpanKind", "ServiceName", "Duration",
    "StatusCode", "StatusMessage", "ResourceAttributes", "SpanAttributes",
)  # fmt: skip
"""The columns that every version of the exporter's table has, besides those of events and links."""

COLUMNS: Final = (
    "SELECT version(), name, type FROM system.columns"
    " WHERE database = {database:String} AND table = {table:String} FORMAT JSONCompactEachRow"
)
"""Asks for the server's version and the columns of a table."""

_NAME: Final = re.compile(r"[A-Za-z_][\w-]{0,199}", re.ASCII)
FROM: Final = "FROM {database:Identifier}.{table:Identifier}"
_ESCAPES: Final = str.maketrans(
    {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0", "\b": r"\b", "\f": r"\f"}
)


def checked_name(name: str, what: str) -> str:
    """Return the name of a database or a table. Raise UsageError for what cannot be one."""
    if not _NAME.fullmatch(name):
        hint = "accepted: letters, digits, _ and -, with a letter or _ first"
        raise UsageError(f"ClickHouse: {what} is {name[:40]!r}", hint=hint)
    return name


def parameters(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the parameters of a URL that carry these values; the server reads each as a field of a text with tabs."""
    return [(f"param_{name}", value.translate(_ESCAPES)) for name, value in values.items()]


def quoted(text: str) -> str:
    """Return the text as a literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def array(texts: Sequence[str]) -> str:
    """Return texts as the value of a parameter of the type Array(String)."""
    return f"[{', '.join(map(quoted, texts))}]"


SPAN_ORDER: Final = "Timestamp, SpanId, Duration, ParentSpanId, SpanName, toString(SpanAttributes)"
"""The order of the spans of a trace; after the id, of such that share one: a report depends on which comes first."""


def by_id(columns: Mapping[str, str]) -> str:
    """Return the statement for the spans of the trace `id`."""
    rows = f"SELECT {_selected(columns)} {FROM} WHERE TraceId = {{id:String}}"
    return f"{rows} ORDER BY {SPAN_ORDER} FORMAT JSONCompactEachRow"


def by_ids(columns: Mapping[str, str]) -> str:
    """Return the statement for the spans of the traces `ids`."""
    rows = f"SELECT {_selected(columns)} {FROM} WHERE TraceId IN ({{ids:Array(String)}})"
    return f"{rows} ORDER BY TraceId, {SPAN_ORDER} FORMAT JSONCompactEachRow"


def by_search(columns: Mapping[str, str], search: Search) -> tuple[str, dict[str, str]]:
    """Return the statement for all spans of the traces found, and its values.

    The trace with the newest span that is searched for is the first, also among those of several windows.
    """
    values = {
        "service": search.service,
        "start": str(search.start_ns),
        "end": str(search.end_ns),
        "limit": str(search.limit),
    }
    named = ""
    if search.operation:
        named, values["operation"] = " AND SpanName = {operation:String}", search.operation
    fits = (
        f"ServiceName = {{service:String}}{named} AND Timestamp >= fromUnixTimestamp64Nano({{start:Int64}})"
        " AND Timestamp <= fromUnixTimestamp64Nano({end:Int64})"
    )
    newest = "ORDER BY max(Timestamp) DESC, TraceId LIMIT {limit:UInt64}"
    found = f"SELECT TraceId {FROM} WHERE {fits} GROUP BY TraceId {newest}"
    order = f"maxIf(toUnixTimestamp64Nano(Timestamp), {fits}) OVER (PARTITION BY TraceId) DESC, TraceId, {SPAN_ORDER}"
    # GLOBAL, because the table may be distributed; elsewhere it means nothing.
    rows = f"SELECT {_selected(columns)} {FROM} WHERE TraceId GLOBAL IN ({found}) ORDER BY {order}"
    return f"{rows} FORMAT JSONCompactEachRow", values


def _selected(columns: Mapping[str, str]) -> str:
    """Return the columns in the order of `rows.Row`."""
    scope = [name if name in columns else "''" for name in ("ScopeName", "ScopeVersion")]
    return ", ".join(
        [
            "TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind",
            "toString(toUnixTimestamp64Nano(Timestamp)), toString(Duration), StatusCode, StatusMessage",
            *scope,
            *_attributes("ResourceAttributes", columns),
            *_attributes("SpanAttributes", columns),
            "arrayMap(x -> toString(toUnixTimestamp64Nano(x)), Events.Timestamp), Events.Name",
            *_attributes_of_many("Events.Attributes", columns),
            "Links.TraceId, Links.SpanId, Links.TraceState",
            *_attributes_of_many("Links.Attributes", columns),
        ]
    )


def _attributes(name: str, columns: Mapping[str, str]) -> Sequence[str]:
    """Return the names and the values of a map, which keep a name that occurs twice, or a JSON value and its types."""
    if not is_json(columns):
        return [f"mapKeys({name})", f"mapValues({name})", "[]"]
    return [name, f"JSONAllPathsWithTypes({name})", f"{name}Keys" if f"{name}Keys" in columns else "[]"]


def _attributes_of_many(name: str, columns: Mapping[str, str]) -> Sequence[str]:
    if not is_json(columns):
        return [f"arrayMap(x -> mapKeys(x), {name})", f"arrayMap(x -> mapValues(x), {name})"]
    return [name, f"arrayMap(x -> JSONAllPathsWithTypes(x), {name})"]


def is_json(columns: Mapping[str, str]) -> bool:
    """Return whether attributes are in columns of the type JSON, as the exporter's option `json` makes them."""
    return columns["SpanAttributes"].startswith(("JSON", "Object"))
