"""Inputs for fuzzing: real ones of every kind as seeds, and seeded damage to them."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

from tests.fuzz.targets import CONTRACT, ROOT, TRACE, VERIFY, run
from tests.sources.tempo.tempo_answers import trace_answer

_RECORDINGS: Final = ROOT / "tests" / "sources" / "files" / "recordings"
_LARGEST: Final = 1 << 15  # bytes of a seed: larger ones slow a round down and reach no more
_PIECES: Final = (
    b"\x00", b"\xff", b"\xff\xff\xff\xff\x0f", b"\n", b"\r\n", b'"', b"\\", b"\\u0000", b"\\ud800", b"{}", b"[]",
    b"[[[[", b"null", b"-1", b"1e999", b"18446744073709551616", b"NaN", b"true", b"\xed\xa0\x80", b"\xe2\x80\xae",
    b"\x1b[2J", b": ", b"- ", b"&a", b"*a", b"!!python/object:os.system", b"{{{{", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd",
    b"\x00\x00\x00\x05", b"traceId", b"spans", b"attributes", b"resourceSpans", b"span: ", b"count: ",
    b"matches: (a*)*$",
)  # fmt: skip


def seeds(target: str) -> Sequence[bytes]:
    """Return real inputs for a target: contracts, recordings of its formats, answers of a store, or reports."""
    return [data[:_LARGEST] for data in _SEEDS[target]()]


def _contracts() -> Iterator[bytes]:
    for folder in (ROOT / "contracts" / "v1", ROOT / "tests" / "corpus", CONTRACT.parent):
        yield from (path.read_bytes() for path in sorted(folder.glob("*.yaml")))


def _recorded(*patterns: str) -> Callable[[], Sequence[bytes]]:
    """Return a function that reads the recordings with such names."""
    return lambda: [path.read_bytes() for each in patterns for path in sorted(_RECORDINGS.glob(each))]


def _protobuf() -> Iterator[bytes]:
    """Yield each message of a file of the collector, which writes 4 bytes of length before it."""
    data = (_RECORDINGS / "collector-proto.otlp").read_bytes()
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        yield data[4:end]
        data = data[end:]


def _framings() -> Iterator[bytes]:
    """Yield whole files: messages after their length, lines, console output, and those compressed."""
    files = _recorded("*.otlp", "*.jsonl", "*.txt")()
    yield from files
    yield from (gzip.compress(data, mtime=0) for data in files)


def _reports() -> Iterator[bytes]:
    """Yield reports of recordings, with findings and without."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("python-otlp.jsonl", "java-lines.jsonl", "zipkin-traces.json"):
            report = Path(folder) / "report.json"
            run(*VERIFY, str(_RECORDINGS / name), "--format", f"json={report}")
            yield report.read_bytes()


_SEEDS: Final[Mapping[str, Callable[[], Iterable[bytes]]]] = {
    "contracts": _contracts,
    "otlp-json": _recorded("*.jsonl", "collector-json.otlp"),
    "otlp-protobuf": _protobuf,
    "framings": _framings,
    "jaeger": _recorded("jaeger-[st]*"),
    "jaeger-v3": _recorded("jaeger-v3-*"),
    "zipkin": _recorded("zipkin-*"),
    "tempo": lambda: [trace_answer(), trace_answer(TRACE), trace_answer(status="PARTIAL", message="a part")],
    "reports": _reports,
}


def damaged(target: str, number: int, seed: int) -> Iterator[bytes]:
    """Yield `number` inputs for a target: seeds with bytes changed, cut out, repeated, exchanged or put in."""
    chance, known = Random(f"{target} {seed}"), seeds(target)
    for _ in range(number):
        data = bytearray(chance.choice(known))
        for _ in range(chance.randint(1, 6)):
            _damage(data, known, chance)
        yield bytes(data)


def _damage(data: bytearray, known: Sequence[bytes], chance: Random) -> None:
    """Change some bytes of an input in one of six ways."""
    start = chance.randint(0, len(data))
    end = min(len(data), start + int(chance.paretovariate(0.7)))
    match chance.randrange(6):
        case 0:
            data[start:end] = chance.randbytes(end - start)
        case 1:
            del data[start:end]
        case 2:
            data[start:start] = data[start:end] * chance.randint(1, 20)
        case 3:
            data[start:end] = chance.choice(_PIECES)
        case 4:
            other = chance.choice(known)
            place = chance.randint(0, len(other))
            data[start:end] = other[place : place + end - start]
        case _:
            del data[start:]
