"""The 52 faults: what happens, and what is promised then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and what is promised when it happens; `missing` is why nothing is promised, "" if something is."""

    id: str
    fault: str
    promise: str
    missing: str = ""


GROUPS: Final = {
    "E": "Export of spans",
    "P": "Processes",
    "C": "Code of the application",
    "R": "Redis and databases",
    "B": "Circuit breaker",
    "S": "Secrets and hostile text",
    "K": "Contracts and traces",
    "N": "Network and files",
}
"""The groups of faults, by the letter of their ids."""

FAULTS: Final = (
    Fault("E1", "the endpoint refuses connections", "flush returns False at most 0.5 s late; each span is counted"),
    Fault("E2", "the endpoint does not answer (black hole)", "as for a refused connection"),
    Fault("E3", "the endpoint hangs and the queue is full", "the same, and the process ends within 5 s"),
    Fault("E4", "the endpoint's reply drips, byte by byte", "the deadline of an export is for the whole reply"),
    Fault("E5", "the endpoint responds 400 or 500", "the batch is counted as lost"),
    Fault("E6", "the endpoint responds 503 or 429 with Retry-After", "the export waits as asked, within its deadline"),
    Fault("E7", "the endpoint rejects a part (partial success)", "rejected spans are counted as such"),
    Fault("E8", "the connection is reset within a request or reply", "the batch is sent again, with the same ids"),
    Fault("E9", "Jaeger stands still for 25 s", "with a spool no span is lost; without, each is counted"),
    Fault("E10", "Jaeger is killed and has forgotten its spans", "every span that was not stored is counted"),
    Fault("E11", "the disk of the spool is full", "the spool stays within its size; what it drops is counted"),
    Fault("E12", "files of the spool are torn or corrupt", "sound records are sent, the others counted"),
    Fault("E13", "the process is killed by SIGKILL", "spans in the spool are sent by the next process"),
    Fault("E14", "a burst of 20,000 spans", "the number of dropped spans is exact, and nothing blocks"),
    Fault("E15", "an exporter raises an Exception", "only the span that it raised for is lost"),
    Fault("E16", "an exporter raises a BaseException", "the worker goes on"),
    Fault("E17", "spans that cannot be sent, of 8 kinds, among 511 others", "all 511 others are stored"),
    Fault("E18", "attributes are NaN or infinite", "Jaeger can be searched and read"),
    Fault("E19", "an attribute of 10 MB, 10,000 attributes", "they are cut, and what was dropped is counted"),
    Fault("E20", "values that are cyclic, deep or raise in `__str__`", "no exception reaches the caller"),
    Fault("P1", "a process forks, and the child flushes", "both send their own spans, none twice"),
    Fault("P2", "workers of multiprocessing and of pools end", "no span is lost"),
    Fault("P3", "gunicorn gets TERM or INT", "all 100 spans of its workers arrive"),
    Fault("P4", "SIGTERM without a handler", "with `shut_down_at_sigterm` no span is lost; the signal stays"),
    Fault("P5", "shutdown twice, and from two threads", "it happens once, and both return the same"),
    Fault("C1", "the application raises", "the caller gets the same exception object"),
    Fault("C2", "a sampler or span processor raises", "the application does not notice"),
    Fault("C3", "a task is cancelled or times out", "its span says so, and the context is restored"),
    Fault("C4", "an async generator is left", "the context is restored"),
    Fault("C5", "1,000 tasks with threads", "no span has an id of another task"),
    Fault("C6", "16 hostile headers", "nothing raises; no log line is longer than 256 bytes"),
    Fault("R1", "Redis or the database stalls", "a call ends at its deadline"),
    Fault("R2", "Redis or the database is killed and comes back", "calls succeed again when the breaker lets them"),
    Fault("R3", "Redis or the database is stopped (SIGSTOP)", "the breaker opens, and its span has the event"),
    Fault("R4", "a reply of Redis is cut or garbage", "the call fails, and its connection is closed"),
    Fault("R5", "the reply to INCR is lost", "it is never applied twice"),
    Fault("R6", "every connection of a pool is in use", "an error of its own, which the breaker does not count"),
    Fault("R7", "1,000 calls are cancelled while their replies arrive", "no reply goes to another call"),
    Fault("R8", "latency rises by 500 ms", "the rate of slow calls opens the breaker"),
    Fault("B1", "100 callers meet a half-open breaker", "exactly as many probes as configured"),
    Fault("B2", "a probe is cancelled or hangs", "its permit returns"),
    Fault("B3", "a result of an earlier state comes late", "it is ignored"),
    Fault("B4", "the wall clock jumps", "nothing changes"),
    Fault("S1", "1,500 hostile keys of Redis", "no part of a key is shown"),
    Fault("S2", "planted secrets in everything that is recorded", "no sink shows one"),
    Fault("S3", "200 names with markup, scripts, escapes, formulas", "inert in browser, terminal and every format"),
    Fault("K1", "100 hostile YAML texts", "one error with line and column, in linear time"),
    Fault("K2", "hostile regular expressions", "refused clearly, or matched within 1 s"),
    Fault("K3", "12 broken topologies of traces", "each is a finding with a name"),
    Fault("K4", "malformed OTLP: protobuf, JSON, gzip", "a clear error, at most 64 MiB more memory"),
    Fault("N1", "1,000 sockets that send slowly (slowloris)", "another client gets its response within 100 ms"),
    Fault("N2", "requests to elsewhere, paths, symlinks, SQL in names", "refused, and nothing is written"),
)  # fmt: skip
BY_ID: Final = {fault.id: fault for fault in FAULTS}
