"""One contract, one verdict: traces in every format of files, against the same traces in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from spanpact.contract.loader import load_text
from spanpact.engine import CompiledContract
from spanpact.sources import OtlpFileSource
from spanpact.trace.model import ALL_CAPABILITIES, Reading, SourceInfo, Span, Trace
from spanpact.verification.comparison.source_comparison import compare
from spanpact.verification.verifying import verify
from tests.properties import examples
from tests.sources.every_source import differences, only, without_capabilities
from tests.sources.files.written_formats import (
    as_go_console,
    as_python_console,
    as_zipkin,
    each_span,
    forms_of_otlp,
    is_a_tag,
    is_json,
    is_of_go,
    whole_microseconds,
    with_service_only,
    with_values,
)
from tests.sources.trace_strategies import situations
from tests.verification.test_same_verdict import departures, each_id_once, utf8

Situation: TypeAlias = tuple[Sequence[CompiledContract], Reading]
QUIET: Any = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
}


def read(path: Path, content: bytes, like: Reading) -> Reading:
    path.write_bytes(content)
    return only(OtlpFileSource(path, offered=like.offered).read(), like)


def has_spans(reading: Reading) -> bool:
    return any(trace.spans for trace in reading.traces)


def assert_same(contracts: Sequence[CompiledContract], memory: Reading, there: Reading, form: str) -> None:
    wanted = verify(contracts, without_capabilities(memory, there.source))
    assert differences(verify(contracts, there), wanted) == [], form


@given(situations.filter(lambda situation: has_spans(situation[1])))
@settings(max_examples=examples(15), **QUIET)
def test_every_form_of_otlp_says_what_memory_says(tmp_path: Path, situation: Situation) -> None:
    contracts, reading = situation
    memory = utf8(each_span(reading, lambda span: span))
    for form, content in forms_of_otlp(memory):
        there = read(tmp_path / "traces", content, memory)
        assert_same(contracts, reversed_spans(memory), there, form)


def reversed_spans(reading: Reading) -> Reading:
    """Return the traces with their spans in the order of `one_span_a_line`."""
    traces = [msgspec.structs.replace(trace, spans=list(reversed(trace.spans))) for trace in reading.traces]
    return msgspec.structs.replace(reading, traces=list(reversed(traces)))


@given(situations.filter(lambda situation: has_spans(situation[1])))
@settings(max_examples=examples(25), **QUIET)
def test_the_console_output_of_go_says_what_memory_says(tmp_path: Path, situation: Situation) -> None:
    contracts, reading = situation
    memory = without_resource_schema(with_values(utf8(reading), is_of_go))
    there = read(tmp_path / "traces", as_go_console(memory), memory)
    assert_same(contracts, memory, there, "Go")


def without_resource_schema(reading: Reading) -> Reading:
    def of_span(span: Any) -> Any:
        return msgspec.structs.replace(span, resource=msgspec.structs.replace(span.resource, schema_url=""))

    return each_span(reading, of_span)


@given(situations.filter(lambda situation: has_spans(situation[1])))
@settings(max_examples=examples(25), **QUIET)
def test_the_console_output_of_python_says_what_memory_says(tmp_path: Path, situation: Situation) -> None:
    contracts, reading = situation
    memory = with_values(whole_microseconds(utf8(reading)), is_json)
    there = read(tmp_path / "traces", as_python_console(memory), memory)
    assert_same(contracts, memory, there, "Python")


@given(situations.filter(lambda situation: has_spans(situation[1])))
@settings(max_examples=examples(60), **QUIET)
def test_zipkins_json_reports_nothing_else_than_memory(tmp_path: Path, situation: Situation) -> None:
    """All its values are texts: what cannot be decided is not checked. No finding is invented, none lost unseen."""
    contracts, reading = situation
    changed = with_values(whole_microseconds(utf8(reading)), is_a_tag, of_events=is_json)
    memory = each_id_once(with_service_only(changed))
    there = read(tmp_path / "traces", as_zipkin(memory), memory)
    whole = verify(contracts, without_remote_flags(memory))
    texts = verify(contracts, there)
    assert departures(texts) - departures(whole) == set()
    carried = verify(contracts, without_capabilities(memory, with_types(there)))
    for wanted, seen in zip(carried.results, texts.results, strict=True):
        lost = departures(carried, wanted.contract) - departures(texts, wanted.contract)
        assert not lost or any(each.reason == "capability" for each in seen.not_checked), lost


def with_types(there: Reading) -> SourceInfo:
    """Return the source with the capabilities of types, which decide how values are judged and not what is there."""
    more = {"value_types", "scalar_types", "number_types", "bytes", "status_ok"}
    return msgspec.structs.replace(there.source, capabilities=there.source.capabilities | more)


def without_remote_flags(reading: Reading) -> Reading:
    """Return the reading without what decides whether the parent of an orphan is in another process."""
    return without_capabilities(reading, SourceInfo("memory", ALL_CAPABILITIES - {"remote"}))


WRITTEN: dict[str, Callable[[Reading], bytes]] = {
    "Go": as_go_console,
    "Python": as_python_console,
    "Zipkin": as_zipkin,
    **{
        form: lambda reading, form=form: dict(forms_of_otlp(reading))[form]  # type: ignore[misc]
        for form, _ in forms_of_otlp(Reading(SourceInfo("none"), [Trace("a" * 32, [Span("a" * 32, "b" * 16, "x")])]))
    },
}
KEPT = CompiledContract.of(
    load_text("""
spanpact: 1
contract: shop
version: 1.0.0
span: GET /cart
kind: server
children: {load: {span: load, kind: internal, status: error, attributes: {from: cache}, duration: {at_most: 2ms}}}
""")
)
BREAKS: dict[str, dict[str, Any]] = {
    "span-missing": {"name": "store"},
    "kind": {"kind": "client"},
    "status": {"status": "unset"},
    "attribute-value": {"attributes": {"from": "disk"}},
    "attribute-missing": {"attributes": {}},
    "duration": {"end_ns": 1_800_000_000_009_000_000},
}


def shop(**changed: Any) -> Reading:
    start = 1_800_000_000_000_000_000
    end = start + 10_000_000
    top = Span("a" * 32, "b" * 16, "GET /cart", "", "server", start, end, parent_remote=False)
    load = Span("a" * 32, "c" * 16, "load", "b" * 16, "internal", start, start + 2_000_000, "error")
    load = msgspec.structs.replace(load, attributes={"from": "cache"}, parent_remote=False)
    return Reading(SourceInfo("made"), [Trace("a" * 32, [top, msgspec.structs.replace(load, **changed)])])


@pytest.mark.parametrize("form", WRITTEN)
def test_a_break_is_found_in_every_format(tmp_path: Path, form: str) -> None:
    """The properties above hold of a reader that reads nothing, too."""
    kept = shop()
    assert verify([KEPT], read(tmp_path / "traces", WRITTEN[form](kept), kept)).verdict == "kept"
    for finding, changed in BREAKS.items():
        broken = shop(**changed)
        report = verify([KEPT], read(tmp_path / "traces", WRITTEN[form](broken), broken))
        assert (report.verdict, [each.id for each in report.findings if each.breaks]) == ("broken", [finding]), changed


@pytest.mark.parametrize("form", WRITTEN)
def test_a_comparison_with_memory_finds_what_differs_and_nothing_else(tmp_path: Path, form: str) -> None:
    kept = shop()
    there = read(tmp_path / "traces", WRITTEN[form](kept), kept)
    assert compare(kept, there).verdict == "kept"
    other = read(tmp_path / "traces", WRITTEN[form](shop(attributes={"from": "disk"})), kept)
    assert compare(kept, other).verdict == "broken"
