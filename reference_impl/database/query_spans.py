"""One query is one client span `db.query`, timed, with the stable database conventions and never a value (S4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter_ns
from typing import Any, Final

from opentelemetry.trace import Span, SpanKind, Tracer
from sqlalchemy import Executable, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_impl import vocabulary as v
from reference_impl.database.engine import response_code
from reference_impl.instrumentation.errors import error_type
from reference_impl.instrumentation.operation_spans import operation_span, record_failure

_SIMPLE: Final = frozenset({v.OPERATION, v.DB_TYPE, v.ERROR})
_SEMCONV: Final = frozenset({
    v.DB_OPERATION_NAME, v.DB_SYSTEM_NAME, v.DB_COLLECTION_NAME, v.DB_QUERY_SUMMARY, v.DB_NAMESPACE,
    v.DB_RESPONSE_STATUS_CODE, v.SERVER_ADDRESS, v.SERVER_PORT,
})  # fmt: skip
_LEFT_OUT: Final[Mapping[v.Mode, frozenset[str]]] = {"simple": _SEMCONV, "semconv": _SIMPLE, "both": frozenset()}


def said(mode: v.Mode, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes without those that the mode leaves out."""
    return {name: value for name, value in attributes.items() if name not in _LEFT_OUT[mode]}


class Queries:
    """What a call of the connection manager may do: run statements in its transaction, each one a span."""

    __slots__ = ("_connection", "_facts", "_mode", "_tracer")

    def __init__(self, connection: AsyncConnection, tracer: Tracer, facts: Mapping[str, Any], mode: v.Mode) -> None:
        """`facts` are the attributes that every query of this connection has."""
        self._connection = connection
        self._tracer = tracer
        self._facts = facts
        self._mode = mode

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._connection.dialect.name

    async def run(self, operation: str, collection: str, statement: Executable) -> Sequence[RowMapping]:
        """Run one statement; gives its rows, none for a statement that has no result.

        `operation` (`SELECT`) and `collection` (the table) are what the span says of it. Raises SQLAlchemyError.
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
        facts = {
            **self._facts,
            v.OPERATION: operation,
            v.DB_OPERATION_NAME: operation,
            v.DB_COLLECTION_NAME: collection,
            v.DB_QUERY_SUMMARY: f"{operation} {collection}",
        }
        return said(self._mode, facts)

    def _failed(self, span: Span, error: BaseException) -> None:
        record_failure(span, error)
        code = response_code(error)
        facts = {v.ERROR: error_type(error)} | ({v.DB_RESPONSE_STATUS_CODE: code} if code else {})
        span.set_attributes(said(self._mode, facts))
