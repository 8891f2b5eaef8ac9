"""OTLP JSON in every form in which programs write it: the same traces, whole and as a stream."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.verification.made_traces import requests
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError, SourceUnfinished
from spanpact.reporting import render_json
from spanpact.sources import FileLimits, OtlpFileSource, encode_traces_json
from spanpact.sources.files import json_texts
from spanpact.trace.model import Reading, Span
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify

Request = dict[str, Any]
IDS = ("traceId", "spanId", "parentSpanId")
UNCHECKED = FileLimits(checked_keys=0)


@pytest.fixture(scope="module")
def contracts() -> list[CompiledContract]:
    return [CompiledContract.of(plan) for plan in load_contracts([shipped_contracts()])]


@pytest.fixture(scope="module")
def several() -> list[Reading]:
    return list(requests(5))


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2)


def groups(documents: Sequence[Request]) -> list[Request]:
    return [group for document in documents for group in document["resourceSpans"]]


def with_base64_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [with_base64_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(each)).decode() if key in IDS else with_base64_ids(each)
        for key, each in value.items()
    }


FORMS: dict[str, Callable[[list[Request]], str]] = {
    "a request a line": lambda each: "\n".join(map(compact, each)),
    "two texts on a line": lambda each: compact(each[0]) + compact(each[1]) + "\n" + "".join(map(compact, each[2:])),
    "blanks between texts": lambda each: " \t".join(map(compact, each)),
    "pretty-printed": lambda each: "\n".join(map(pretty, each)),
    "pretty-printed, without a line feed between": lambda each: "".join(map(pretty, each)),
    "pretty-printed, without indentation": lambda each: "\n".join(json.dumps(one, indent=0) for one in each),
    "pretty-printed with carriage returns": lambda each: "\r\n".join(map(pretty, each)).replace("\n", "\r\n"),
    "lines, then pretty-printed, then lines": lambda each: "\n".join(
        [compact(each[0]), pretty(each[1]), *map(compact, each[2:])]
    ),
    "pretty-printed, then lines": lambda each: "\n".join([pretty(each[0]), *map(compact, each[1:])]),
    "a list": compact,
    "a pretty list": pretty,
    "lists of lists a line": lambda each: "\n".join(compact([[one]]) for one in each),
    "a ResourceSpans a line": lambda each: "\n".join(map(compact, groups(each))),
    "a ResourceSpans a line, with blanks": lambda each: "\n".join(map(json.dumps, groups(each))),
    "two ResourceSpans on a line": lambda each: "".join(map(compact, groups(each))),
    "the scopes first": lambda each: "\n".join(
        compact({"scopeSpans": group["scopeSpans"], "resource": group["resource"]}) for group in groups(each)
    ),
    "batches": lambda each: compact({"batches": groups(each)}),
    "a trace in batches": lambda each: "\n".join(compact({"trace": {"batches": groups([one])}}) for one in each),
    "a trace": lambda each: "\n".join(compact({"trace": one, "metrics": {}}) for one in each),
    "results": lambda each: "".join(compact({"result": one}) for one in each),
    "ids in base64": lambda each: "\n".join(compact(with_base64_ids(one)) for one in each),
    "batches with ids in base64": lambda each: compact({"batches": groups(with_base64_ids(each))}),
    "among other JSON": lambda each: '{"level":"info"}\n' + "\n{}\n".join(map(compact, each)) + "\n[]\n",
}


def span_ids(reading: Reading) -> list[tuple[str, str, str, str]]:
    return sorted(
        (span.trace_id, span.span_id, span.parent_id, span.name) for trace in reading.traces for span in trace.spans
    )


def expected(several: Sequence[Reading]) -> list[tuple[str, str, str, str]]:
    return sorted(each for reading in several for each in span_ids(reading))


def documents(several: Sequence[Reading]) -> list[Request]:
    return [json.loads(encode_traces_json(reading)) for reading in several]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_spans(tmp_path: Path, several: list[Reading], form: str) -> None:
    path = tmp_path / "traces"
    path.write_text(FORMS[form](documents(several)), newline="")
    reading = OtlpFileSource(path).read()
    assert span_ids(reading) == expected(several)
    assert reading.unread == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("limits", [FileLimits(), UNCHECKED])
def test_a_streamed_verification_gives_the_same_report(
    tmp_path: Path, several: list[Reading], contracts: list[CompiledContract], form: str, limits: FileLimits
) -> None:
    path = tmp_path / "traces"
    path.write_text(FORMS[form](documents(several)), newline="")
    source = OtlpFileSource(path, limits=limits)
    streamed = verify_file(source, contracts)
    assert streamed is None or render_json(streamed) == render_json(verify(contracts, source.read()))
    assert streamed is not None or "base64" in form or form == "results"


@pytest.mark.parametrize("chunk", [7, 100, 5000])
def test_texts_of_several_lines_may_be_longer_than_what_is_read_at_once(
    tmp_path: Path, several: list[Reading], monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(json_texts, "_CHUNK", chunk)
    path = tmp_path / "traces"
    for form in ("pretty-printed", "pretty-printed, without indentation", "lines, then pretty-printed, then lines"):
        path.write_text(FORMS[form](documents(several)))
        assert span_ids(OtlpFileSource(path).read()) == expected(several), form


def test_pretty_printed_texts_are_read_one_by_one(tmp_path: Path, several: list[Reading]) -> None:
    path = tmp_path / "traces"
    text = FORMS["pretty-printed"](documents(several)) + "\n"
    path.write_text(text * 40)
    spans = OtlpFileSource(path, limits=FileLimits(document=4 * len(text) + (1 << 18))).read().span_count
    assert spans == 40 * len(expected(several))
    with pytest.raises(SourceError, match="a document of more than 1,000 bytes"):
        OtlpFileSource(path, limits=FileLimits(document=1000)).read()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"resourceSpans": []}{"resourceSpans": NaN}', r"byte 39 \(line 1\)"),
        ('{"resourceSpans": []}\n{"resourceSpans": []} {"resourceSpans": [}', r"byte 63 \(line 2\)"),
        ('{\n"resourceSpans": []\n}\n{\n"resourceSpans": [\n{"scopeSpans": 5}]\n}\n', r"line 4: .*Expected `array"),
        ('{"resourceSpans": []}{"resourceSpans": []}]', r"byte 42 \(line 1\)"),
        ('{"resourceSpans": [],"resourceSpans": []}{}', r"byte 21 .* occurs twice"),
        ('{}{"resourceSpans": [],"resourceSpans": []}', r"byte 23 .* occurs twice"),
        (
            '{"trace": {"resourceSpans": []}, "status": "PARTIAL", "message": "too large"}',
            "a part of the trace only",
        ),
        ('{"result": {"resourceSpans": []}}\n{"error": {"message": "gone"}}', "ends with an error: .*gone"),
        ("[5]", "line 1 begins with"),
        ('[{"resourceSpans": []}, 5]', "Expected `object`, got `int`"),
    ],
)
def test_an_error_in_one_of_several_texts_is_placed(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "traces"
    path.write_text(text)
    with pytest.raises(SourceError, match=says) as caught:
        OtlpFileSource(path).read()
    assert not isinstance(caught.value, SourceUnfinished)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", [form for form in FORMS if "list" not in form and form != "among other JSON"])
def test_the_last_text_may_be_half_there(tmp_path: Path, several: list[Reading], form: str) -> None:
    path = tmp_path / "traces"
    text = FORMS[form](documents(several)).encode()
    for end in range(len(text) - 400, len(text) - 4, 97):
        path.write_bytes(text[:end])
        with pytest.raises(SourceUnfinished, match="is half there"):
            OtlpFileSource(path).read()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e3", 1000),
        ("2.5e6", 2_500_000),
        ("1.0", 1),
        ('"5.0"', 5),
        ('"-1e2"', -100),
        ("0.0", 0),
        ('"0e0"', 0),
        ("1e21", 1e21),
        ('"1e21"', 1e21),
        ("1.7976931348623157e+308", 1.7976931348623157e308),
        ("2.5", 2.5),
    ],
)
def test_an_integer_is_the_number_that_was_sent(tmp_path: Path, written: str, value: object) -> None:
    path = tmp_path / "traces"
    span = f'{{"traceId":"{"a" * 32}","spanId":"{"b" * 16}","startTimeUnixNano":1.5e18,"kind":2.0,"attributes":[%s]}}'
    attribute = f'{{"key":"n","value":{{"intValue":{written}}}}},{{"key":"s","value":{{"stringValue":"x"}}}}'
    path.write_text(f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span % attribute}]}}]}}]}}')
    found = only_span(path)
    assert found.attributes == {"n": value, "s": "x"}
    assert type(found.attributes["n"]) is type(value)
    assert (found.start_ns, found.kind) == (1_500_000_000_000_000_000, "server")


@pytest.mark.parametrize("written", ['"1e400"', '"x"', '"1e99999999"', '"0x10"', '""x', "1e400"])
def test_what_is_no_number_is_an_error(tmp_path: Path, written: str) -> None:
    path = tmp_path / "traces"
    attribute = f'{{"key":"n","value":{{"intValue":{written}}}}}'
    path.write_text(f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{attribute}]}}]}}]}}]}}')
    with pytest.raises(SourceError, match="not OTLP JSON"):
        OtlpFileSource(path).read()


def only_span(path: Path) -> Span:
    ((span,),) = (trace.spans for trace in OtlpFileSource(path).read().traces)
    return msgspec.structs.replace(span)
