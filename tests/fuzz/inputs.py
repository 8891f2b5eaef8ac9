"""Inputs for fuzzing: real ones of every kind as seeds, and seeded damage to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from tests.fuzz.targets import ROOT

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
    """Return real inputs for a target: contracts, recordings of every format, or answers of a store."""
    if target == "contracts":
        files = [*(ROOT / "contracts" / "v1").glob("*.yaml"), *(ROOT / "tests" / "corpus").glob("*.yaml")]
    elif target == "files":
        files = [path for path in _RECORDINGS.iterdir() if path.is_file() and path.suffix not in {".md", ".sh"}]
    else:
        files = list(
            _RECORDINGS.glob({"jaeger-v3": "jaeger-v3-*", "jaeger": "jaeger-[st]*", "zipkin": "zipkin-*"}[target])
        )
    return [path.read_bytes()[:_LARGEST] for path in sorted(files)]


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
