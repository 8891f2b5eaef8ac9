"""The session of exports sends what `requests` itself would send, prepared once (S1.1)."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from reference_impl.export.otlp_http import ExportSession
from tests.reference_impl.export.otlp_sink import OtlpSink

BODY = ExportTraceServiceRequest().SerializeToString()
HEADERS = {"Content-Type": "application/x-protobuf", "X-Tenant": "blue"}


@pytest.fixture
def preparations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    original = requests.Session.prepare_request

    def counted(self: requests.Session, request: requests.Request) -> requests.PreparedRequest:
        calls.append(str(request.url))
        return original(self, request)

    monkeypatch.setattr(requests.Session, "prepare_request", counted)
    return calls


def post(session: requests.Session, url: str, body: bytes = BODY, **options: Any) -> requests.Response:
    arguments = {"headers": HEADERS, "data": body, "timeout": 5, "allow_redirects": False, **options}
    return session.request(method="POST", url=url, **arguments)


def test_the_endpoint_sees_what_requests_would_have_sent(sink: OtlpSink, preparations: list[str]) -> None:
    with ExportSession() as ours, requests.Session() as theirs:
        answers = [post(session, sink.url) for session in (theirs, ours, ours)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert sink.headers[0] == sink.headers[1] == sink.headers[2]
    assert len(preparations) == 2, "each session prepared once"


def test_each_request_has_its_own_body_and_length(sink: OtlpSink) -> None:
    with ExportSession() as session:
        for body in (b"", b"\x0a\x00", b"\x0a\x00\x0a\x00", b""):
            assert post(session, sink.url, body).ok
    assert [headers["content-length"] for headers in sink.headers] == ["0", "2", "4", "0"]


def test_hooks_hear_every_answer_and_connections_are_kept(sink: OtlpSink) -> None:
    heard: list[int] = []
    with ExportSession() as session:
        session.hooks["response"].append(lambda answer, *_, **__: heard.append(answer.status_code))
        for status in (200, 503, 200):
            sink.status = status
            post(session, sink.url)
        adapter: Any = session.get_adapter(sink.url)
        (pool,) = adapter.poolmanager.pools._container.values()
    assert heard == [200, 503, 200]
    assert (pool.num_connections, pool.num_requests) == (1, 3)


def test_other_headers_are_prepared_anew_and_other_requests_are_as_ever(
    sink: OtlpSink, preparations: list[str]
) -> None:
    with ExportSession() as session:
        post(session, sink.url)
        post(session, sink.url, headers={"X-Tenant": "red"})
        assert [headers["x-tenant"] for headers in sink.headers] == ["blue", "red"]
        post(session, sink.url, headers=None)
        post(session, sink.url, allow_redirects=True)
        post(session, sink.url, allow_redirects=True)
    assert len(preparations) == 5


def test_proxies_and_credentials_of_the_environment_are_heeded(
    sink: OtlpSink, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with ExportSession() as session:
        post(session, sink.url)
        assert sink.headers[0]["authorization"].startswith("Basic ")
        monkeypatch.setenv("HTTP_PROXY", sink.url)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.delenv("no_proxy", raising=False)
        assert post(session, "http://collector.invalid:4318/v1/traces").ok
    assert sink.headers[1]["host"] == "collector.invalid:4318"


def test_a_dead_endpoint_raises_as_ever() -> None:
    with ExportSession() as session, pytest.raises(requests.exceptions.ConnectionError):
        post(session, "http://127.0.0.1:9/v1/traces")
