"""A name with several addresses has one deadline; an address that does not answer holds up no other."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

from spanpact.errors import SourceUnavailable
from spanpact.sources.http_client import HttpClient, HttpLimits
from spanpact.sources.http_connection import NEXT_ADDRESS_SECONDS, connect
from tests.sources.scripted_http import ScriptedServer, answer

HOST = "jaeger.example"


@pytest.fixture
def deaf() -> Iterator[Sequence[tuple[str, int]]]:
    """Return three addresses at which nobody answers a SYN: listeners whose queues are full."""
    with ExitStack() as stack:
        addresses: list[tuple[str, int]] = []
        for host in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
            listener = stack.enter_context(socket.socket())
            listener.bind((host, 0))
            listener.listen(0)
            addresses.append(listener.getsockname())
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(addresses[-1])
        time.sleep(0.2)
        yield addresses


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Let the name of the tests have these addresses; a test cannot give a name to real ones."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", each) for each in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def asked(seconds: float) -> float:
    """Return how long a request to the name took that found nobody."""
    client = HttpClient(f"http://{HOST}", name="Server", limits=HttpLimits(seconds=seconds))
    begun = time.monotonic()
    with pytest.raises(SourceUnavailable):
        client.get("/")
    return time.monotonic() - begun


def test_three_deaf_addresses_have_one_deadline(
    deaf: Sequence[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving_to(monkeypatch, *deaf)
    assert 0.9 < asked(1.0) < 1.4


def test_a_deaf_address_holds_up_no_other(deaf: Sequence[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(lambda head: answer(200, b"{}")) as server:
        resolving_to(monkeypatch, *deaf, ("127.0.0.1", server.port))
        begun = time.monotonic()
        assert HttpClient(f"http://{HOST}", name="Server").get("/").body == b"{}"
    assert time.monotonic() - begun < (len(deaf) + 2) * NEXT_ADDRESS_SECONDS


def test_an_address_that_refuses_is_followed_by_the_next_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        refusing = held.getsockname()
    with ScriptedServer(lambda head: answer(200, b"{}")) as server:
        resolving_to(monkeypatch, refusing, ("127.0.0.1", server.port))
        begun = time.monotonic()
        assert HttpClient(f"http://{HOST}", name="Server").get("/").status == 200
    assert time.monotonic() - begun < NEXT_ADDRESS_SECONDS


def test_an_address_of_a_family_that_this_machine_lacks_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(lambda head: answer(200, b"{}")) as server:
        where = ("127.0.0.1", server.port)
        found = [(family, socket.SOCK_STREAM, 0, "", where) for family in (12345, socket.AF_INET)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert HttpClient(f"http://{HOST}", name="Server").get("/").status == 200


def test_a_network_that_cannot_be_reached_is_reported_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ("255.255.255.255", 9))  # refused at once: it is no address of one machine
    with pytest.raises(SourceUnavailable, match=r"cannot be reached: \w"):
        HttpClient(f"http://{HOST}", name="Server").get("/")


@pytest.mark.parametrize("found", [[], UnicodeError("label too long")])
def test_a_name_that_has_no_address_is_reported_as_such(
    monkeypatch: pytest.MonkeyPatch, found: list[object] | UnicodeError
) -> None:
    def resolve(*_: object, **__: object) -> list[object]:
        if isinstance(found, UnicodeError):
            raise found
        return found

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(SourceUnavailable, match=r"cannot be reached: (the host has no address|not the name of a host)"):
        HttpClient(f"http://{HOST}", name="Server").get("/")


def test_a_look_up_that_never_ends_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> list[object]:
        time.sleep(1)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    assert 0.2 < asked(0.3) < 0.8


def test_several_requests_of_one_question_have_one_deadline() -> None:
    ended = threading.Event()

    def answers(head: str) -> bytes:
        if "/late" in head:
            ended.wait(30)  # before the client's own deadline
        return answer(200, b"{}")

    with ScriptedServer(answers) as server:
        client = HttpClient(server.url, name="Server", limits=HttpLimits(seconds=50))
        deadline = client.deadline() - 49  # most of it has passed
        client.get("/", deadline=time.monotonic() + 50)
        with pytest.raises(SourceUnavailable, match="no response"):
            client.get("/late", deadline=deadline)
        ended.set()


@pytest.mark.parametrize("host", ["a" * 64, "nowhere.invalid"])
def test_a_name_without_an_address_is_an_error_of_the_system(host: str) -> None:
    with pytest.raises(OSError, match=r"\w"):
        connect(host, 80, lambda: 5.0)


def test_a_connection_that_was_opened_blocks_as_others_do() -> None:
    with (
        ScriptedServer(lambda head: answer(200)) as server,
        connect("127.0.0.1", server.port, lambda: 5.0) as connection,
    ):
        assert connection.getblocking()
