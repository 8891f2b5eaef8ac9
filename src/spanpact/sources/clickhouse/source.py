"""The ClickHouse source: traces by their ids, or those of a service in a time window, over ClickHouse's HTTP interface.

Requests are GETs, to which a server allows only reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Unpack

import msgspec

from spanpact.errors import SourceError
from spanpact.sources.clickhouse import queries
from spanpact.sources.clickhouse.grouping import TraceGroups
from spanpact.sources.clickhouse.rows import RowDecoder
from spanpact.sources.search.failures import failure_of, not_understood
from spanpact.sources.search.query import SECOND_NS, Search
from spanpact.sources.search.store_source import StoreArguments, StoreSource
from spanpact.trace.model import Capability, SourceInfo, Span, Trace

_CARRIED: Final[frozenset[Capability]] = frozenset(
    ["events", "links", "status_message", "status_ok", "scope", "resource", "trace_state"]
)
_HEADERS: Final = "set SPANPACT_CLICKHOUSE_HEADERS, such as x-clickhouse-user=NAME,x-clickhouse-key=PASSWORD"
_ADDRESS: Final = "check that this is the address of ClickHouse's HTTP interface, port 8123 by default"


class ClickHouseSource(StoreSource):
    """The traces in a table that the collector's `clickhouse` exporter writes, found as `StoreSource` tells.

    Capabilities: events, links, status message, the status ok, scope, resource and trace state. Where attributes are in
    maps, their values are texts; where they are in columns of the type JSON, a number or a boolean is one
    (`scalar_types`), but a double that is whole is an integer.
    """

    store = "ClickHouse"

    def __init__(
        self, url: str, *, database: str = "default", table: str = "otel_traces", **arguments: Unpack[StoreArguments]
    ) -> None:
        super().__init__(url, **arguments)
        self._names = {
            "database": queries.checked_name(database, "database"),
            "table": queries.checked_name(table, "table"),
        }
        self._version = ""
        self._columns: Mapping[str, str] = {}
        self._rows = RowDecoder(has_scopes=True)

    def info_of(self, description: Any) -> SourceInfo:
        """Return the address, the table and the version, with what the table can carry."""
        carried = _CARRIED | self._declared
        if self._columns and queries.is_json(self._columns):
            carried |= {"scalar_types"}
        name = f"ClickHouse {self._client.url} {self._names['database']}.{self._names['table']}"
        return SourceInfo(name, carried, version=self._version and f"ClickHouse {self._version}")

    def _by_id(self, trace_id: str, deadline: float) -> list[Span]:
        columns = self._known_columns(deadline)
        return self._spans(queries.by_id(columns), {"id": trace_id}, deadline)

    def _search(self, search: Search, deadline: float) -> list[Span]:
        return self._spans(*queries.by_search(self._known_columns(deadline), search), deadline)

    def groups(self, complete_before_ns: int) -> TraceGroups | None:
        """Return the traces of the search that have ended by then, for `verification.grouped_search`.

        None where keys cannot be made: of attributes in columns of the type JSON, and of tables of old exporters.
        """
        query = self.query
        columns = self._known_columns(self._client.deadline())
        if query is None or queries.is_json(columns) or "ScopeName" not in columns or "ScopeVersion" not in columns:
            return None
        start, end = query.window(self._now_ns(), self.store)
        values = {
            "service": query.service,
            "operation": query.operation,
            "start": str(start),
            "end": str(end),
            "complete_before": str(complete_before_ns),
        }
        return TraceGroups(lambda statement, more: self._ask(statement, more, self._client.deadline()), values)

    def read_traces(self, trace_ids: Sequence[str], asked_ns: int) -> list[Trace]:
        """Return these traces, as a search that was begun at `asked_ns` would read them, in any order."""
        deadline = self._client.deadline()
        statement = queries.by_ids(self._known_columns(deadline))
        spans = self._spans(statement, {"ids": queries.array(trace_ids)}, deadline)
        return list(self._traces(spans, asked_ns, self.new_description()))

    def completed_by(self, asked_ns: int) -> int:
        """Return when a trace must have ended to count as complete at a time."""
        return asked_ns - round(self._complete_after_seconds * SECOND_NS)

    def now_ns(self) -> int:
        """Return the wall clock's time."""
        return self._now_ns()

    def _known_columns(self, deadline: float) -> Mapping[str, str]:
        """Return the types of the table's columns by name. Raise SourceError where it is no table of spans."""
        if self._columns:
            return self._columns
        body = self._ask(queries.COLUMNS, {}, deadline)
        try:
            rows = msgspec.json.Decoder(tuple[str, str, str]).decode_lines(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._not_understood(error) from None
        columns = {name: type for _, name, type in rows}
        table = f"{self._names['database']}.{self._names['table']}"
        if not columns:
            hint = "give database= and table=, and check that this user may read it"
            raise self._error(f"there is no table {table}", hint)
        if lacking := [name for name in queries.NEEDED if name not in columns]:
            hint = "accepted: the table of traces that the collector's clickhouse exporter makes"
            raise self._error(f"the table {table} has no column {lacking[0]}", hint)
        # Without the number of the build: four numbers look like an address, and reports mask those.
        self._version = self._client.redacted(".".join(rows[0][0][:40].split(".")[:3]))
        self._columns = columns
        self._rows = RowDecoder(has_scopes="ScopeName" in columns)
        return columns

    def _spans(self, statement: str, values: Mapping[str, str], deadline: float) -> list[Span]:
        try:
            return self._rows.spans(self._ask(statement, values, deadline))
        except (msgspec.MsgspecError, ValueError) as error:
            raise self._not_understood(error) from None

    def _ask(self, statement: str, values: Mapping[str, str], deadline: float) -> bytes:
        """Return the answer, of which the server sends nothing before it is whole, so that an error has its status."""
        query = [("query", statement), ("wait_end_of_query", "1"), *queries.parameters({**self._names, **values})]
        response = self._client.get("/", query, deadline=deadline)
        if response.status != 200:
            raise failure_of(response, self._client, store=self.store, credentials=_HEADERS, address=_ADDRESS)
        return response.body

    def _not_understood(self, error: Exception) -> SourceError:
        return not_understood(error, self._client, store=self.store, address=_ADDRESS)
