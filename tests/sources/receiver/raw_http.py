"""A client that sends any bytes to the receiver, well-formed or not."""

from __future__ import annotations

import gzip
import http.client
import io
import socket
from dataclasses import dataclass
from typing import Self, cast

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from spanpact.sources import OtlpReceiver
from tests.sources.readings import Recorder

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
A_JSON_SPAN = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01","spanId":"02","name":"a"}]}]}]}'


def a_protobuf_span() -> bytes:
    recorder = Recorder()
    recorder.tracer().start_span("a").end()
    return bytes(encode_spans(recorder.spans).SerializeToString())


def a_gzip_bomb(inflated: int) -> bytes:
    return gzip.compress(b" " * inflated, compresslevel=9)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes


def post(body: bytes = b"", path: str = "/v1/traces", content_type: str = JSON, **headers: str) -> bytes:
    """The bytes of a POST request; a header given as `content_length=""` is left out."""
    named = {"host": "here", "content-type": content_type, "content-length": str(len(body))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + body


class RawClient:
    """One connection. Every wait has a deadline of fifty seconds, after which the test fails."""

    def __init__(self, receiver: OtlpReceiver) -> None:
        self.socket = socket.create_connection(address_of(receiver), timeout=50)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Self:
        self.socket.sendall(data)
        return self

    def response(self) -> Response:
        """The next response; its socket is read byte for byte, so that nothing of the one after it is lost."""
        read = http.client.HTTPResponse(self.socket)
        read.fp.close()
        read.fp = cast("io.BufferedReader", self.socket.makefile("rb", 0))
        with read:
            read.begin()
            return Response(read.status, {k.lower(): v for k, v in read.getheaders()}, read.read())

    def is_closed(self) -> bool:
        """Wait until the receiver closes the connection; return whether it sent nothing before that."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def ask(receiver: OtlpReceiver, data: bytes) -> Response:
    """One request on a connection of its own."""
    with RawClient(receiver) as client:
        return client.send(data).response()


def address_of(receiver: OtlpReceiver) -> tuple[str, int]:
    host, _, port = receiver.url.removeprefix("http://").rpartition(":")
    return host, int(port)


def wait_until_closing(receiver: OtlpReceiver) -> None:
    """Return once nobody can connect any more."""
    while True:
        try:
            socket.create_connection(address_of(receiver), timeout=50).close()
        except OSError:
            return
