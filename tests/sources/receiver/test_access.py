"""Who may reach a receiver: addresses, bearer tokens, TLS; over HTTP and gRPC, by the SDK's own exporters."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import pytest
import trustme
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from spanpact.errors import SourceError, UsageError
from spanpact.sources import OtlpReceiver
from spanpact.sources.receiver import ReceiverLimits, ReceiverOptions
from spanpact.sources.receiver.access import Access
from tests.sources.readings import Recorder
from tests.sources.receiver.raw_http import A_JSON_SPAN, RawClient, address_of, ask, post

TOKEN = "s3cret-Token"
TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@contextmanager
def listening(access: Access, **options: object) -> Iterator[OtlpReceiver]:
    with OtlpReceiver(options=ReceiverOptions(access), **options) as receiver:  # type: ignore[arg-type]
        yield receiver


@pytest.fixture
def recorder() -> Recorder:
    made = Recorder()
    made.tracer().start_span("a").end()
    return made


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        ("Bearer", 401),
        ("Bearer \xe9", 401),
    ],
)
def test_only_requests_with_the_token_are_accepted(header: str, status: int) -> None:
    with listening(Access(token=TOKEN)) as receiver:
        response = ask(receiver, post(A_JSON_SPAN, authorization=header).replace("é".encode(), b"\xe9"))
        assert (response.status, receiver.received, receiver.rejected) == (
            status,
            int(status == 200),
            int(status != 200),
        )
        if status == 401:
            assert response.headers["www-authenticate"] == "Bearer"
            assert json.loads(response.body) == {"code": 16, "message": "the token is missing or wrong"}


def test_the_token_is_shown_nowhere() -> None:
    access = Access(token=TOKEN)
    assert TOKEN not in repr(access) + str(ReceiverOptions(access)) + repr(
        OtlpReceiver(options=ReceiverOptions(access))
    )


@pytest.mark.parametrize("token", [TOKEN, "wrong", ""])
def test_the_token_over_grpc(token: str) -> None:
    metadata = [("authorization", f"Bearer {token}")] if token else []
    with listening(Access(token=TOKEN), grpc=True) as receiver:
        with grpc.insecure_channel(receiver.grpc_url.removeprefix("http://")) as channel:
            call = channel.unary_unary(TRACES)
            if token == TOKEN:
                assert call(b"", timeout=20, metadata=metadata) == b""
            else:
                with pytest.raises(grpc.RpcError) as raised:
                    call(b"", timeout=20, metadata=metadata)
                assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert receiver.rejected == int(token != TOKEN)


@pytest.fixture(autouse=True)
def without_other_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables that `requests` prefers to the authorities that an exporter was given."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the paths of a certificate for loopback, its key, both in one file, and the authority."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    named = {name: str(folder / name) for name in ("certificate", "key", "both", "authority")}
    issued.cert_chain_pems[0].write_to_path(named["certificate"])
    issued.private_key_pem.write_to_path(named["key"])
    issued.private_key_and_cert_chain_pem.write_to_path(named["both"])
    authority.cert_pem.write_to_path(named["authority"])
    return named


def test_exporters_reach_it_over_tls(files: dict[str, str], recorder: Recorder) -> None:
    with listening(Access(token=TOKEN, certificate=files["certificate"], key=files["key"]), grpc=True) as receiver:
        assert (receiver.url[:8], receiver.grpc_url[:8]) == ("https://", "https://")
        headers = {"authorization": f"Bearer {TOKEN}"}
        over_http = HttpExporter(f"{receiver.url}/v1/traces", files["authority"], headers=headers)
        credentials = grpc.ssl_channel_credentials(Path(files["authority"]).read_bytes())
        over_grpc = GrpcExporter(receiver.grpc_url, credentials=credentials, headers=headers)
        for exporter in (over_http, over_grpc):
            assert exporter.export(recorder.spans) is SpanExportResult.SUCCESS
            exporter.shutdown()
        assert receiver.received == 2


def test_key_and_certificate_may_be_in_one_file(files: dict[str, str], recorder: Recorder) -> None:
    with listening(Access(certificate=files["both"])) as receiver:
        exporter = HttpExporter(f"{receiver.url}/v1/traces", files["authority"])
        assert exporter.export(recorder.spans) is SpanExportResult.SUCCESS
        exporter.shutdown()


def test_what_is_not_tls_is_closed_and_others_go_on(files: dict[str, str]) -> None:
    with listening(Access(certificate=files["both"])) as receiver:
        address = receiver.url.removeprefix("https://").rpartition(":")
        plain = socket.create_connection((address[0], int(address[2])), timeout=50)
        with plain:
            plain.sendall(post(A_JSON_SPAN))
            assert b"HTTP" not in plain.recv(1000)
        context = ssl.create_default_context(cafile=files["authority"])
        with (
            socket.create_connection((address[0], int(address[2])), timeout=50) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(post(A_JSON_SPAN))
            assert secure.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert (receiver.received, receiver.counts.failed_handshakes) == (1, 1)


def test_a_sender_that_does_not_trust_the_certificate_is_counted(files: dict[str, str]) -> None:
    with listening(Access(certificate=files["both"])) as receiver:
        address = receiver.url.removeprefix("https://").rpartition(":")
        with (
            socket.create_connection((address[0], int(address[2])), timeout=50) as raw,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(raw, server_hostname="127.0.0.1")
        receiver.stop()
        assert (receiver.received, receiver.counts.failed_handshakes) == (0, 1)


def test_a_refusal_over_tls_is_read_to_its_end(files: dict[str, str]) -> None:
    context = ssl.create_default_context(cafile=files["authority"])
    with listening(Access(token=TOKEN, certificate=files["both"])) as receiver:
        address = receiver.url.removeprefix("https://").rpartition(":")
        with (
            socket.create_connection((address[0], int(address[2])), timeout=50) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(post(A_JSON_SPAN))
            answer = b""
            while not answer.endswith(b"}"):
                answer += secure.recv(1000)
    assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert b"connection: close\r\n" in answer


def test_a_handshake_that_never_ends_is_closed(files: dict[str, str]) -> None:
    limits = ReceiverLimits(head_seconds=0.2, connections=2)
    with listening(Access(certificate=files["both"]), limits=limits) as receiver:
        host, _, port = receiver.url.removeprefix("https://").rpartition(":")
        stalled = [socket.create_connection((host, int(port)), timeout=50) for _ in range(5)]
        for each in stalled:
            with suppress(ConnectionResetError):
                assert each.recv(1) == b""
            each.close()
        assert receiver.counts.evicted >= 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key": "K"}, "a key for TLS needs its certificate"),
        ({"certificate": "/nowhere.pem"}, "cannot use /nowhere.pem: No such file or directory"),
        ({"certificate": "A", "key": "K"}, "cannot use .*(accepted: PEM files without a passphrase)"),
        ({"certificate": "K"}, "cannot use "),
    ],
)
def test_files_that_cannot_be_used_are_one_error_line(
    files: dict[str, str], options: dict[str, str], words: str
) -> None:
    named = {"K": files["key"], "A": files["authority"]}
    paths = {name: named.get(value, value) for name, value in options.items()}
    access = Access(certificate=paths.get("certificate", ""), key=paths.get("key", ""))
    with pytest.raises(UsageError, match=words):
        OtlpReceiver(options=ReceiverOptions(access))


def test_only_loopback_unless_allowed() -> None:
    with pytest.raises(UsageError, match="listens on loopback"):
        OtlpReceiver(grpc=True, grpc_host="0.0.0.0")
    with listening(Access(allow_remote=True), host="0.0.0.0") as receiver, RawClient(receiver) as client:
        assert client.send(post(A_JSON_SPAN)).response().status == 200
        assert address_of(receiver)[0] == "127.0.0.1"


def test_a_grpc_port_in_use_closes_what_was_opened() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        receiver = OtlpReceiver(grpc=True, grpc_port=held.getsockname()[1])
        with pytest.raises(SourceError, match="for gRPC"):
            receiver.start()
    socket.create_server(address_of(receiver)).close()
    with pytest.raises(UsageError, match="the port cannot be 70000"):
        OtlpReceiver(grpc=True, grpc_port=70000)


def test_sessions_over_grpc(recorder: Recorder) -> None:
    message = encode_spans(recorder.spans).SerializeToString()
    with listening(Access(), grpc=True) as receiver:
        with grpc.insecure_channel(receiver.grpc_url.removeprefix("http://")) as channel:
            call = channel.unary_unary(TRACES)
            call(message, timeout=20, metadata=[("spanpact-session", "one")])
            receiver.sessions.end("one").close()
            for name, code in (("one", grpc.StatusCode.FAILED_PRECONDITION), ("a b", grpc.StatusCode.INVALID_ARGUMENT)):
                with pytest.raises(grpc.RpcError) as raised:
                    call(message, timeout=20, metadata=[("spanpact-session", name)])
                assert raised.value.code() is code
        assert (receiver.rejected, receiver.received) == (2, 0)
