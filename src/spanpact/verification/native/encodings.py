"""Decode single attributes, groups and spans of both encodings, by their bytes in the document.

Each raises NeedsFullDecoding for what should be read with its whole document: malformed bytes, and in JSON keys that
occur twice, which some documents are searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from spanpact.otlp.batch import MalformedValue, NeedsFullDecoding, SharedValues
from spanpact.otlp.json import messages as wire
from spanpact.otlp.json.decoding import decode_resource, decode_scope, decode_span
from spanpact.otlp.json.errors import find_duplicate_key
from spanpact.otlp.json.values import decode_value
from spanpact.otlp.protobuf.wire import encode_varint
from spanpact.trace.model import Resource, Scope, Span, Value

_ATTRIBUTE: Final = msgspec.json.Decoder(wire.KeyValue)
_SPAN: Final = msgspec.json.Decoder(wire.WireSpan)
_RESOURCE: Final = msgspec.json.Decoder(wire.WireResource | None)
_SCOPE: Final = msgspec.json.Decoder(wire.WireScope | None)
_URL: Final = msgspec.json.Decoder(str | None)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError, MalformedValue)
_RESOURCE_FIELD, _URL_FIELD = b"\x0a", b"\x1a"


class Encoding(Protocol):
    """How one encoding is decoded."""

    def group(
        self, resource: bytes, resource_url: bytes, scope: bytes, scope_url: bytes, shared: SharedValues
    ) -> tuple[Resource, Scope]:
        """Return a resource and a scope; what is missing is empty."""

    def attribute(self, attribute: bytes) -> tuple[str, Value]:
        """Return the name and the value of an attribute."""

    def span(self, span: bytes, resource: Resource, scope: Scope) -> Span:
        """Return a span."""

    def check_keys(self, span: bytes) -> None:
        """Make sure that no key occurs twice in an object of the span."""


class JsonEncoding:
    """OTLP JSON."""

    def group(
        self, resource: bytes, resource_url: bytes, scope: bytes, scope_url: bytes, shared: SharedValues
    ) -> tuple[Resource, Scope]:
        """Return a resource and a scope; what is missing is empty."""
        with _needs_full_decoding():
            for each in (resource, scope):
                self.check_keys(each or b"null")
            urls = [_URL.decode(each) if each else None for each in (resource_url, scope_url)]
            decoded = decode_scope(_SCOPE.decode(scope) if scope else None, urls[1], shared)
            return decode_resource(_RESOURCE.decode(resource) if resource else None, urls[0], shared), decoded

    def attribute(self, attribute: bytes) -> tuple[str, Value]:
        """Return the name and the value of an attribute."""
        with _needs_full_decoding():
            self.check_keys(attribute)
            pair = _ATTRIBUTE.decode(attribute)
            return pair.key or "", decode_value(pair.value, 0) if pair.value else None

    def span(self, span: bytes, resource: Resource, scope: Scope) -> Span:
        """Return a span."""
        with _needs_full_decoding():
            return decode_span(_SPAN.decode(span), resource, scope)

    def check_keys(self, span: bytes) -> None:
        """Make sure that no key occurs twice in an object of the span."""
        if find_duplicate_key(span):
            raise NeedsFullDecoding


class ProtobufEncoding:
    """OTLP protobuf. Its runtime is imported when the first document is read."""

    def __init__(self) -> None:
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped,unused-ignore]

        from spanpact.otlp.protobuf import lazy  # takes long, and most files are JSON

        self._lazy = lazy
        self._errors = (*_UNREADABLE, DecodeError)

    def group(
        self, resource: bytes, resource_url: bytes, scope: bytes, scope_url: bytes, shared: SharedValues
    ) -> tuple[Resource, Scope]:
        """Return a resource and a scope; what is missing is empty."""
        fields = _RESOURCE_FIELD + encode_varint(len(resource)) + resource
        fields += _URL_FIELD + encode_varint(len(resource_url)) + resource_url
        with _needs_full_decoding(self._errors):
            return self._lazy.decode_group(self._lazy.RawGroup(fields, scope, scope_url.decode()), shared)

    def attribute(self, attribute: bytes) -> tuple[str, Value]:
        """Return the name and the value of an attribute."""
        return self._lazy.decode_attribute(attribute)

    def span(self, span: bytes, resource: Resource, scope: Scope) -> Span:
        """Return a span."""
        return self._lazy.decode_span_bytes(span, resource, scope)

    def check_keys(self, span: bytes) -> None:
        """Do nothing: the core leaves messages with repeated fields to Python."""


@dataclass(frozen=True, slots=True)
class GroupHandle:
    """What is needed to decode a span of a resource and a scope."""

    encoding: Encoding
    resource: Resource
    scope: Scope

    def decode(self, span: bytes) -> Span:
        """Return the span."""
        return self.encoding.span(span, self.resource, self.scope)


@contextmanager
def _needs_full_decoding(errors: tuple[type[Exception], ...] = _UNREADABLE) -> Iterator[None]:
    """Turn every decoding error of the block into NeedsFullDecoding."""
    try:
        yield
    except errors as error:
        raise NeedsFullDecoding from error
