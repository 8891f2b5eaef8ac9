"""Read a format of JSON texts of which each becomes spans; what its modules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from spanpact.otlp import Batch, Origin, SharedValues
from spanpact.otlp.batch import MalformedValue
from spanpact.otlp.json.errors import JsonFault, describe_failure, find_duplicate_key
from spanpact.otlp.json.surrogates import with_whole_characters
from spanpact.otlp.unread import spans_in
from spanpact.sources.files.byte_stream import OpenFile
from spanpact.sources.files.formats.trace_format import Reader
from spanpact.sources.files.json_texts import DocumentReader
from spanpact.sources.files.limits import FileLimits
from spanpact.trace.model import Span

SpanDecoder: TypeAlias = Callable[[bytes, SharedValues], Sequence[Span]]
"""Decodes one text. It may raise MsgspecError, UnicodeDecodeError, RecursionError, ValueError and MalformedValue."""


def other_format(spans: int) -> JsonFault:
    """Return the fault of a text that holds spans in another format than the file's first texts."""
    return JsonFault(f"it holds spans in another format ({spans}): give one file for each format")


def json_reader(name: str, decode: SpanDecoder) -> Reader:
    """Return a reader of the format `name`: JSON texts, one after another, that `decode` decodes."""

    def read(file: OpenFile, limits: FileLimits, shared: SharedValues) -> Iterator[Batch]:
        for document in DocumentReader(file, limits).documents():

            def decode_one(data: bytes, origin: Origin, check: bool = document.check_keys) -> Sequence[Span]:
                return _decoded(data, origin, shared, check)

            for spans in document.decode_texts(decode_one):
                yield Batch(list(spans), [], frozenset(["traces"]))

    def _decoded(data: bytes, origin: Origin, shared: SharedValues, check: bool) -> Sequence[Span]:
        data = with_whole_characters(data)
        try:
            spans = decode(data, shared)
        except MalformedValue as error:
            raise origin.error(JsonFault(str(error)), data, name) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, TypeError) as error:
            raise origin.error(describe_failure(error, data), data, name) from None
        if not spans and (lost := spans_in(msgspec.json.decode(data))):
            raise origin.error(other_format(lost), data, name)
        if check and (fault := find_duplicate_key(data)):
            raise origin.error(fault, data, name)
        return spans

    return read
