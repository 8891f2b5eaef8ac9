"""Run Prometheus, the collector and Jaeger by the files of monitoring/, each as a process on loopback."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import ProxyHandler, build_opener

from containers.images.jaeger_binary import build_program
from containers.servers.processes import ServerProcess, free_port
from integration.monitoring.shortened import shortened

MONITORING: Final = Path(__file__).parents[2] / "monitoring"
RULES: Final = ("rules.yaml", "alerts.yaml")
SCRAPE_SECONDS: Final = 0.5
_START_TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus that runs: its base URL, and questions to its API."""

    url: str

    def ask(self, path: str, **parameters: object) -> Any:
        """Return the data of an answer of `/api/v1/PATH`. Raise HTTPError, with its text as a note, for a bad query."""
        return fetch(f"{self.url}/api/v1/{path}", **parameters)["data"]

    def values(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and value of each series of a query now; NaN is among them."""
        found = self.ask("query", query=query)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def series(self, query: str, start: float, end: float) -> list[dict[str, str]]:
        """Return the labels of the series that a query has between two times (s since the Unix epoch)."""
        found = self.ask("query_range", query=query, start=start, end=end, step=1)["result"]
        return [each["metric"] for each in found]

    def firing(self) -> dict[str, set[str]]:
        """Return the names of the alerts that fire now, by job."""
        found: dict[str, set[str]] = {}
        for labels, _ in self.values('ALERTS{alertstate="firing"}'):
            found.setdefault(labels["job"], set()).add(labels["alertname"])
        return found


def fetch(url: str, **parameters: object) -> Any:
    """Return the JSON document at a URL."""
    address = f"{url}?{urllib.parse.urlencode(parameters)}" if parameters else url
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=30) as answer:
            return json.load(answer)
    except urllib.request.HTTPError as error:
        error.add_note(error.read().decode(errors="replace"))
        raise


@contextmanager
def running_prometheus(targets: Mapping[str, str], port: int) -> Iterator[Prometheus]:
    """Run a Prometheus on `port` that scrapes `targets`, host:port by job, with the rules in shortened times."""

    def command(_: int, folder: Path) -> Sequence[str]:
        for name in RULES:
            (folder / name).write_text(shortened((MONITORING / "prometheus" / name).read_text()))
        every = f"{int(SCRAPE_SECONDS * 1000)}ms"
        settings = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": list(RULES),
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()
            ],
        }
        (folder / "prometheus.yaml").write_text(json.dumps(settings))  # JSON is YAML
        return [
            "prometheus",
            "--config.file=prometheus.yaml",
            f"--web.listen-address=127.0.0.1:{port}",
            "--storage.tsdb.path=data",
            "--enable-feature=exemplar-storage",
        ]

    with ServerProcess("prometheus", command, answers=lambda _: _ready(port), start_timeout=_START_TIMEOUT):
        yield Prometheus(f"http://127.0.0.1:{port}")


def _ready(port: int) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/-/ready", timeout=2):
            return True
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Tracing:
    """A collector and a Jaeger that run: base URLs of OTLP/HTTP and of Jaeger's page, and host:port of the metrics."""

    otlp_http: str
    jaeger: str
    metrics: str


@contextmanager
def running_tracing(prometheus_port: int) -> Iterator[Tracing]:
    """Run the collector, and the Jaeger that it sends spans to, by their files in monitoring/.

    Jaeger's program has the collector's span-metrics connector, so it runs both.
    """
    program = str(build_program())
    http, metrics, page = free_port(), free_port(), free_port()
    ports = {
        "COLLECTOR_OTLP_HTTP": http,
        "COLLECTOR_OTLP_GRPC": free_port(),
        "COLLECTOR_METRICS": metrics,
        "JAEGER_OTLP_GRPC": free_port(),
        "JAEGER_PAGE": page,
        "JAEGER_API_GRPC": free_port(),
    }
    settings = [f"{name}=127.0.0.1:{port}" for name, port in ports.items()]
    settings += [
        "COLLECTOR_FLUSH_INTERVAL=500ms",
        f"PROMETHEUS_URL=http://127.0.0.1:{prometheus_port}",
        f"JAEGER_UI_CONFIG={MONITORING / 'jaeger' / 'ui.json'}",
        "OTEL_TRACES_EXPORTER=none",  # Jaeger's own spans, which would go to another collector's port
    ]

    def process(name: str, file: Path, answering: str) -> ServerProcess:
        return ServerProcess(
            name,
            lambda _port, _folder: ["env", *settings, program, "--config", str(file)],
            answers=lambda _port: _answers(answering),
            start_timeout=_START_TIMEOUT,
            stop_timeout=0.5,  # there is nothing to save
        )

    url = f"http://127.0.0.1:{page}"
    with (
        process("jaeger", MONITORING / "jaeger" / "monitor.yaml", f"{url}/api/services"),
        process("collector", MONITORING / "collector" / "spanmetrics.yaml", f"http://127.0.0.1:{metrics}/metrics"),
    ):
        yield Tracing(f"http://127.0.0.1:{http}", url, f"127.0.0.1:{metrics}")


def _answers(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=2):
            return True
    except OSError:
        return False
