"""One contract, one verdict: traces in the answers of Tempo's API, against the same traces in memory.

The answers are written as the documentation of the API has them, with the spans in OTLP JSON: no Tempo can be had here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from hypothesis import given, settings

from spanpact.sources import TempoSource, encode_traces_json
from spanpact.trace.model import Reading, SourceInfo
from tests.properties import examples
from tests.sources.every_source import only
from tests.sources.files.written_formats import each_span
from tests.sources.scripted_http import ScriptedServer, answer
from tests.sources.trace_strategies import situations
from tests.verification.test_same_verdict import utf8
from tests.verification.test_same_verdict_of_formats import QUIET, Situation, assert_same, has_spans


@given(situations.filter(lambda situation: has_spans(situation[1])))
@settings(max_examples=examples(25), **QUIET)
def test_tempo_says_what_memory_says(situation: Situation) -> None:
    contracts, reading = situation
    memory = complete(utf8(each_span(reading, lambda span: span)))
    answers = {trace.trace_id: b'{"trace":%b}' % encode_traces_json(Reading(MADE, [trace])) for trace in memory.traces}

    def script(head: str) -> bytes:
        path = urlsplit(head.split()[1]).path
        return answer(200, answers[path.removeprefix("/api/v2/traces/")])

    with ScriptedServer(script) as server:
        labels = {trace.trace_id: trace.scenario for trace in memory.traces}
        source = TempoSource(server.url, trace_ids=list(answers), scenarios=labels, offered=memory.offered)
        there = only(source.read(), memory)
    assert_same(contracts, memory, there, "tempo")


MADE = SourceInfo("made")


def complete(reading: Reading) -> Reading:
    """Return the traces as Tempo gives them: without logs, and complete, as their spans ended long ago."""
    traces = [msgspec.structs.replace(trace, logs=(), complete=True) for trace in reading.traces if trace.spans]
    return msgspec.structs.replace(reading, traces=traces)
