"""Read a format of JSON texts of which each becomes spans; what its modules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeAlias

import msgspec

from spanpact.otlp import Batch, Origin, SharedValues
from spanpact.otlp.batch import MalformedValue
from spanpact.otlp.json.errors import JsonFault, describe_failure, find_duplicate_key
from spanpact.otlp.json.surrogates import with_whole_characters
from spanpact.otlp.unread import spans_in
from spanpact.sources.files.byte_stream import OpenFile
from spanpact.sources.files.formats.trace_format import Reader
from spanpact.sources.files.json_texts import Document, DocumentReader
from spanpact.sources.files.limits import FileLimits
from spanpact.trace.model import Span

SpanDecoder: TypeAlias = Callable[[bytes, SharedValues], Sequence[Span]]
"""Decodes one text. It may raise MsgspecError, UnicodeDecodeError, RecursionError, ValueError and MalformedValue."""
GroupDecoder: TypeAlias = Callable[[bytes, SharedValues], Iterator[Sequence[Span]]]
"""Decodes the same text group by group, so that its spans need not be held together. It raises the same."""

_FAULTS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, TypeError)


def other_format(spans: int) -> JsonFault:
    """Return the fault of a text that holds spans in another format than the file's first texts."""
    return JsonFault(f"it holds spans in another format ({spans}): give one file for each format")


def json_reader(name: str, decode: SpanDecoder, decode_groups: GroupDecoder | None = None) -> Reader:
    """Return a reader of the format `name`: JSON texts, one after another, that `decode` decodes.

    A document that is too large to be searched for duplicate keys is decoded by `decode_groups`, where that is given.
    """

    def read(file: OpenFile, limits: FileLimits, shared: SharedValues) -> Iterator[Batch]:
        for document in DocumentReader(file, limits).documents():

            def decode_one(data: bytes, origin: Origin, check: bool = document.check_keys) -> Sequence[Span]:
                return _decoded(data, origin, shared, check)

            whole = partial(document.decode_texts, decode_one)
            large = decode_groups is not None and not document.check_keys
            for spans in _in_groups(document, shared, whole) if large else whole():
                yield Batch(list(spans), [], frozenset(["traces"]))

    def _in_groups(
        document: Document, shared: SharedValues, whole: Callable[[], Sequence[Sequence[Span]]]
    ) -> Iterator[Sequence[Span]]:
        """Yield the spans of a document of one text. What is wrong with it is explained as for the `whole` document."""
        assert decode_groups is not None
        number = 0
        try:
            for spans in decode_groups(with_whole_characters(document.data), shared):
                number += len(spans)
                yield spans
        except (MalformedValue, *_FAULTS):
            if not number:
                yield from whole()  # several texts, or one that is malformed
                return
            whole()
            raise
        if not number:
            yield from whole()  # it may hold spans in another format

    def _decoded(data: bytes, origin: Origin, shared: SharedValues, check: bool) -> Sequence[Span]:
        data = with_whole_characters(data)
        try:
            spans = decode(data, shared)
        except MalformedValue as error:
            raise origin.error(JsonFault(str(error)), data, name) from None
        except _FAULTS as error:
            raise origin.error(describe_failure(error, data), data, name) from None
        if not spans and (lost := spans_in(msgspec.json.decode(data))):
            raise origin.error(other_format(lost), data, name)
        if check and (fault := find_duplicate_key(data)):
            raise origin.error(fault, data, name)
        return spans

    return read
