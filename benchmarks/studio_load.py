"""studio-api under load: one service process for each way of tracing, and the load from a process of its own (S6.1).

The request is the cheapest that does all that a user is here for: GET /session with a token whose session is cached.
Untraced is the same service with OTEL_SDK_DISABLED; it counts its metrics and writes its logs as all others do.
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

import httpx

from benchmarks.load import read
from benchmarks.open_loop import Load, Plan
from containers.servers.jaeger_server import JaegerBackend
from containers.servers.redis_server import RedisBackend
from demo.services import ServiceProcess

UNTRACED: Final = "untraced"
CONTROL: Final = "untraced again"
TENTH: Final = "10 %"
WHOLE: Final = "100 %"
OF_THE_SDK: Final = "100 %, the SDK's export"
"""OpenTelemetry's encoder, batches of 512, every five seconds at least: what the SDK does by default."""
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
"""The ways of tracing that are compared, by the settings of their service."""

KEPT_UP: Final = 0.98
"""A service carries a rate where it answers this part of it within the time."""
LADDER: Final = (250, 500, 750, 1000, 1250, 1500, 1750, 2000)
ROOT: Final = Path(__file__).parents[1]
_TICK: Final = os.sysconf("SC_CLK_TCK")
_LOAD_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load, and the cores that processes took while it lasted: the service's own, and those that go by a name."""

    load: Load
    cores: Mapping[str, float]

    @property
    def kept_up(self) -> bool:
        """Whether the service carried the rate."""
        return self.load.achieved >= KEPT_UP * self.load.plan.rate


class Service(ServiceProcess):
    """studio-api, or the one that exports as OpenTelemetry does."""

    def __init__(self, arm: str, environ: Mapping[str, str]) -> None:
        super().__init__({**environ, **ARMS[arm]})
        if arm == OF_THE_SDK:
            self._command = [sys.executable, "-m", "benchmarks.sdk_export"]
        self._token = ""

    def session(self) -> str:
        """The token of a session that is cached."""
        if not self._token:
            said = {"email": "ada@example.com", "device": "web"}
            self._token = httpx.post(f"{self.url}/sessions", json=said, timeout=10).raise_for_status().json()["token"]
        return self._token

    def under(self, plan: Plan) -> Loaded:
        """Send a load and wait for its end. Raises CalledProcessError."""
        headers = {"authorization": f"Bearer {self.session()}"}
        asked = {"url": f"{self.url}/session", "headers": headers, **asdict(plan)}
        before = self._cpu_s()
        command = [sys.executable, "-m", "benchmarks.load"]
        done = subprocess.run(
            command, cwd=ROOT, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True, timeout=_LOAD_S
        )
        load = read(done.stdout)
        took = max(load.took_s, plan.seconds)
        cores = {name: (seconds - before[name]) / took for name, seconds in self._cpu_s().items()}
        return Loaded(load, {**cores, "the load": load.cpu_s / took})

    def _cpu_s(self) -> Mapping[str, float]:
        named = {"redis-server": "Redis", "jaeger": "Jaeger"}
        return {"studio-api": cpu_seconds([self.pid]), **{shown: cpu_seconds(pids(n)) for n, shown in named.items()}}


def pids(name: str) -> Sequence[int]:
    """The processes of this machine that go by a name; none where there is no /proc."""
    return [int(file.parent.name) for file in Path("/proc").glob("[0-9]*/comm") if _text(file).strip() == name]


def cpu_seconds(processes: Sequence[int]) -> float:
    """The CPU time that processes have taken until now; 0 for one that has ended, and where there is no /proc."""
    return sum(_cpu_seconds(_text(Path(f"/proc/{pid}/stat"))) for pid in processes)


def _cpu_seconds(stat: str) -> float:
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
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
    """One service for each way of tracing, all at once: who is not under load does nothing."""
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
    """The highest rate of the ladder that the service carries, climbing from below; None where not even the lowest."""
    found = None
    service.under(Plan(ladder[0], 1.0))
    for rate in ladder:
        if not service.under(Plan(rate, seconds)).kept_up:
            break
        found = rate
    return found


def in_rounds(running: Mapping[str, Service], plan: Plan, rounds: int) -> Mapping[str, Sequence[Loaded]]:
    """Every service under the same load, in turns: each round begins one further on, as the machine's speed drifts."""
    names = list(running)
    found: dict[str, list[Loaded]] = {name: [] for name in names}
    for name in names:
        running[name].under(Plan(min(plan.rate, LADDER[1]), 1.0))  # Python specializes what runs often
    for turn in range(rounds):
        for name in [*names[turn % len(names) :], *names[: turn % len(names)]]:
            found[name].append(running[name].under(plan))
    return found
