"""Faults N1 and K4 over gRPC: stalled and dropped connections keep nobody out, and no message brings it down."""

from __future__ import annotations

import gzip
import socket
from contextlib import ExitStack

import grpc
import pytest

from spanpact.sources import OtlpReceiver
from tests.sources.receiver.raw_http import A_JSON_SPAN, a_protobuf_span, ask, post
from tests.sources.receiver.test_grpc_server import TRACES, calling
from tests.sources.receiver.test_under_attack import malformed

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def address_of_grpc(receiver: OtlpReceiver) -> tuple[str, int]:
    host, _, port = receiver.grpc_url.removeprefix("http://").rpartition(":")
    return host, int(port)


@pytest.mark.fault("N1")
def test_n1_stalled_and_dropped_connections_over_grpc_keep_nobody_out() -> None:
    with OtlpReceiver(grpc=True) as receiver, ExitStack() as slow, calling(receiver) as channel:
        export = channel.unary_unary(TRACES)
        export(a_protobuf_span(), timeout=50)
        for number in range(200):
            stalled = slow.enter_context(socket.create_connection(address_of_grpc(receiver), timeout=50))
            stalled.sendall(_PREFACE[: number % 24 + 1])
        for number in range(1000):
            dropped = socket.create_connection(address_of_grpc(receiver), timeout=50)
            dropped.sendall(_PREFACE[: number % 24])
            dropped.close()
        for _ in range(50):
            export(a_protobuf_span(), timeout=50)
        with calling(receiver) as another:
            another.unary_unary(TRACES)(a_protobuf_span(), timeout=50)
        assert ask(receiver, post(A_JSON_SPAN)).status == 200
        assert (receiver.received, receiver.rejected, receiver.dropped) == (53, 0, 0)


@pytest.mark.fault("K4")
def test_k4_every_malformed_message_over_grpc_is_answered_and_counted() -> None:
    corpus = list(malformed(a_protobuf_span(), seed=13))
    codes = []
    with OtlpReceiver(grpc=True) as receiver, calling(receiver) as channel:
        export = channel.unary_unary(TRACES)
        for message in corpus:
            try:
                export(message, timeout=50)
            except grpc.RpcError as error:
                codes.append(error.code())
        assert set(codes) == {grpc.StatusCode.INVALID_ARGUMENT}
        assert receiver.rejected == len(codes) >= len(corpus) // 3
        export(a_protobuf_span(), timeout=50)


@pytest.mark.fault("K4")
def test_k4_a_bomb_over_grpc_is_refused_before_it_inflates() -> None:
    with OtlpReceiver(grpc=True) as receiver, calling(receiver) as channel:
        export = channel.unary_unary(TRACES)
        for message in (b"\0" * (96 << 20), b"\x0a\x00" * (8 << 20)):
            with pytest.raises(grpc.RpcError) as refused:
                export(message, timeout=50, compression=grpc.Compression.Gzip)
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert len(gzip.compress(b"\0" * (96 << 20))) < 1 << 20
        export(a_protobuf_span(), timeout=50)
        assert receiver.received == 1


def test_grpc_binds_to_loopback_unless_asked() -> None:
    with OtlpReceiver(grpc=True) as receiver:
        assert address_of_grpc(receiver)[0] == "127.0.0.1"
