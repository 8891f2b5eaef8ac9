"""Run the Jaeger of deployments/ as a process on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from containers.servers.jaeger_server import answers
from containers.servers.processes import LOOPBACK, ServerProcess, free_port

JAEGER: Final = Path(__file__).parents[2] / "deployments" / "jaeger"
MEMORY_LIMIT: Final = "600MiB"
"""What the deployments let Jaeger's garbage collector aim at."""
_STOP_TIMEOUT = 20.0  # seconds: Badger writes what it has in memory


@dataclass(frozen=True, slots=True)
class DeployedJaeger:
    """The files of a Jaeger that tests start, end and start again: `folder` has its traces and sampling.json.

    `ports` has the port that is used for each port of its settings.
    """

    program: str
    folder: Path
    ports: Mapping[int, int] = field(default_factory=lambda: {port: free_port() for port in (4317, 4318, 5778, 13133)})

    @property
    def sampling(self) -> Path:
        """Return the file of the sampling rates."""
        return self.folder / "sampling.json"

    def url(self, port: int) -> str:
        """Return the base URL of what Jaeger's settings have on a port."""
        return f"http://{LOOPBACK}:{self.ports[port]}"

    @contextmanager
    def running(self) -> Iterator[ServerProcess]:
        """Run it for as long as the context lasts; SIGTERM ends it, as a Docker engine does."""
        if not self.sampling.exists():
            self.sampling.write_bytes((JAEGER / "sampling.json").read_bytes())
        variables = {
            "JAEGER_LISTEN_HOST": LOOPBACK,
            "JAEGER_DATA": str(self.folder),
            "GOMEMLIMIT": MEMORY_LIMIT,
            "JAEGER_SAMPLING": str(self.sampling),
            "JAEGER_SAMPLING_RELOAD": "100ms",
            "OTEL_TRACES_EXPORTER": "none",  # its own spans
        }

        def command(port: int, folder: Path) -> list[str]:
            own = {**self.ports, 16686: port, 16685: free_port()}
            text = (JAEGER / "jaeger.yaml").read_text(encoding="utf-8")
            (folder / "jaeger.yaml").write_text(re.sub(r"(?<=\}:)\d+", lambda found: str(own[int(found[0])]), text))
            given = [f"{name}={value}" for name, value in variables.items()]
            return ["env", *given, self.program, "--config", f"file:{folder / 'jaeger.yaml'}"]

        with ServerProcess("jaeger", command, answers=answers, start_timeout=30, stop_timeout=_STOP_TIMEOUT) as server:
            yield server
