"""A Jaeger by address is checked before it is used; what cannot be had says why, and how to get one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from containers.images.jaeger_binary import cache_folder
from containers.ladder import BackendUnavailable
from containers.servers import jaeger_server
from containers.servers.docker_containers import http_ok
from containers.servers.jaeger_server import JaegerBackend, jaeger_backend
from containers.servers.jaeger_settings import write_settings

SERVICES = "/api/v3/services"


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("JAEGER_URL", "JAEGER_OTLP_HTTP", "JAEGER_OTLP_GRPC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@contextmanager
def serving(pages: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    """An HTTP server with these pages, by its address: what is, or is not, a Jaeger."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = pages.get(self.path, (200, "<!doctype html>"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class TestNamedByUrl:
    def test_is_used_with_the_version_that_its_interface_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        page = 'const PINNED_JAEGER = {"gitCommit":"x","gitVersion":"v2.14.1"};'
        with serving({SERVICES: (200, "{}"), "/": (200, page)}) as url:
            monkeypatch.setenv("JAEGER_OTLP_HTTP", f"{url}/")
            with jaeger_backend(f"{url}/") as jaeger:
                assert (jaeger.url, jaeger.otlp_http, jaeger.otlp_grpc) == (url, url, "http://127.0.0.1:4317")
                assert (jaeger.version, jaeger.rung) == ("2.14.1", "url")
                assert str(jaeger) == f"Jaeger 2.14.1 at {url} (url), OTLP at {url} and http://127.0.0.1:4317"

    def test_the_environments_address_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with serving({SERVICES: (200, "{}")}) as url:
            monkeypatch.setenv("JAEGER_URL", url)
            monkeypatch.setenv("JAEGER_OTLP_HTTP", url)
            with jaeger_backend() as jaeger:
                assert (jaeger.rung, jaeger.version, jaeger.skipped) == ("url", "of unknown version", ())

    def test_one_that_takes_no_otlp_is_an_error_that_says_what_to_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jaeger_server, "OTLP_HTTP_PORT", 1)
        with (
            serving({SERVICES: (200, "{}")}) as url,
            pytest.raises(
                BackendUnavailable, match=r"nothing takes OTLP at http://127\.0\.0\.1:1; set JAEGER_OTLP_HTTP"
            ),
        ):
            jaeger_backend(url).__enter__()

    @pytest.mark.parametrize(
        ("pages", "message"),
        [
            ({}, "is no Jaeger with /api/v3"),
            ({SERVICES: (401, "")}, "/api/v3 answers 401"),
            ({SERVICES: (503, "")}, "/api/v3 answers 503"),
        ],
    )
    def test_what_is_no_usable_jaeger_is_an_error(self, pages: Mapping[str, tuple[int, str]], message: str) -> None:
        with serving(pages) as url, pytest.raises(BackendUnavailable, match=message):
            jaeger_backend(url).__enter__()

    def test_one_that_does_not_answer_is_not_skipped_and_shows_no_credentials(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JAEGER_URL", "http://user:hunter2@127.0.0.1:1/jaeger?token=hunter2")
        with pytest.raises(BackendUnavailable, match="gives no answer") as caught:
            jaeger_backend().__enter__()
        assert "hunter2" not in str(caught.value)
        assert "docker" not in str(caught.value)

    @pytest.mark.parametrize("address", ["localhost:16686", "grpc://host:1", "http://", "http://[::1"])
    def test_an_address_that_is_none_is_one_clear_error(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("JAEGER_URL", address)
        with pytest.raises(BackendUnavailable, match="JAEGER_URL is no http:// or https:// address"):
            jaeger_backend().__enter__()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_only_an_answer_of_success_is_healthy(status: int, healthy: bool) -> None:
    with serving({"/status": (status, "")}) as url:
        assert http_ok(f"{url}/status") is healthy


def test_where_there_is_none_every_rung_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackendUnavailable) as caught:
        jaeger_backend().__enter__()
    assert str(caught.value) == (
        "no Jaeger backend (url: JAEGER_URL is not set; docker: no Docker engine answers; "
        "program: no jaeger on PATH, and none built with `python -m containers.images.jaeger_binary`)"
    )


def test_a_program_that_was_made_here_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    cache_folder().mkdir(parents=True)
    (cache_folder() / "jaeger").touch()
    assert jaeger_server.find_program() == str(cache_folder() / "jaeger")
    assert cache_folder().is_relative_to(tmp_path)


def test_a_jaeger_that_cannot_start_is_reported_and_its_folder_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "jaeger"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho bad setting >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(BackendUnavailable, match="jaeger ended with code 3: bad setting"):
        jaeger_backend("program").__enter__()
    assert not list(tmp_path.glob("jaeger-*"))


def test_an_unknown_rung_is_wrong_usage() -> None:
    with pytest.raises(ValueError, match="known are url, docker, program"):
        jaeger_backend("podman").__enter__()


def test_the_ports_of_a_process_stay_the_same_over_a_restart(tmp_path: Path) -> None:
    once = dict(write_settings(tmp_path, 40001))
    assert write_settings(tmp_path, 40001) == once
    assert len(set(once.values())) == 4
    assert write_settings(tmp_path, 40002) != once
    assert "0.0.0.0" not in (tmp_path / "jaeger.yaml").read_text()


def test_a_backend_that_was_not_started_here_has_no_faults_to_offer() -> None:
    jaeger = JaegerBackend("http://h:16686", "2.13.0", "url", otlp_http="http://h:4318", otlp_grpc="http://h:4317")
    for fault in (jaeger.pause, jaeger.resume, jaeger.kill, jaeger.restart):
        with pytest.raises(BackendUnavailable, match="url rung cannot be paused, killed or restarted here"):
            fault()
