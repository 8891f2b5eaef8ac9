"""Put studio-api under load: service processes for each way of tracing, and processes that send (S6.1).

The request is GET /session with a token whose session is cached, the cheapest request that does real work. Untraced is
the same service with OTEL_SDK_DISABLED; it counts its metrics and writes its logs as the others do.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx2

from benchmarks.earlier_build import EARLIER, ROOT, environment_of
from benchmarks.service import watched_service
from benchmarks.service.load import parse_result
from benchmarks.service.open_loop import LoadResult, Plan, merged
from benchmarks.service.replay import Caller, measure_demands, process_cpu_s
from benchmarks.service.span_sink import SpanSink, span_sink
from benchmarks.service.watched_service import SIZE, CollectionCounts, Collections
from containers.servers.redis_server import RedisBackend
from demo.services import ServiceProcess

UNTRACED: Final = "untraced"
CONTROL: Final = "untraced again"
TENTH: Final = "10 %"
WHOLE: Final = "100 %"
OF_THE_SDK: Final = "100 %, the SDK's export"
"""OpenTelemetry's encoder and defaults: batches of 512, at least every five seconds."""
EARLIER_UNTRACED: Final = f"untraced, build {EARLIER}"
EARLIER_WHOLE: Final = f"100 %, build {EARLIER}"
SPOOLED: Final = "100 %, in a spool"
WHOLE_AGAIN: Final = "100 % again"
"""These two are compared with WHOLE only (`benchmarks.service.test_spool_cost`)."""
_DISABLED: Final = {"OTEL_SDK_DISABLED": "true"}
_ALL_SAMPLED: Final = {"OTEL_SAMPLING_RATE": "1"}
ARMS: Final[Mapping[str, Mapping[str, str]]] = {
    UNTRACED: _DISABLED,
    TENTH: {"OTEL_SAMPLING_RATE": "0.1"},
    WHOLE: _ALL_SAMPLED,
    OF_THE_SDK: {**_ALL_SAMPLED, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "512", "OTEL_BSP_SCHEDULE_DELAY": "5000"},
    CONTROL: _DISABLED,
    EARLIER_UNTRACED: _DISABLED,
    EARLIER_WHOLE: _ALL_SAMPLED,
}
"""The services that are compared, with the settings of each."""
EARLIER_ARMS: Final = (EARLIER_UNTRACED, EARLIER_WHOLE)
DRAWN: Final = (UNTRACED, TENTH, WHOLE, OF_THE_SDK, EARLIER_WHOLE)
"""Those whose percentiles are drawn."""

_LOAD_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class MeasuredLoad:
    """The result of a load; `cpu_s` is the CPU time that the service took meanwhile, over `workers` processes."""

    load: LoadResult
    cpu_s: float
    workers: int
    collections: Collections

    @property
    def answers(self) -> int:
        """Return the number of right answers."""
        return self.load.plan.requests - self.load.failed - self.load.unanswered

    @property
    def cpu_of_a_request_us(self) -> float:
        """Return microseconds of CPU; of the whole load where there was no answer."""
        return self.cpu_s / max(1, self.answers) * 1e6

    @property
    def cores_of_a_worker(self) -> float:
        """Return the part of a core that a worker used while the load lasted."""
        return self.cpu_s / max(self.load.took_s, self.load.plan.seconds) / self.workers


class Service(ServiceProcess):
    """A context manager that runs studio-api with one way of tracing; `folder` is for its files."""

    def __init__(self, arm: str, environ: Mapping[str, str], folder: Path, build: Path = ROOT) -> None:
        module = "benchmarks.service.sdk_export" if arm == OF_THE_SDK else "reference_impl"
        self.folder = folder
        counts = folder / "collections"
        counts.write_bytes(bytes(SIZE))
        own = {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/studio.db", "DEMO_LOGS": str(folder)}
        if arm == SPOOLED:
            own["STUDIO_SPOOL_DIR"] = str(folder / "spool")
        super().__init__({**environ, **ARMS.get(arm, _ALL_SAMPLED), **own, **environment_of(build)})
        self._command = [sys.executable, watched_service.__file__, str(counts), module]
        self.collections = CollectionCounts(counts)
        self._token = ""

    def headers(self) -> Mapping[str, str]:
        """Return the headers of a request for a session that is cached."""
        if not self._token:
            body = {"email": "ada@example.com", "device": "web"}
            answer = httpx2.post(f"{self.url}/sessions", json=body, timeout=60)
            self._token = answer.raise_for_status().json()["token"]
        return {"authorization": f"Bearer {self._token}"}

    def send(self, plan: Plan) -> LoadResult:
        """Send a load and wait for its end. Raise CalledProcessError if it cannot be sent."""
        order = {"url": f"{self.url}/session", "headers": self.headers(), **asdict(plan)}
        command = [sys.executable, "-m", "benchmarks.service.load"]
        done = subprocess.run(
            command, cwd=ROOT, input=json.dumps(order), stdout=subprocess.PIPE, text=True, check=True, timeout=_LOAD_S
        )
        return parse_result(done.stdout)

    def demands(
        self, requests: int, *, lead_in_s: float = 0.0, begin: Callable[[], object] = lambda: None
    ) -> Sequence[float]:
        """Return the seconds of CPU that each of so many requests takes, sent one at a time (`measure_demands`)."""
        url, headers = f"{self.url}/session", self.headers()
        return measure_demands(self.pid, url, headers, requests, lead_in_s=lead_in_s, begin=begin)


def cpu_in_turn(services: Sequence[Service], requests: int, *, lead_in_s: float = 0.0) -> Sequence[float]:
    """Return the seconds of CPU that a request takes in each of these services, which answer them in turn.

    `lead_in_s` is for requests that do not count. Raise BrokenAnswer, OSError.
    """
    callers = [Caller(f"{service.url}/session", service.headers()) for service in services]
    try:
        until = time.monotonic() + lead_in_s
        while time.monotonic() < until:
            for caller in callers:
                caller.ask()
        before = [process_cpu_s(service.pid) for service in services]
        for _ in range(requests):
            for caller in callers:
                caller.ask()
        taken = [process_cpu_s(service.pid) - less for service, less in zip(services, before, strict=True)]
    finally:
        for caller in callers:
            caller.close()
    return [seconds / requests for seconds in taken]


def run_load(workers: Sequence[Service], plan: Plan) -> MeasuredLoad:
    """Send a load to services of one way of tracing, dealt evenly between them, and wait for its end."""
    for worker in workers:
        worker.headers()
        worker.collections.reset()
    before = [process_cpu_s(worker.pid) for worker in workers]
    with ThreadPoolExecutor(len(workers)) as senders:
        loads = list(senders.map(lambda worker: worker.send(plan.shared(len(workers))), workers))
    cpu = sum(process_cpu_s(worker.pid) - less for worker, less in zip(workers, before, strict=True))
    counted = [worker.collections.read() for worker in workers]
    collected = Collections(sum(one.full for one in counted), max(one.longest_s for one in counted))
    return MeasuredLoad(merged(loads), cpu, len(workers), collected)


class Fleet:
    """The services of a run, started when they are first wanted; those that are not under load are idle."""

    def __init__(self, redis: RedisBackend, sink: SpanSink, earlier: Path | None, stack: ExitStack) -> None:
        self._redis, self._sink, self._earlier, self._stack = redis, sink, earlier, stack
        self._running: dict[str, list[Service]] = {}
        self.arms = tuple(arm for arm in ARMS if earlier or arm not in EARLIER_ARMS)
        """The ways of tracing that can run: without those of the earlier build where there is none."""

    def workers(self, arm: str, number: int = 1) -> Sequence[Service]:
        """Return so many services with this way of tracing, warmed up. Raise ServiceFailed."""
        running = self._running.setdefault(arm, [])
        while len(running) < number:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-load-")))
            running.append(self._stack.enter_context(Service(arm, self.environ(arm), folder, self.build(arm))))
            run_load(running[-1:], WARM_UP)
        return running[:number]

    def spans(self, arm: str) -> int:
        """Return how many spans of this way of tracing have arrived so far."""
        return self._sink.spans(_in_a_url(arm))

    def environ(self, arm: str) -> Mapping[str, str]:
        """Return the settings that all services share, with the endpoint of this way of tracing."""
        secret = "a secret of the load run"
        endpoint = self._sink.endpoint(_in_a_url(arm))
        return {"REDIS_URL": self._redis.url, "JAEGER_ENDPOINT": endpoint, "STUDIO_SESSION_SECRET": secret}

    def build(self, arm: str) -> Path:
        """Return the folder of the build that runs with this way of tracing."""
        return self._earlier if self._earlier and arm in EARLIER_ARMS else ROOT

    def in_rounds(self, arms: Sequence[str], plan: Plan, rounds: int, workers: int = 1) -> Mapping[str, Loads]:
        """Put services under the same load, in turns.

        Each round starts with the next way of tracing, so that a drift of the machine's speed affects all alike.
        """
        found: dict[str, list[MeasuredLoad]] = {arm: [] for arm in arms}
        for arm in arms:
            self.workers(arm, workers)
        for order in in_turns(arms, rounds):
            for arm in order:
                found[arm].append(run_load(self.workers(arm, workers), plan))
        return found


Loads = Sequence[MeasuredLoad]
WARM_UP: Final = Plan(400, 0.75)
"""Python specializes what runs often."""


def in_turns(names: Sequence[str], rounds: int) -> Iterator[Sequence[str]]:
    """Yield the order of each round; each starts one place further on."""
    for turn in range(rounds):
        first = turn % len(names)
        yield [*names[first:], *names[:first]]


def _in_a_url(arm: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", arm.lower()).strip("-")


@contextmanager
def fleet(redis: RedisBackend, earlier: Path | None) -> Iterator[Fleet]:
    """Give the services of a run, with a sink for their spans; all are stopped at the end."""
    with span_sink() as sink, ExitStack() as stack:
        yield Fleet(redis, sink, earlier, stack)
