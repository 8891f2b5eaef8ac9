"""Jaeger's stable API, `/api/v3`: OTLP JSON wrapped in `result`, in one message or in several.

As measured with Jaeger 2.13 and 2.21: a search needs both time bounds and `query.num_traces`; all versions know the
names in snake case. An empty search and a missing trace respond 404 with JSON. `raw_traces` asks for spans as they were
stored: without it Jaeger adjusts clocks, merges equal spans and adds warnings to the attributes.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from spanpact.errors import SourceUnavailable
from spanpact.otlp import Origin, SharedValues, decode_json
from spanpact.privacy import mask
from spanpact.sources.http_client import HttpClient
from spanpact.sources.jaeger.api import JaegerApi
from spanpact.sources.search.query import Search
from spanpact.trace.model import Span

_BLANKS: Final = re.compile(r"\s*")


class _Message(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw()
    error: Any = None


class JaegerV3(JaegerApi):
    """A client of `/api/v3`."""

    name = "/api/v3"
    traces_path = "/api/v3/traces"
    raw_parameter = "raw_traces"
    resolution_ns = 1
    capabilities = frozenset(
        ["events", "links", "status_message", "status_ok", "scope", "resource", "scalar_types", "number_types", "bytes"]
    )

    def __init__(self, client: HttpClient) -> None:
        super().__init__(client)
        self._shared = SharedValues()

    def search(self, search: Search, deadline: float) -> list[Span]:
        """Return all spans of the traces found."""
        query = [
            ("query.service_name", search.service),
            ("query.start_time_min", timestamp(search.start_ns)),
            ("query.start_time_max", timestamp(search.end_ns)),
            ("query.num_traces", str(search.limit)),
            ("query.raw_traces", "true"),
        ]
        if search.operation:
            query.append(("query.operation_name", search.operation))
        return self._get(self.traces_path, query, deadline)

    def _decode(self, body: bytes) -> list[Span]:
        """Decode the spans of all messages. An error in place of a result ends a stream that failed half-way."""
        try:
            messages = list(_messages(body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._not_understood(error) from None
        origin = Origin(f"Jaeger at {self._client.url}")
        spans: list[Span] = []
        for message in messages:
            if message.error is not None:
                reason = self._client.redacted(mask(" ".join(str(message.error).split())[:200]))
                raise SourceUnavailable(f"Jaeger at {self._client.url}: failed within its response: {reason}")
            result = bytes(message.result)
            if not result:
                raise self._not_understood(ValueError("it has no result"))
            decoded = decode_json(result, origin=origin, shared=self._shared, duplicate_keys=False)
            spans += decoded.spans
        return spans


def _messages(body: bytes) -> Iterator[_Message]:
    """Yield the messages of a response: usually one, else a line each, or one after the other."""
    decode = msgspec.json.Decoder(_Message)
    try:
        yield decode.decode(body)
        return
    except msgspec.MsgspecError as error:
        if b'"result"' not in body[1:]:
            raise
        several = error
    try:
        yield from decode.decode_lines(body)
    except msgspec.MsgspecError:
        yield from map(decode.decode, _texts(body.decode(), several))


def _texts(text: str, error: Exception) -> Iterator[bytes]:
    """Yield the JSON texts that follow each other, with or without blanks between them."""
    position, decoder = 0, json.JSONDecoder()
    while position < len(text):
        try:
            _, end = decoder.raw_decode(text, position)
        except ValueError:
            raise error from None
        yield text[position:end].encode()
        blanks = _BLANKS.match(text, end)
        position = blanks.end() if blanks else end


def timestamp(time_ns: int) -> str:
    """Format a time (ns since the Unix epoch) as RFC 3339, in UTC with nanoseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
