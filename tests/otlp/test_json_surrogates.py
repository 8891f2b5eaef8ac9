"""Half a surrogate pair, as JavaScript leaves it where it cuts a text, is read as U+FFFD: by protobuf it is sent so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.contract.loader import load_text
from spanpact.otlp import decode_json
from spanpact.otlp.json.surrogates import with_whole_characters
from spanpact.sources import OtlpFileSource
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify

FILE = (
    rb'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c",'
    rb'"spanId":"b7ad6b7169203331","name":"%b","startTimeUnixNano":"1","endTimeUnixNano":"5",'
    rb'"attributes":[{"key":"note","value":{"stringValue":"%b"}}]}]}]}]}'
)
CONTRACT = load_text("""
spanpact: 1
contract: cut
version: 1.0.0
span: order
limits: {length: 4}
examples: {a: {trace: []}, b: {trace: [], findings: [top/span-missing]}}
""")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"abc\ud83d", "abc\ufffd"),
        (rb"\ude00abc", "\ufffdabc"),
        (rb"\uD83D\uD83D\uDE00", "\ufffd\U0001f600"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d\u0041", "\ufffdA"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d\"", '\\\ufffd"'),
        (rb"\ud7ff\ue000", "\ud7ff\ue000"),
    ],
)
def test_halves_are_replaced_and_nothing_else(written: bytes, read: str) -> None:
    [span] = decode_json(FILE % (written, written)).spans
    assert (span.name, span.attributes["note"]) == (read, read)


@given(st.text(st.characters(categories=["Cs", "Lu", "Po"]) | st.sampled_from('\\"ud8\U0001f600')))
def test_any_text_is_read_as_python_reads_it(text: str) -> None:
    data = json.dumps(text).encode()
    changed = with_whole_characters(data)
    assert len(changed) == len(data)
    assert json.loads(changed) == re.sub("[\ud800-\udfff]", "\ufffd", json.loads(data))


@pytest.mark.parametrize("name", [rb"order", rb"cut\ud83d"])
def test_a_file_is_streamed_as_it_is_read(tmp_path: Path, name: bytes) -> None:
    file = tmp_path / "spans.jsonl"
    file.write_bytes(FILE % (name, rb"abc\ud83d"))
    streamed = verify_file(OtlpFileSource(file), [CONTRACT])
    assert streamed is not None
    whole = verify([CONTRACT], OtlpFileSource(file).read())
    assert streamed.results == whole.results
    assert whole.verdict == ("kept" if name == b"order" else "not checked")
