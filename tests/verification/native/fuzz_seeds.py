"""Write what fuzzing of the native core begins with: documents of our own encoders, texts that leak, and the patterns.

    python -m tests.verification.native.fuzz_seeds FOLDER

FOLDER gets `json`, `protobuf`, `screen` and `engine`, with one small file for each seed, and `patterns`, with one a
line. Seeds of `engine` are four bytes for each span of a few traces, as `core/fuzz/src/made.rs` reads them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks.verification.encoded_requests import encoded
from benchmarks.verification.made_traces import requests
from benchmarks.verification.variations import KINDS
from spanpact.privacy import TextScreen, known_classes
from spanpact.trace.model import Link, Reading, Span
from tests.privacy.test_screen import leaking_texts
from tests.verification.native.test_text_screen import LEAKING, OWN


def write_seeds(folder: Path) -> None:
    """Write all seeds and the patterns into a folder, which may be there."""
    seeds: list[tuple[str, bytes]] = [("screen", text.encode()) for text in [*leaking_texts(), *LEAKING]]
    seeds += [("engine", seed) for seed in _nearly_alike()]
    for request in _requests():
        for name in ("json", "protobuf"):
            seeds += [(name, each.body) for each in encoded(request, name)]
    for number, (name, seed) in enumerate(seeds):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / f"{number:04}").write_bytes(seed)
    patterns = TextScreen([*known_classes(), *OWN]).patterns
    (folder / "patterns").write_text("".join(f"{each}\n" for each in patterns), encoding="utf-8")


def _nearly_alike() -> Iterator[bytes]:
    """Yield traces of two spans each, of which every third differs in one byte: a value, a name, a resource, a time."""
    first, second = bytes([0x00, 0x90, 0x20]), bytes([0x11, 0x31, 0x20])
    for place, change in ((2, 0x40), (2, 0x01), (0, 0x80), (1, 0x30), (0, 0x08)):
        other = bytes(byte ^ change if i == place else byte for i, byte in enumerate(second))
        flows = ((first, other if trace % 3 == 2 else second) for trace in range(12))
        yield b"".join(
            bytes([trace, *one, trace | 0x40 * (trace % 4 == 3), *two]) for trace, (one, two) in enumerate(flows)
        )


def _requests() -> Iterator[Reading]:
    """Yield requests of one and of a few spans, one of them with everything that a span may have."""
    for kind in KINDS:
        for size in (1, 3):
            yield from islice(requests(1, size, kind=kind), 4)
    request = next(requests(1, 1, kind="logs"))
    yield _changed(request, "links", (Link("0123456789abcdef" * 2, "0123456789abcdef"),))
    yield _changed(request, "attributes", {"": "", "text": '\\"\n\u00e9', "n": -1, "x": -1.5e-7, "b": True})
    yield _changed(request, "trace_state", "a=1")
    yield _changed(request, "status_message", "failed")


def _changed(request: Reading, field: str, value: object) -> Reading:
    def change(span: Span) -> Span:
        return msgspec.structs.replace(span, **{field: value})

    traces = [msgspec.structs.replace(trace, spans=[*map(change, trace.spans)]) for trace in request.traces]
    return msgspec.structs.replace(request, traces=traces)


if __name__ == "__main__":
    write_seeds(Path(sys.argv[1]))
