"""A damaged file has the same result with the core and without it: the report to the byte, or the refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.otlp.protobuf.wire import encode_varint
from spanpact.sources.files import FileLimits
from tests.properties import examples
from tests.verification.cache.test_verdict_cache import span
from tests.verification.native.core_runs import Counted, both_outcomes
from tests.verification.native.damaged_files import KINDS, compare, contract_sets, parts_of
from tests.verification.test_streaming import one, written

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def sets() -> Sequence[Sequence[CompiledContract]]:
    return contract_sets()


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", KINDS)
def test_damage_of_every_kind(
    sets: Sequence[Sequence[CompiledContract]], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    counted = Counted(monkeypatch)
    for data, difference in compare(kind, examples(40), 17, sets):
        raise AssertionError(f"{data!r}\n{difference}")
    assert 0 < counted.taken <= counted.documents


@pytest.mark.parametrize(
    "rules",
    [
        "duration: {at_most: 10000000000s}",
        "clock: {skew: 10000000000s}\nchildren: {x: {span: x, count: 0..}, y: {span: y, count: 0..}}\norder: [x, y]",
        "clock: {tolerance: 10000000000s}\nchildren: {x: {span: x, count: 0.., concurrency: 0..1}}",
    ],
)
def test_durations_beyond_the_times_of_spans(tmp_path: Path, rules: str) -> None:
    contract = CompiledContract.of(load_text(f"spanpact: 1\ncontract: long\nversion: 1.0.0\nspan: top\n{rules}\n"))
    spans = [span(1, "top", 0, 90, 0), span(2, "x", 5, 9), span(3, "x", 7, 12)]
    file = written(tmp_path / "traces.jsonl", [one(msgspec.structs.replace(each, trace_id="a" * 32)) for each in spans])
    there, wanted = both_outcomes(file, [contract])
    assert there == wanted


def test_a_file_with_two_faults_is_refused_for_the_same_one(
    tmp_path: Path, sets: Sequence[Sequence[CompiledContract]]
) -> None:
    """Parts of protobuf are read one by one with the core; without it, a part that is malformed is found at once."""
    spans = [msgspec.structs.replace(span(i, "top", 0, 9, 0), trace_id=f"{i:032x}") for i in (1, 2, 3)]
    file = written(tmp_path / "protobuf.pb", [one(each) for each in spans])
    file.write_bytes(file.read_bytes()[::-1].replace(b"pot", b"\xffot", 1)[::-1])
    with parts_of(1):
        there, wanted = both_outcomes(file, sets[0], FileLimits(spans=1))
    assert there == wanted


@pytest.mark.parametrize(
    "before", [b"\x0a\x05other", b"\x1a\x01?", b"\x12\x03\x0a\x01y"], ids=["name", "unknown", "value"]
)
def test_an_attribute_of_protobuf_with_a_field_too_many(tmp_path: Path, before: bytes) -> None:
    """Of a field that is there twice the last one counts, as protobuf has it; fuzzing found that the first one did."""
    rules = "span: top\nattributes: {other: present}\n"
    contract = CompiledContract.of(load_text(f"spanpact: 1\ncontract: fields\nversion: 1.0.0\n{rules}"))
    name, value = b"\x0a\x05other", b"\x12\x03\x0a\x01x"
    usual, twice = name + value, before + name.replace(b"other", b"thing") + value
    messages = [_with_attribute(number, each) for number, each in enumerate([usual, usual, twice, usual], 1)]
    file = tmp_path / "protobuf.pb"
    file.write_bytes(b"".join(messages))
    there, wanted = both_outcomes(file, [contract])
    assert there == wanted


def _with_attribute(number: int, attribute: bytes) -> bytes:
    """Return a request in protobuf with one span, which has one attribute of so many bytes."""
    ids = b"\x0a\x10%b\x12\x08%b" % (bytes(15) + bytes([number]), bytes(7) + bytes([number]))
    times = b"\x39" + (5).to_bytes(8, "little") + b"\x41" + (9).to_bytes(8, "little")
    message = ids + b"\x2a\x03top" + times + b"\x4a" + encode_varint(len(attribute)) + attribute
    for tag in (b"\x12", b"\x12", b"\x0a"):
        message = tag + encode_varint(len(message)) + message
    return message
