"""Files in which texts of several kinds follow each other: no span is lost without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.errors import SourceError
from spanpact.sources import OtlpFileSource
from spanpact.trace.model import Reading

RECORDINGS = Path(__file__).parent / "recordings"
OTLP, JAEGER, ZIPKIN = "python-otlp.jsonl", "jaeger-trace.json", "zipkin-trace.json"
GO, PYTHON = "go-console.jsonl", "python-console.txt"
FIRST_SEEN = 1 << 16  # bytes by which a format is recognised
LOG = b'{"level": "info", "message": "started", "traceId": "1", "spanId": "2"}\n'


def recorded(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes().rstrip() + b"\n"


def repeated(name: str) -> bytes:
    """Return a recording, repeated until no text of another format is within what is seen first."""
    return recorded(name) * (FIRST_SEEN // len(recorded(name)) + 1)


def read(path: Path, content: bytes) -> Reading:
    path.write_bytes(content)
    return OtlpFileSource(path).read()


def unread_spans(reading: Reading) -> int:
    return sum(each.count for each in reading.unread if each.holds == "spans")


def spans_of(reading: Reading) -> int:
    return sum(len(trace.spans) for trace in reading.traces)


@pytest.mark.parametrize("other", [ZIPKIN, JAEGER, PYTHON, GO])
def test_spans_of_another_format_behind_otlp_are_counted(tmp_path: Path, other: str) -> None:
    reading = read(tmp_path / "glued", repeated(OTLP) + recorded(other))
    assert unread_spans(reading) == spans_of(OtlpFileSource(RECORDINGS / other).read())


def test_spans_of_another_format_on_the_line_of_a_request_are_counted(tmp_path: Path) -> None:
    reading = read(tmp_path / "glued", recorded(OTLP).rstrip() + recorded(ZIPKIN))
    assert unread_spans(reading) == spans_of(OtlpFileSource(RECORDINGS / ZIPKIN).read())


@pytest.mark.parametrize("other", [JAEGER, PYTHON, GO])
def test_what_shows_two_formats_at_once_is_refused(tmp_path: Path, other: str) -> None:
    with pytest.raises(SourceError, match="at once"):
        read(tmp_path / "glued", recorded(OTLP).rstrip() + recorded(other))


@pytest.mark.parametrize("other", [ZIPKIN, OTLP, JAEGER, GO])
@pytest.mark.parametrize("first", [ZIPKIN, JAEGER, PYTHON, GO])
def test_spans_of_another_format_behind_any_other_are_an_error(tmp_path: Path, first: str, other: str) -> None:
    if first == other:
        return
    with pytest.raises(SourceError) as caught:
        read(tmp_path / "glued", repeated(first) + recorded(other))
    assert "line " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [PYTHON, GO, OTLP])
def test_json_lines_of_a_log_are_skipped(tmp_path: Path, name: str) -> None:
    reading = read(tmp_path / "log", LOG + recorded(name) + LOG)
    assert spans_of(reading) == spans_of(OtlpFileSource(RECORDINGS / name).read())
    assert not reading.unread


@pytest.mark.parametrize(
    "between",
    [b"", b"}\n", b"config = {\n", b"config = {\n  'a': 1\n", b"{\n", b"INFO {weird\n", b"[\n{\n", b"done {}\n"],
)
def test_what_is_printed_between_the_spans_of_python_costs_none(tmp_path: Path, between: bytes) -> None:
    """Without a line break, too: two threads print at once."""
    printed = recorded(PYTHON)
    whole = spans_of(OtlpFileSource(RECORDINGS / PYTHON).read())
    glued = printed.replace(b"\n}\n{\n", b"\n}" + (b"\n" + between if between else b"") + b"{\n")
    assert glued != printed
    assert spans_of(read(tmp_path / "glued", glued)) == whole
    assert spans_of(read(tmp_path / "before", between + printed)) == whole


@pytest.mark.parametrize(
    ("between", "says", "hint"),
    [
        (b"2026/11/14 22:13:20 started\n", "not JSON: '2026/11/14 22:13:20 started'", "grep"),
        (b"INFO started\n", "not JSON: 'INFO started'", "grep"),
        (b"// a comment\n", "not JSON: '// a comment'", "grep"),
        (b",\n", "not JSON: ','", "line breaks"),
    ],
)
@pytest.mark.parametrize("name", [OTLP, GO])
def test_lines_that_are_not_json_are_named(tmp_path: Path, name: str, between: bytes, says: str, hint: str) -> None:
    first = recorded(name).split(b"\n")[0] + b"\n"
    with pytest.raises(SourceError) as caught:
        read(tmp_path / "log", first + between + first)
    assert f"(line 2): {says}" in caught.value.message
    assert hint in caught.value.hint


def test_text_before_lines_of_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path / "log", b"INFO starting\nlistening\n" + recorded(OTLP))
    assert "line 1 begins with 'INFO starting', and line 3 is JSON" in caught.value.message
    assert caught.value.hint == "take the JSON out: grep '^{'"


def test_zipkin_spans_of_version_1_behind_others_are_refused(tmp_path: Path) -> None:
    old = b'[{"traceId":"1","id":"2","name":"x","annotations":[{"timestamp":1,"value":"sr","endpoint":{}}]}]\n'
    with pytest.raises(SourceError, match="version 1"):
        read(tmp_path / "mixed", repeated(ZIPKIN) + old)
