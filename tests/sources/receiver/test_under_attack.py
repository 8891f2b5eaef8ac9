"""Faults N1 and K4: a thousand slow sockets keep nobody out, and no body brings the receiver down or fills memory."""

from __future__ import annotations

import gzip
import json
import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from spanpact.errors import SourceError
from spanpact.otlp import encode_traces_json
from spanpact.sources import MemorySource, OtlpFileSource, OtlpReceiver
from tests.sources.readings import Recorder, a_session_trace
from tests.sources.receiver.raw_http import (
    A_JSON_SPAN,
    JSON,
    PROTOBUF,
    RawClient,
    a_gzip_bomb,
    address_of,
    ask,
    post,
)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for the sockets of both sides."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
@pytest.mark.fault("N1")
def test_n1_a_thousand_slow_sockets_keep_no_sender_out() -> None:
    with OtlpReceiver() as receiver, ExitStack() as slow, RawClient(receiver) as early:
        assert early.send(post(A_JSON_SPAN)).response().status == 200
        for _ in range(1000):
            attacker = slow.enter_context(socket.create_connection(address_of(receiver), timeout=50))
            attacker.sendall(b"POST /v1/traces HTTP/1.1\r\nhost: here\r\nx: ")
        assert ask(receiver, post(A_JSON_SPAN)).status == 200  # a new connection
        assert early.send(post(A_JSON_SPAN)).response().status == 200  # and one that was there before
        times = []
        for _ in range(20):
            began = time.monotonic()
            assert early.send(post(A_JSON_SPAN)).response().status == 200
            times.append(time.monotonic() - began)
        assert min(times) <= 0.1  # the best, as a busy machine delays some of them
        assert receiver.received == 23
        assert receiver.counts.evicted >= 700


def valid_bodies() -> dict[str, bytes]:
    recorder = Recorder()
    a_session_trace(recorder)
    as_json = encode_traces_json(MemorySource(recorder.exporter).read())
    return {JSON: as_json, PROTOBUF: bytes(encode_spans(recorder.spans).SerializeToString())}


def malformed(body: bytes, seed: int) -> Iterator[bytes]:
    """Cut short at many places, with bytes changed, doubled or left out, and with noise instead of it."""
    choose = random.Random(seed)
    yield from (body[: len(body) * part // 24] for part in range(24))
    for _ in range(60):
        damaged = bytearray(body)
        for _ in range(choose.randint(1, 8)):
            place = choose.randrange(len(damaged))
            damaged[place : place + choose.randint(0, 2)] = choose.randbytes(choose.randint(0, 2))
        yield bytes(damaged)
    yield from (choose.randbytes(size) for size in (1, 10, 1000))
    yield body + body[: len(body) // 2]


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.fault("K4")
def test_k4_every_malformed_body_gets_a_clear_answer(content_type: str, compressed: bool) -> None:
    body = valid_bodies()[content_type]
    corpus = list(malformed(gzip.compress(body, mtime=0) if compressed else body, seed=7))
    headers = {"content_encoding": "gzip"} if compressed else {}
    with OtlpReceiver() as receiver, RawClient(receiver) as client:
        for data in corpus:
            response = client.send(post(data, content_type=content_type, **headers)).response()
            assert response.status in (200, 400)  # some damage leaves a body that can be read
            if response.status == 400:
                reason = response.body
                message = json.loads(reason)["message"] if content_type == JSON else Status.FromString(reason).message
                assert message
                assert "\n" not in message
        assert receiver.rejected >= len(corpus) // 3
        assert ask(receiver, post(A_JSON_SPAN)).status == 200


@pytest.mark.parametrize(("content_type", "name"), [(JSON, "t.json"), (PROTOBUF, "t.pb"), (JSON, "t"), (PROTOBUF, "t")])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.fault("K4")
def test_k4_every_malformed_file_is_read_or_refused_in_one_line(
    tmp_path: Path, content_type: str, name: str, compressed: bool
) -> None:
    body = valid_bodies()[content_type]
    path = tmp_path / name
    refused = 0
    for data in malformed(gzip.compress(body, mtime=0) if compressed else body, seed=11):
        path.write_bytes(data)
        refusal = refusal_of(path)
        refused += bool(refusal)
        assert "\n" not in refusal
        assert refusal.startswith(str(path) if refusal else "")
    assert refused >= 29


def refusal_of(path: Path) -> str:
    try:
        OtlpFileSource(path).read()
    except SourceError as error:
        return str(error)
    return ""


MEASURE = """
import gzip, resource, sys
from spanpact.sources import OtlpReceiver
from tests.sources.receiver.raw_http import A_JSON_SPAN, PROTOBUF, a_gzip_bomb, ask, post

MANY = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * (6 << 20) + b"{}]}]}]}"
EMPTY = b"\\x0a\\x00" * (8 << 20)
bomb = a_gzip_bomb(96 << 20)
with OtlpReceiver() as receiver:
    ask(receiver, post(A_JSON_SPAN))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    statuses = [
        ask(receiver, post(bomb, content_encoding="gzip")).status,
        ask(receiver, post(bomb, content_encoding="gzip", content_type=PROTOBUF)).status,
        ask(receiver, post(b"[" * (4 << 20))).status,
        ask(receiver, post(gzip.compress(b'{"a":' * (3 << 20)), content_encoding="gzip")).status,
        ask(receiver, post(gzip.compress(EMPTY), content_encoding="gzip", content_type=PROTOBUF)).status,
        ask(receiver, post(gzip.compress(MANY), content_encoding="gzip")).status,
    ]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(*statuses, (after - before) // 1024)
"""


@pytest.mark.fault("K4")
def test_k4_bombs_are_stopped_before_they_fill_the_memory() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    *statuses, mebibytes = map(int, done.stdout.split())
    assert statuses == [413, 413, 400, 413, 413, 413]
    assert mebibytes <= 64


def test_a_gzip_bomb_is_small_before_it_inflates() -> None:
    assert len(a_gzip_bomb(8 << 20)) < 10_000
