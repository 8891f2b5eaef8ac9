"""Lines that a pipeline wrote, and secrets to plant in them."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

from reference_impl.logs.structured import LogPipeline

SERVICE = SimpleNamespace(service_name="studio-api")
LOGGER = "reference_impl.tests"
SECRETS = {
    "email": "bob.o-neil+x@mail.example.com",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "bearer": "Bearer abcdef0123456789",
    "card": "4111 1111 1111 1111",
    "ip": "203.0.113.9",
    "url_credentials": "postgresql://bob:hunter2@db/studio",
    "private_key": "-----BEGIN RSA PRIVATE KEY-----MIIEpAIBAAKCAQEA",
}
MARKS = ("o-neil", "eyJ", "abcdef0123456789", "4111 ", "203.0.113.", "hunter2", "MIIE")


class Logs:
    """The lines that a pipeline wrote."""

    def __init__(self, pipeline: LogPipeline, stream: io.StringIO) -> None:
        self.pipeline = pipeline
        self.stream = stream

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def one(self) -> dict[str, Any]:
        (line,) = self.lines
        return line


def fail(message: str) -> None:
    raise LookupError(message)
