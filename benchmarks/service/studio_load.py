"""Put studio-api under load: one service process for each way of tracing, and a process that sends (S6.1).

The request is GET /session with a token whose session is cached, the cheapest request that does real work. Untraced is
the same service with OTEL_SDK_DISABLED; it counts its metrics and writes its logs as the others do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx2

from benchmarks.service.load import parse_result
from benchmarks.service.open_loop import LoadResult, Plan
from containers.servers.jaeger_server import JaegerBackend
from containers.servers.redis_server import RedisBackend
from demo.services import ServiceProcess

UNTRACED: Final = "untraced"
CONTROL: Final = "untraced again"
TENTH: Final = "10 %"
WHOLE: Final = "100 %"
OF_THE_SDK: Final = "100 %, the SDK's export"
"""OpenTelemetry's encoder and defaults: batches of 512, at least every five seconds."""
ARMS: Final[Mapping[str, Mapping[str, str]]] = {
    UNTRACED: {"OTEL_SDK_DISABLED": "true"},
    TENTH: {"OTEL_SAMPLING_RATE": "0.1"},
    WHOLE: {"OTEL_SAMPLING_RATE": "1"},
    OF_THE_SDK: {
        "OTEL_SAMPLING_RATE": "1",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "512",
        "OTEL_BSP_SCHEDULE_DELAY": "5000",
    },
    CONTROL: {"OTEL_SDK_DISABLED": "true"},
}
"""The ways of tracing that are compared, with the settings of their service."""

KEPT_UP: Final = 0.98
"""A service carries a rate if it answers this share of the requests in time."""
LADDER: Final = (250, 500, 750, 1000, 1250, 1500, 1750, 2000)
ROOT: Final = Path(__file__).parents[2]
_TICK: Final = os.sysconf("SC_CLK_TCK")
_LOAD_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class MeasuredLoad:
    """The result of a load, and the cores that each process used while it lasted, by a name for the process."""

    load: LoadResult
    cores: Mapping[str, float]

    @property
    def kept_up(self) -> bool:
        """Return whether the service carried the rate."""
        return self.load.achieved >= KEPT_UP * self.load.plan.rate


class Service(ServiceProcess):
    """A context manager that runs studio-api with one way of tracing."""

    def __init__(self, arm: str, environ: Mapping[str, str]) -> None:
        super().__init__({**environ, **ARMS[arm]})
        if arm == OF_THE_SDK:
            self._command = [sys.executable, "-m", "benchmarks.service.sdk_export"]
        self._token = ""

    def session(self) -> str:
        """Return the token of a session that is cached."""
        if not self._token:
            body = {"email": "ada@example.com", "device": "web"}
            self._token = httpx2.post(f"{self.url}/sessions", json=body, timeout=10).raise_for_status().json()["token"]
        return self._token

    def run_load(self, plan: Plan) -> MeasuredLoad:
        """Send a load and wait for its end. Raise CalledProcessError if it cannot be sent."""
        headers = {"authorization": f"Bearer {self.session()}"}
        order = {"url": f"{self.url}/session", "headers": headers, **asdict(plan)}
        before = self._cpu_s()
        command = [sys.executable, "-m", "benchmarks.service.load"]
        done = subprocess.run(
            command, cwd=ROOT, input=json.dumps(order), stdout=subprocess.PIPE, text=True, check=True, timeout=_LOAD_S
        )
        load = parse_result(done.stdout)
        took = max(load.took_s, plan.seconds)
        cores = {name: (seconds - before[name]) / took for name, seconds in self._cpu_s().items()}
        return MeasuredLoad(load, {**cores, "the load": load.cpu_s / took})

    def _cpu_s(self) -> Mapping[str, float]:
        named = {"redis-server": "Redis", "jaeger": "Jaeger"}
        return {"studio-api": cpu_seconds([self.pid]), **{shown: cpu_seconds(pids(n)) for n, shown in named.items()}}


def pids(name: str) -> Sequence[int]:
    """Return the ids of the processes with this name; none where there is no /proc."""
    return [int(file.parent.name) for file in Path("/proc").glob("[0-9]*/comm") if _text(file).strip() == name]


def cpu_seconds(processes: Sequence[int]) -> float:
    """Return the CPU seconds that processes have used; 0 for one that has ended, and where there is no /proc."""
    return sum(_cpu_seconds(_text(Path(f"/proc/{pid}/stat"))) for pid in processes)


def _cpu_seconds(stat: str) -> float:
    fields = stat.rpartition(")")[2].split()  # the name before may contain anything
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


@contextmanager
def services(
    redis: RedisBackend, jaeger: JaegerBackend, arms: Sequence[str] = tuple(ARMS)
) -> Iterator[dict[str, Service]]:
    """Run one service for each way of tracing, all at the same time; those that are not under load are idle."""
    with ExitStack() as stack:
        running: dict[str, Service] = {}
        for arm in arms:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-load-"))
            given = {
                "REDIS_URL": redis.url,
                "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/studio.db",
                "JAEGER_ENDPOINT": jaeger.otlp_http,
                "STUDIO_SESSION_SECRET": "a secret of the load run",
                "DEMO_LOGS": folder,
            }
            running[arm] = Service(arm, given)
            stack.enter_context(running[arm])
        yield running


def highest_carried(service: Service, ladder: Sequence[int] = LADDER, seconds: float = 2.0) -> int | None:
    """Return the highest rate of the ladder that the service carries, tried from the lowest, or None."""
    found = None
    service.run_load(Plan(ladder[0], 1.0))
    for rate in ladder:
        if not service.run_load(Plan(rate, seconds)).kept_up:
            break
        found = rate
    return found


def in_rounds(running: Mapping[str, Service], plan: Plan, rounds: int) -> Mapping[str, Sequence[MeasuredLoad]]:
    """Put every service under the same load, in turns.

    Each round starts with the next service, so that a drift of the machine's speed affects all alike.
    """
    names = list(running)
    found: dict[str, list[MeasuredLoad]] = {name: [] for name in names}
    for name in names:
        running[name].run_load(Plan(min(plan.rate, LADDER[1]), 1.0))  # Python specializes what runs often
    for turn in range(rounds):
        for name in [*names[turn % len(names) :], *names[: turn % len(names)]]:
            found[name].append(running[name].run_load(plan))
    return found
