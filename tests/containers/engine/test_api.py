"""Requests to the engine need the standard library alone; leftovers of dead processes are removed, others stay."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from containers.engine import api as engine_api
from containers.engine.api import OWNER_LABEL, EngineError
from tests.containers.engine.scripted_engine import Answers, scripted_engine

Engine = Callable[[Answers], list[str]]
PING = ("GET", "/_ping")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'engine.sock'}")
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(scripted_engine(tmp_path, answers))


def test_an_engine_answers_with_its_version(engine: Engine) -> None:
    engine({PING: (200, "OK"), ("GET", "/version"): (200, {"Version": "20.10.24"})})
    assert engine_api.answers()
    assert engine_api.version() == "20.10.24"


def test_no_engine_is_no_answer(engine: Engine) -> None:
    assert not engine_api.answers()
    with pytest.raises(EngineError, match=r"^no Docker engine answers$"):
        engine_api.version()


def test_something_else_behind_the_socket_is_no_engine(engine: Engine) -> None:
    engine({PING: (200, "<html>")})
    assert not engine_api.answers()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "no such image\nand more"}, "the Docker engine answers 404: no such image"),
        ("", "the Docker engine answers 404"),
        ("plain words", "the Docker engine answers 404: plain words"),
    ],
)
def test_a_refusal_is_one_line_with_its_status(engine: Engine, body: object, message: str) -> None:
    engine({("GET", "/x"): (404, body)})
    with pytest.raises(EngineError) as caught:
        engine_api.request("GET", "/x")
    assert (str(caught.value), caught.value.status) == (message, 404)


def test_an_engine_on_another_machine_is_refused() -> None:
    with pytest.raises(EngineError, match="another machine"):
        engine_api.socket_path({"DOCKER_HOST": "tcp://192.0.2.1:2375"})
    assert engine_api.socket_path({}) == "/var/run/docker.sock"


def test_an_owner_is_a_process_and_not_only_its_number() -> None:
    host, pid, started = engine_api.owner().split("/")
    assert (host, pid) == (socket.gethostname(), str(os.getpid()))
    assert int(started) > 0


def test_only_what_dead_owners_of_this_machine_left_is_removed(engine: Engine) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = socket.gethostname()
    owners = {
        "mine": engine_api.owner(),
        "dead": f"{here}/{ended.pid}/1",
        "number-used-again": f"{here}/{os.getpid()}/1",
        "another-machines": f"elsewhere/{ended.pid}/1",
    }
    requests = engine(
        {
            ("GET", "/containers/json"): (
                200,
                [{"Id": name, "Labels": {OWNER_LABEL: o}} for name, o in owners.items()],
            ),
            ("DELETE", "/containers/dead"): (204, ""),
        }
    )
    assert engine_api.remove_leftovers() == ["dead", "number-used-again"]
    assert requests[1:] == ["DELETE /containers/dead?force=1&v=1", "DELETE /containers/number-used-again?force=1&v=1"]


def test_a_container_that_cannot_be_removed_is_reported(engine: Engine) -> None:
    engine({("DELETE", "/containers/x"): (500, {"message": "device is busy"})})
    with pytest.raises(EngineError, match="device is busy"):
        engine_api.remove("x")
