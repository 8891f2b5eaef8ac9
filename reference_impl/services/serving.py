"""Serve studio-api under uvicorn: `python -m reference_impl`.

SIGTERM and SIGINT end it gracefully: running requests finish, then spans are flushed within the exit deadline, and the
exit code is 0. A bad setting gives one line on stderr and exit code 2; a port that is in use gives exit code 1.
"""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from types import FrameType
from typing import Final

import uvicorn
from starlette.applications import Starlette

from reference_impl.logs.structured import configure_logging
from reference_impl.metrics.service_metrics import ServiceMetrics
from reference_impl.services.studio_api import create_app
from reference_impl.settings import Settings, SettingsError
from reference_impl.telemetry import Telemetry, configure_tracing
from reference_impl.telemetry.log_export import LogExport, log_export

logger = logging.getLogger("reference_impl.main")

COLLECTIONS: Final = (10_000, 20, 50)
"""The thresholds of Python's garbage collector while serving: young, middle and full collections."""


class _Server(uvicorn.Server):
    """Prints its address to stdout, so that port 0 can be used."""

    def __init__(self, config: uvicorn.Config, name: str) -> None:
        super().__init__(config)
        self._name = name

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        freeze_heap()
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"{self._name} listening on http://{self.config.host}:{port}", flush=True)

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal before serving begins; while serving, uvicorn's own handler replaces this one.

        uvicorn raises the signal again afterwards. This handler then keeps it from cutting off the flush.
        """
        self.should_exit = True


def freeze_heap() -> None:
    """Keep the objects that live now out of later garbage collections, and have fewer of those.

    The service's modules are some 110,000 objects. A full collection looks at each and stops the process for 60 ms and
    more; spans that wait for their export live long enough to bring it about.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)


def main() -> int:
    """Serve studio-api until a signal; return the exit code."""
    try:
        settings = Settings.load()
        export = log_export(settings)
        logs = configure_logging(settings, logger_provider=export.provider if export else None)
        metrics = ServiceMetrics(settings)
        metrics.watch_logs(logs.reading)
        telemetry = configure_tracing(settings, register_global=True, measures=metrics)
    except SettingsError as problem:
        print(f"studio-api: {problem}", file=sys.stderr)
        return 2
    return serve(settings, telemetry, app=create_app(settings, telemetry, metrics=metrics), logs=export)


def serve(
    settings: Settings,
    telemetry: Telemetry,
    *,
    app: Starlette | None = None,
    name: str = "studio-api",
    logs: LogExport | None = None,
) -> int:
    """Serve an application (default: studio-api) until a signal, then shut telemetry down. Return the exit code."""
    config = uvicorn.Config(
        app or create_app(settings, telemetry),
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, int(settings.exit_deadline_s)),
    )
    server = _Server(config, name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    try:
        server.run()
        return 0
    except SystemExit as stopped:
        return 1 if stopped.code else 0
    finally:
        if not telemetry.shutdown():
            logger.warning("spans were lost: %s", dict(telemetry.ledger().lost))
        if logs is not None and not logs.shutdown(settings.exit_deadline_s):
            logger.warning("log records may be lost: the export did not end in time")
