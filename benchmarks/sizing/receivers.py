"""What takes spans by OTLP, each as a process of its own, with the settings that the project deploys."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from benchmarks.sizing.measuring import Peak, Sizes, disk_use, measure, usage
from benchmarks.verification.measured_runs import SEVEN
from containers.servers.jaeger_server import answers, find_program
from containers.servers.jaeger_settings import write_settings
from containers.servers.processes import LOOPBACK, ServerProcess, free_port
from integration.support.deployed_jaeger import DeployedJaeger

ROOT: Final = Path(__file__).parents[2]
COLLECTOR: Final = ROOT / "monitoring" / "collector" / "spanmetrics.yaml"


def jaeger_in_memory(bodies: Sequence[bytes]) -> Sizes:
    """Measure a Jaeger that keeps 100,000 traces in memory."""
    with _jaeger_in_memory() as (server, ports):
        return measure(server.pid, f"http://{LOOPBACK}:{ports['otlp_http']}", bodies)


def jaeger_on_disk(bodies: Sequence[bytes]) -> Sizes:
    """Measure the Jaeger of deployments/, with Badger; the disk after it has ended."""
    with tempfile.TemporaryDirectory(prefix="sizing-") as folder:
        deployed = DeployedJaeger(find_program(), Path(folder))
        with deployed.running() as server:
            found = measure(server.pid, deployed.url(4318), bodies)
        return replace(found, disk=disk_use(Path(folder)))


def collector(bodies: Sequence[bytes]) -> Sizes:
    """Measure the collector of monitoring/, which makes metrics of spans and passes them on to a Jaeger."""
    with _jaeger_in_memory() as (_, jaeger):
        http, metrics = free_port(), free_port()
        addresses = {
            "COLLECTOR_OTLP_HTTP": http,
            "COLLECTOR_OTLP_GRPC": free_port(),
            "COLLECTOR_METRICS": metrics,
            "JAEGER_OTLP_GRPC": jaeger["otlp_grpc"],
        }
        given = [*(f"{name}={LOOPBACK}:{port}" for name, port in addresses.items()), "OTEL_TRACES_EXPORTER=none"]
        command = ["env", *given, find_program(), "--config", str(COLLECTOR)]
        with _process("collector", lambda _: command, f"http://{LOOPBACK}:{metrics}/metrics") as server:
            return measure(server.pid, f"http://{LOOPBACK}:{http}", bodies)


def spanpact_receive(bodies: Sequence[bytes]) -> Sizes:
    """Measure `spanpact receive` with a contract of seven rules, with its verdict: it decodes what it judges.

    Raise HTTPError if the verdict is not that the contract is kept.
    """
    with tempfile.TemporaryDirectory(prefix="sizing-") as folder:
        (Path(folder) / "seven.contract.yaml").write_text(SEVEN)
        port = free_port()
        listening = ("--listen", f"{LOOPBACK}:{port}", "--allow-unseen")
        command = [sys.executable, "-P", "-m", "spanpact", "receive", folder, *listening]
        url = f"http://{LOOPBACK}:{port}"
        with _process("receive", lambda _: command, f"{url}/health") as server:
            began = usage(server.pid).cpu_s
            found = measure(server.pid, url, bodies)
            with Peak(server.pid) as judging:
                _opener().open(Request(f"{url}/stop", method="POST"), timeout=600).close()
                judging.wait_for_end()
    return replace(found, cpu_s=judging.cpu_s - began, peak=max(found.peak, judging.memory))


RECEIVERS: Final[Mapping[str, Callable[[Sequence[bytes]], Sizes]]] = {
    "Jaeger, in memory": jaeger_in_memory,
    "Jaeger, on a disk (Badger)": jaeger_on_disk,
    "collector with span metrics": collector,
    "`spanpact receive`, with the verdict": spanpact_receive,
}
"""By the name that the page shows; the first is what others are compared with."""


@contextmanager
def _jaeger_in_memory() -> Iterator[tuple[ServerProcess, Mapping[str, int]]]:
    def command(port: int, folder: Path) -> list[str]:
        write_settings(folder, port)
        return [find_program(), "--config", str(folder / "jaeger.yaml")]

    with ServerProcess("jaeger", command, answers=answers, start_timeout=30, stop_timeout=0.5) as server:
        yield server, write_settings(server.folder, server.port)


def _process(name: str, command: Callable[[Path], Sequence[str]], url: str) -> ServerProcess:
    return ServerProcess(
        name,
        lambda _, folder: command(folder),
        answers=lambda _: _answers(url),
        start_timeout=30,
        stop_timeout=0.5,  # nothing of it is needed
    )


def _answers(url: str) -> bool:
    try:
        with _opener().open(url, timeout=2):
            return True
    except OSError:
        return False


def _opener() -> OpenerDirector:
    return build_opener(ProxyHandler({}))
