"""A search in ClickHouse is judged by groups with the report of reading all of it: by answers that were recorded.

integration/stores has the tests with ClickHouse itself.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from spanpact.reporting import TextOptions, render_json, render_text
from spanpact.sources import TraceQuery
from spanpact.verification.grouped_search import grouped_search, judging, verify_grouped_search
from spanpact.verification.live_search import verify_search
from tests.sources.clickhouse.recorded_groups import OPTIONS, RECORDED, key_of, source
from tests.sources.scripted_http import ScriptedServer, answer
from tests.verification.judged_traces import CONTRACT, judged_by


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    monkeypatch.setattr(grouped_search, "_LEAST_TRACES", 1)
    answers = json.loads(gzip.decompress(RECORDED.read_bytes()))

    def script(head: str) -> bytes:
        return answer(200, answers[key_of(head.split()[1])].encode())

    with ScriptedServer(script) as running:
        yield running


def test_the_report_is_that_of_reading_all(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = judged_by(judging, monkeypatch)
    grouped = verify_grouped_search(source(server.url), [CONTRACT], OPTIONS)
    whole = verify_search(source(server.url), [CONTRACT], OPTIONS)
    assert grouped is not None
    assert whole is not None
    options = TextOptions(coverage=True, everything=True)
    assert render_text(grouped, options) == render_text(whole, options)
    assert render_json(grouped) == render_json(whole)
    assert grouped.reading is not None
    assert (grouped.reading.trace_count, grouped.reading.left_out) == (159, 1)
    assert {finding.id for finding in grouped.results[0].findings} >= {"privacy-leak", "attribute-value"}
    assert len(set(judged)) < 40


def test_few_traces_are_read_as_they_are(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped_search, "_LEAST_TRACES", 160)
    assert verify_grouped_search(source(server.url), [CONTRACT], OPTIONS) is None


def test_where_most_would_be_judged_all_are_read(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped_search, "_MOST_JUDGED", 0.01)
    assert verify_grouped_search(source(server.url), [CONTRACT], OPTIONS) is None


def test_a_limit_and_options_that_need_each_trace_are_left_to_the_search(server: ScriptedServer) -> None:
    limited = source(server.url)
    limited.query = TraceQuery("shop", limit=3)
    assert verify_grouped_search(limited, [CONTRACT], OPTIONS) is None
    for options in (replace(OPTIONS, hold=True), replace(OPTIONS, check_every=2)):
        assert verify_grouped_search(source(server.url), [CONTRACT], options) is None
    assert not server.targets


def test_a_store_that_fails_is_left_to_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse: Callable[[str], bytes] = lambda head: answer(500, b"Code: 241. DB::Exception: Memory limit exceeded")  # noqa: E731
    with ScriptedServer(refuse) as server:
        assert verify_grouped_search(source(server.url), [CONTRACT], OPTIONS) is None
