"""Read an archive in the order in which it was written, one commit at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from spanpact.errors import SourceError
from spanpact.otlp import Batch
from spanpact.sources.archive.database import ArchiveDatabase, identifier
from spanpact.sources.archive.rows.contents import SpanContents
from spanpact.sources.archive.rows.manifest import ArchivedSource
from spanpact.sources.archive.rows.records import LogRecords
from spanpact.sources.archive.rows.schema import SPANS
from spanpact.trace.model import LogRecord, Span

_ROWS: Final = 4096


class TraceKey(NamedTuple):
    """What identifies a trace in the tables; `text` is for ids that are not 32 hexadecimal digits."""

    trace_hi: int | None
    trace_lo: int | None
    text: str | None


class ArchiveReader:
    """Makes spans and log records of the rows of an archive."""

    def __init__(self, database: ArchiveDatabase) -> None:
        self.database = database
        self._spans = SpanContents(database.columns)
        self._records = LogRecords()
        self._texts: dict[int, str] = {}
        self.selected = [identifier(name) for name in (*SPANS, *(each.column for each in database.columns))]
        """The columns that `spans` takes, as SQL writes them."""
        self._content = list(SPANS).index("content")

    def batches(self, source: ArchivedSource, where: str = "true") -> Iterator[Batch]:
        """Yield the spans and log records of one source in their order; `where` is a condition on their trace.

        The first batch says which signals the source has.
        """
        signals: Any = frozenset(source.signals)
        yield Batch([], [], signals, tuple(source.unread))
        for commit in self.database.manifest.commits:
            if commit.first < source.end and commit.end > source.first:
                within = f"seq >= {source.first} AND seq < {source.end} AND ({where})"
                spans = self._ordered(self.database.relation("spans", [commit]), within)
                if not commit.logs and self.database.manifest.records == 0:
                    yield from (Batch([span for _, span in some], [], signals) for some in spans)
                    continue
                records = self._ordered_records(self.database.relation("logs", [commit]), within)
                yield from _together(spans, records, signals)

    def spans_where(self, relation: str, where: str, parameters: Sequence[Any] = ()) -> list[tuple[int, Span]]:
        """Return the spans that fulfil a condition, with their numbers, in their order."""
        return [each for some in self._ordered(relation, where, parameters) for each in some]

    def records_where(self, where: str) -> list[tuple[int, LogRecord]]:
        """Return the log records that fulfil a condition, with their numbers, in their order."""
        return [each for some in self._ordered_records(self.database.relation("logs"), where) for each in some]

    def _ordered(
        self, relation: str, where: str, parameters: Sequence[Any] = ()
    ) -> Iterator[Sequence[tuple[int, Span]]]:
        statement = f"SELECT {', '.join(self.selected)} FROM {relation} WHERE {where} ORDER BY seq"
        for rows in self.database.stream(statement, parameters, _ROWS):
            yield self.spans(rows)

    def spans(self, rows: Sequence[Sequence[Any]]) -> list[tuple[int, Span]]:
        """Return the spans of rows of the columns of `SPANS` and those of attributes, with their numbers."""
        texts = self._texts_of({row[self._content] for row in rows})
        try:
            return [(row[0], self._spans.span(row[1:], texts[row[self._content]])) for row in rows]
        except KeyError as error:
            problem = f"{self.database.name}: has no content {error.args[0]}, which a span refers to"
            raise SourceError(problem, hint="write the archive anew") from None

    def _texts_of(self, contents: set[int]) -> dict[int, str]:
        """Return the JSON of some contents."""
        if new := contents - self._texts.keys():
            if len(self._texts) + len(new) > 1 << 16:
                self._texts.clear()
                new = contents
            relation = self.database.relation("contents")
            with self.database.cursor() as cursor:
                statement = f"SELECT content, span FROM {relation} WHERE content IN (SELECT unnest(?::INTEGER[]))"
                self._texts.update(cursor.execute(statement, [sorted(new)]).fetchall())
        return self._texts

    def _ordered_records(self, relation: str, where: str) -> Iterator[Sequence[tuple[int, LogRecord]]]:
        statement = f"SELECT seq, record FROM {relation} WHERE {where} ORDER BY seq"
        for rows in self.database.stream(statement, (), _ROWS):
            yield [(seq, self._records.record(text)) for seq, text in rows]


def _together(
    spans: Iterator[Sequence[tuple[int, Span]]], records: Iterator[Sequence[tuple[int, LogRecord]]], signals: Any
) -> Iterator[Batch]:
    """Yield spans and log records by their numbers: runs of spans, each with the log records that follow it."""
    from heapq import merge

    ordered = merge(
        ((seq, True, span) for some in spans for seq, span in some),
        ((seq, False, record) for some in records for seq, record in some),
        key=lambda each: each[0],
    )
    for is_span, run in groupby(ordered, key=lambda each: each[1]):
        items: list[Any] = []
        for _, _, item in run:
            items.append(item)
            if len(items) >= _ROWS:
                yield Batch(items, [], signals) if is_span else Batch([], items, signals)
                items = []
        if items:
            yield Batch(items, [], signals) if is_span else Batch([], items, signals)
