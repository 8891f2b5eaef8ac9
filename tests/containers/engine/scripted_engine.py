"""A Docker engine with scripted answers: HTTP on a real socket, for answers that the real one cannot give."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Answers = Mapping[tuple[str, str], tuple[int, Any]]


@contextmanager
def scripted_engine(folder: Path, answers: Answers) -> Iterator[list[str]]:
    """Serve `answers`, by method and path, at `folder/engine.sock`, else 404. Yield the requests in order."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            requests.append(f"{self.command} {self.path}")
            status, body = answers.get((self.command, urlsplit(self.path).path), (404, {"message": "no such thing"}))
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_DELETE = do_POST = _answer

        def address_string(self) -> str:
            return "a socket"

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.ThreadingUnixStreamServer(str(folder / "engine.sock"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield requests
        finally:
            server.shutdown()
            thread.join()
