"""A server process that cannot start, dies early or never answers is one clear error, and leaves nothing behind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from containers.ladder import BackendUnavailable
from containers.servers import processes
from containers.servers.processes import PortTaken, ServerProcess, free_port

SLEEPER = "import time; time.sleep(60)"
STUBBORN = "\n".join(
    [
        "import signal, time",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "print('deaf', flush=True)",
        "time.sleep(60)",
    ]
)


def python(code: str, *, answer: bool = True, **options: float) -> ServerProcess:
    def command(port: int, folder: Path) -> Sequence[str]:
        return [sys.executable, "-c", code, str(port)]

    return ServerProcess("server", command, answers=lambda port: answer, **options)


def test_a_missing_program_is_reported() -> None:
    server = ServerProcess("ghost", lambda port, folder: [str(folder / "ghost")], answers=lambda port: False)
    with pytest.raises(BackendUnavailable, match="ghost cannot be started: No such file or directory"):
        server.start()
    server.stop()
    assert not server.folder.exists()


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("import sys; print('one'); sys.exit('bad option')", BackendUnavailable, "server ended with code 1: "),
        ("raise SystemExit(3)", BackendUnavailable, "server ended with code 3: no output"),
        ("import sys; sys.exit('bind: Address already in use')", PortTaken, "Address already in use"),
    ],
    ids=["last words", "no output", "port always taken"],
)
def test_a_server_that_ends_early_is_an_error(code: str, error: type[Exception], message: str) -> None:
    server = python(code, answer=False)
    with pytest.raises(error, match=message):
        server.start()
    server.stop()


def test_a_server_that_never_answers_is_ended_at_the_deadline() -> None:
    server = python(SLEEPER, answer=False, start_timeout=0.1)
    with pytest.raises(BackendUnavailable, match=r"server did not answer within 0\.1 s"):
        server.start()
    assert not server.running
    server.stop()


def test_a_server_deaf_to_sigterm_is_killed_after_its_time() -> None:
    server: ServerProcess | None = None

    def deaf(port: int) -> bool:
        assert server is not None
        return b"deaf" in (server.folder / "server.log").read_bytes()

    server = ServerProcess(
        "server", lambda port, folder: [sys.executable, "-c", STUBBORN], answers=deaf, stop_timeout=0.1
    )
    server.start()
    server.stop()
    assert not server.running


def test_a_taken_port_is_tried_again_with_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = iter([1, 2])
    monkeypatch.setattr(processes, "free_port", lambda: next(ports))
    refuse_first = "import sys, time\nif sys.argv[1] == '1': sys.exit('bind: Address already in use')\ntime.sleep(60)"

    def command(port: int, folder: Path) -> Sequence[str]:
        return [sys.executable, "-c", refuse_first, str(port)]

    server = ServerProcess("server", command, answers=lambda port: port == 2)
    server.start()
    assert server.port == 2
    server.stop()


def test_stopping_twice_is_harmless() -> None:
    server = python(SLEEPER)
    server.start()
    server.stop()
    server.stop()
    assert not server.running


def test_a_free_port_is_one_that_can_be_bound() -> None:
    assert 0 < free_port() < 65536
