"""Take a number of POST requests and write their bodies to a file, a line each. usage: keep_bodies.py PORT FILE"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

EXPECTED = 5


class Keeper(BaseHTTPRequestHandler):
    """Keeps the bodies of requests."""

    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        """Keep the body and accept the request."""
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


with HTTPServer(("127.0.0.1", int(sys.argv[1])), Keeper) as server:
    while len(Keeper.bodies) < EXPECTED:
        server.handle_request()
Path(sys.argv[2]).write_bytes(b"\n".join(Keeper.bodies) + b"\n")
