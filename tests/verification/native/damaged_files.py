"""Files with damage of every kind, and their reports or refusals with the core and without.

    python -m tests.verification.native.damaged_files KIND FILES [SEED]

KIND is one of `KINDS`. A file differs where the report, or the refusal, is another one: it is written to the current
directory. Each file has traffic of the benchmarks, of which most is whole.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

import pytest

from benchmarks.verification.encoded_requests import encoded
from benchmarks.verification.made_traces import requests
from benchmarks.verification.measured_runs import SEVEN
from spanpact.contract.loader import load_contracts, load_text
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.otlp.protobuf import wire
from spanpact.sources.files import FileLimits
from spanpact.verification.shapes import span_shapes
from tests.engine.test_hostile_traces import EVERYTHING, WHOLE_TRACE
from tests.sources.every_source import as_protobuf
from tests.sources.trace_strategies import MORE, TYPED
from tests.verification.native.core_runs import both_outcomes
from tests.verification.native.damage import KINDS_OF_DAMAGE, Pairs, read, write

TRAFFIC: Final = ("same", "varied", "parallel", "logs", "broken", "mixed")
TOKENS: Final = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"1e5", b"-", b"null", b"true", b'""', b"\\u0041",
    b"\\ud800", b"\xff", b"\x00", b"\n", b" ", b'"name":"x",', b'"kind":2,', b'"other":1,', b"9" * 30,
]  # fmt: skip
KINDS: Final = (*KINDS_OF_DAMAGE, "several", "bytes", "lines", "writing", "protobuf", "wire", "protobuf-bytes")


def damaged_files(kind: str, seed: int) -> Iterator[bytes]:
    """Yield files of one kind of damage; a seed always gives the same."""
    chance = Random(f"{kind} {seed}")
    while True:
        documents = _documents(chance)
        for document in chance.sample(documents, min(len(documents), chance.choice([1, 1, 2, 9]))):
            for _ in range(chance.choice([1, 1, 2, 4])):
                several = kind in ("several", "protobuf")
                change = KINDS_OF_DAMAGE.get(chance.choice(list(KINDS_OF_DAMAGE)) if several else kind)
                if change:
                    change(document, chance)
        if kind in ("protobuf", "wire", "protobuf-bytes"):
            yield _as_protobuf(kind, documents, chance)
            continue
        lines = [write(each, *_writing(kind, chance), chance).encode("utf-8", "surrogatepass") for each in documents]
        many = kind == "lines" or (kind == "several" and chance.random() < 0.2)
        data = _joined(lines, chance) if many else b"\n".join(lines)
        yield damaged(data, chance) if kind == "bytes" else data


def _documents(chance: Random) -> list[Pairs]:
    """Return some requests; of some the spans are each in a request of their own, in any order."""
    traffic, size = chance.choice(TRAFFIC), chance.choice([1, 3, 8, 30])
    number = chance.choice([20, 60, 120]) if size > 1 else 20
    made = list(islice(requests(number, size, kind=traffic, seed=chance.randrange(50)), 60))
    documents = [read(each.body) for request in made for each in encoded(request, "json")]
    if chance.random() < 0.2:
        chance.shuffle(documents)
    if chance.random() < 0.1:
        documents.append(chance.choice(documents))
    return documents


def _writing(kind: str, chance: Random) -> tuple[float, float]:
    """Return how many signs are escaped, and how many tokens have blanks."""
    if kind not in ("writing", "several"):
        return 0.0, 0.0
    return chance.choice([0.0, 0.0, 0.001, 0.2]), chance.choice([0.0, 0.0, 0.001, 0.3])


def _joined(lines: Sequence[bytes], chance: Random) -> bytes:
    """Join documents by line ends, mostly; some begin with a mark of byte order, or are wrapped."""
    written = bytearray()
    for line in lines:
        match chance.randrange(60):
            case 0:
                line = b"\xef\xbb\xbf" + line
            case 1:
                line = b"[" + line + b"," + chance.choice(lines) + b"]"
            case 2:
                line = line.removeprefix(b'{"resourceSpans":[').removesuffix(b"]}")
            case 3:
                line = line.replace(b"},{", b"},\n{", 1)
            case 4:
                line = b'{"batches":' + line.removeprefix(b'{"resourceSpans":')
            case 5:
                line = chance.choice([b"", b"{}", b"[]", b'{"resourceSpans":[]}', b'{"resourceLogs":null}', b"null"])
            case 6:
                line = line[: chance.randrange(len(line))] if chance.random() < 0.2 else line + b","
        written += line + (chance.choice([b"", b" ", b"\r\n", b"\n\n", b","]) if chance.random() < 0.05 else b"\n")
    return bytes(written)


def _as_protobuf(kind: str, documents: Sequence[Pairs], chance: Random) -> bytes:
    encoded = [as_protobuf(write(each).encode("utf-8", "surrogatepass")) for each in documents if _has_spans(each)]
    messages = [each[0] for each in encoded if each]
    if kind == "wire" and messages:
        for _ in range(chance.choice([1, 1, 2, 4])):
            place = chance.randrange(len(messages))
            messages[place] = damaged_message(messages[place], chance)
    data = b"".join(messages)
    return damaged(data, chance) if kind == "protobuf-bytes" and data else data


def _has_spans(document: Pairs) -> bool:
    return document.find("resourceSpans") is not None


def damaged(data: bytes, chance: Random) -> bytes:
    """Return some bytes with one to three places changed, cut out, copied or with more put in."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(changed))
        match chance.randrange(6):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.choice([1, 1, 2, 8, 40])]
            case 2:
                changed[at:at] = chance.choice(TOKENS)
            case 3:
                other = chance.randrange(len(changed))
                changed[at : at + 8] = changed[other : other + 8]
            case 4:
                changed[at] ^= 1 << chance.randrange(8)
            case _:
                other = chance.randrange(len(changed))
                changed[at:at] = changed[other : other + chance.choice([4, 30, 200])]
    return bytes(changed)


def damaged_message(message: bytes, chance: Random) -> bytes:
    """Return a protobuf message in which a field, at any depth, was changed, repeated, moved or left out."""
    fields = list(_fields(message))
    inner = [place for place, (tag, body) in enumerate(fields) if tag & 7 == 2 and body]
    if inner and chance.random() < 0.8:
        place = chance.choice(inner)
        tag, body = fields[place]
        try:
            fields[place] = tag, damaged_message(body, chance)
        except (ValueError, IndexError):  # a text, not a message
            fields[place] = tag, damaged(body, chance)
    else:
        place = chance.randrange(len(fields) + 1)
        tag, body = chance.choice(fields) if fields else (8, b"\x01")
        match chance.randrange(8):
            case 0 if place < len(fields):
                del fields[place]
            case 1:
                fields.insert(place, (tag, body))
            case 2:
                chance.shuffle(fields)
            case 3:
                fields.insert(place, (chance.choice([8, 0x32, 0x2A, 0x42, 0x4A, 0xFA, 0x4D]), b"\x01\x02\x03\x04"))
            case 4:
                fields.insert(place, (chance.randrange(8, 140) & ~7, chance.choice(VARINTS)))
            case 5:
                fields.insert(place, (tag, body + body))
            case 6:
                fields.insert(place, (tag & ~7 | chance.choice([0, 1, 2, 3, 4, 5]), b"\x01"))
            case _:
                fields.insert(place, (tag, b""))
    return b"".join(
        wire.encode_varint(tag) + (_length(body, chance) if tag & 7 == 2 else b"") + body for tag, body in fields
    )


VARINTS: Final = [b"\x00", b"\x80\x00", b"\x02", b"\xff" * 9 + b"\x01", b"\xff" * 10 + b"\x01", b"\xff" * 9 + b"\x7f"]


def _length(body: bytes, chance: Random) -> bytes:
    """Return the length of a field; now and then with a byte more than it needs, or wrong."""
    length = len(body) if chance.random() < 0.998 else len(body) + chance.choice([-1, 1, 1 << 40])
    encoded = wire.encode_varint(max(length, 0))
    return encoded if chance.random() < 0.99 else encoded[:-1] + bytes([encoded[-1] | 0x80, 0])


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each field's tag and its body. Raise ValueError for what is no message."""
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    while at < len(message):
        tag = varint()
        begin = at
        match tag & 7:
            case 0:
                varint()
            case 1:
                at += 8
            case 2:
                length = varint()
                begin, at = at, at + length
            case 5:
                at += 4
            case _:
                raise ValueError("a group")
        if at > len(message):
            raise ValueError("cut short")
        yield tag, message[begin:at]


def contract_sets() -> Sequence[Sequence[CompiledContract]]:
    """Return one contract, those of the checkout, and others that look at much of a trace."""
    shipped = [CompiledContract.of(each) for each in load_contracts([shipped_contracts()])]
    return [CompiledContract.of(load_text(SEVEN))], shipped, [EVERYTHING, WHOLE_TRACE, MORE, TYPED]


@contextmanager
def parts_of(size: int) -> Iterator[None]:
    """Read a protobuf file in parts of so many bytes; else only a large one has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "_PART_SIZE", size)
        yield


@contextmanager
def tables_of(size: int) -> Iterator[None]:
    """Remember so few attributes, shapes and resources that numbers of shapes often begin anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(span_shapes, "_MOST_REMEMBERED", size)
        yield


def compare(
    kind: str, number: int, seed: int, sets: Sequence[Sequence[CompiledContract]]
) -> Iterator[tuple[bytes, str]]:
    """Verify so many files both ways. Yield each file with another report or refusal, and what differs."""
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "traces.pb" if kind in ("protobuf", "wire", "protobuf-bytes") else "traces.jsonl")
        for data in islice(damaged_files(kind, seed), number):
            file.write_bytes(data)
            limits = chance.choice([FileLimits(), FileLimits(checked_keys=0), FileLimits(checked_keys=3000, spans=90)])
            contracts = chance.choice(sets)
            with parts_of(chance.choice([1, 1 << 16])), tables_of(chance.choice([1, 20, 200, 1 << 14])):
                there, wanted = both_outcomes(file, contracts, limits)
            if there != wanted:
                yield data, f"{[each.plan.name for each in contracts]} {limits}\nwith: {there}\nwithout: {wanted}"


def main(kind: str, number: int, seed: int) -> None:
    """Compare so many files, and write those that differ."""
    different = 0
    for data, difference in compare(kind, number, seed, contract_sets()):
        different += 1
        Path(f"{kind}-{seed}-{different}").write_bytes(data)
        Path(f"{kind}-{seed}-{different}.txt").write_text(difference)
        print(kind, seed, difference[:300], flush=True)
    print(f"{kind}: {number} files, {different} different", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else 0)
