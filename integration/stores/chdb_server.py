"""ClickHouse over HTTP: chdb, which is ClickHouse as a library, behind a server of the standard library.

    python chdb_server.py    prints its URL, and ends with its standard input

It runs in an environment with chdb and without spanpact. It knows what the source and the collector's exporter ask for:
queries in the URL or the body, parameters, and rows to insert in the format Native.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

_HELLO: Final = "SELECT displayName(), version(), revision(), timezone()"
_STATUSES: Final = {60: 404, 81: 404, 497: 403, 516: 403}  # unknown table or database, not enough rights, no such user
_CODE: Final = re.compile(r"Code: (\d+)")


class ChdbServer:
    """A ClickHouse on a free port of loopback, empty, for as long as its context."""

    def __init__(self) -> None:
        from chdb.session import Session

        self._session: Any = Session()
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer._answer(self, b"")

            def do_POST(self) -> None:
                outer._answer(self, _body(self))

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._session.close()
        self._folder.cleanup()

    def run(self, sql: str, format: str = "Native", parameters: dict[str, str] | None = None) -> bytes:
        """Run a statement, and return its result in this format."""
        with self._lock:
            result: bytes = self._session.query(sql, format, params=parameters or {}).bytes()
            return result

    def _answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        given = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
        try:
            status, answer = 200, self._result(given, body)
        except Exception as error:  # whatever chdb raises is an answer of ClickHouse
            code = _CODE.search(str(error))
            status = _STATUSES.get(int(code[1]), 500) if code else 500
            answer = f"{error}\n".encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(answer)))
        request.send_header("Content-Type", "application/octet-stream")
        request.end_headers()
        request.wfile.write(answer)

    def _result(self, given: dict[str, str], body: bytes) -> bytes:
        if "query" not in given:
            given["query"], body = body.decode(), b""
        query = given["query"].strip().rstrip(";")
        if query == _HELLO:
            return _hello()
        if body:
            return self._insert(query, body)
        parameters = {name[6:]: value for name, value in given.items() if name.startswith("param_")}
        return self.run(query, given.get("default_format", "TabSeparated"), parameters)

    def _insert(self, query: str, rows: bytes) -> bytes:
        """Insert rows that came in the format Native: chdb takes them from a file."""
        path = Path(self._folder.name) / "rows"
        path.write_bytes(rows)
        into = re.sub(r"\s+(VALUES|FORMAT Native)\s*(\(.*)?$", "", query, flags=re.S | re.I)
        return self.run(f"{into} SELECT * FROM file('{path}', Native)")


def _body(request: BaseHTTPRequestHandler) -> bytes:
    if "chunked" not in request.headers.get("transfer-encoding", ""):
        return request.rfile.read(int(request.headers.get("content-length", 0)))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def _hello() -> bytes:
    """Return who this is, with the protocol's revision 0, so that blocks need no header afterwards."""
    columns = [("displayName()", "String", _text("chdb")), ("version()", "String", _text("26.9.2.1")),
               ("revision()", "UInt32", bytes(4)), ("timezone()", "String", _text("UTC"))]  # fmt: skip
    block = b"\x01\x00\x02\xff\xff\xff\xff\x00" + bytes([len(columns), 1])
    return block + b"".join(_text(name) + _text(kind) + b"\x00" + value for name, kind, value in columns)


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


if __name__ == "__main__":
    with ChdbServer() as running:
        print(running.url, flush=True)
        sys.stdin.read()
