"""One client span `db.query` for each query, by the stable database conventions, never with a value (S4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter_ns
from typing import Any

from opentelemetry.trace import Span, SpanKind, Tracer
from sqlalchemy import Executable, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_impl import vocabulary as v
from reference_impl.database.engine import response_code
from reference_impl.instrumentation.errors import error_type
from reference_impl.instrumentation.operation_spans import operation_span, record_failure


class Queries:
    """Runs the statements of one call of the connection manager, in its transaction, each with a span."""

    __slots__ = ("_common", "_connection", "_mode", "_tracer")

    def __init__(self, connection: AsyncConnection, tracer: Tracer, common: Mapping[str, Any], mode: v.Mode) -> None:
        """`common` are the attributes of every query of this connection."""
        self._connection = connection
        self._tracer = tracer
        self._common = common
        self._mode = mode

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""
        return self._connection.dialect.name

    async def run(self, operation: str, collection: str, statement: Executable) -> Sequence[RowMapping]:
        """Run one statement. Return its rows, none for a statement without a result. Raise SQLAlchemyError.

        `operation` (`SELECT`) and `collection` (the table) become attributes of the span.
        """
        started = perf_counter_ns()
        attributes = self._attributes(operation, collection)
        with operation_span(
            self._tracer, v.DB_QUERY, kind=SpanKind.CLIENT, attributes=attributes, on_failure=self._failed
        ) as span:
            try:
                result = await self._connection.execute(statement)
                return result.mappings().all() if result.returns_rows else ()
            finally:
                span.set_attribute(v.LATENCY_MS, (perf_counter_ns() - started) / 1e6)

    def _attributes(self, operation: str, collection: str) -> dict[str, Any]:
        attributes = {
            **self._common,
            v.OPERATION: operation,
            v.DB_OPERATION_NAME: operation,
            v.DB_COLLECTION_NAME: collection,
            v.DB_QUERY_SUMMARY: f"{operation} {collection}",
        }
        return v.select_attributes(self._mode, attributes)

    def _failed(self, span: Span, error: BaseException) -> None:
        record_failure(span, error)
        code = response_code(error)
        attributes = {v.ERROR: error_type(error)} | ({v.DB_RESPONSE_STATUS_CODE: code} if code else {})
        span.set_attributes(v.select_attributes(self._mode, attributes))
