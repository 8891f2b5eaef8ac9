"""`spanpact verify` with stores other than Jaeger; the servers are real and give recorded answers."""

from __future__ import annotations

import pytest

from tests.cli.commands import CommandLine, one_line
from tests.sources.clickhouse.recorded_traces import RECORDED, recorded_answer
from tests.sources.scripted_http import ScriptedServer, answer
from tests.sources.tempo.tempo_answers import TRACE, search_answer, trace_answer
from tests.sources.zipkin.zipkin_answers import zipkin

CONTRACT = """
spanpact: 1
contract: shop
version: 1.0.0
span: GET /cart 'x'
kind: server
attributes: {http.route: /x, text: present}
children: {load: {span: load}}
"""
SHORT = "spanpact: 1\ncontract: shop\nversion: 1.0.0\nspan: {name}\nkind: server\n"
SECRET = "s3cr3t-key"


def clickhouse(columns: str = "map") -> ScriptedServer:
    return ScriptedServer(lambda head: answer(200, recorded_answer(head, columns)))


@pytest.mark.parametrize("columns", ["map", "json"])
@pytest.mark.parametrize("selection", ["service=shop&since=2026-01-01T00:00:00Z", f"trace={RECORDED}"])
def test_traces_in_clickhouse_are_judged(cli: CommandLine, columns: str, selection: str) -> None:
    kept, broken = cli.file("a.contract.yaml", CONTRACT), cli.file("b.contract.yaml", CONTRACT.replace("/x,", "/y,"))
    with clickhouse(columns) as server:
        source = f"clickhouse:{server.url}?{selection}"
        result = cli("verify", kept, "--from", source)
        assert f"source   ClickHouse {server.url} default.otel_traces (1 trace, 3 spans)\n" in result.out
        assert "version  ClickHouse 26.9.2\n" in result.out
        assert "1 kept, 2 findings (2 of integrity)" in result.out  # of the times of two spans
        result = cli("verify", broken, "--from", source)
        assert (result.code, "1 broken, 3 findings" in result.out) == (1, True)
        assert "top/attribute-value" in result.out


def test_traces_that_still_grow_are_left_out(cli: CommandLine) -> None:
    with clickhouse() as server:
        source = f"clickhouse:{server.url}?service=shop&since=2026-01-01T00:00:00Z&complete-after=36500d"
        result = cli("verify", cli.contract, "--from", source)
    assert result.code == 3
    assert "left out  1 trace whose last span ended less than 876000h ago" in result.out + result.err


def test_traces_in_tempo_are_judged(cli: CommandLine) -> None:
    contract = cli.file("a.contract.yaml", SHORT.format(name="GET /cart"))

    def tempo(head: str) -> bytes:
        return answer(200, search_answer(TRACE) if "/api/search" in head else trace_answer())

    with ScriptedServer(tempo) as server:
        result = cli("verify", contract, "--from", f"tempo:{server.url}?service=shop&since=2026-01-01T00:00:00Z")
    assert (result.code, result.err) == (0, "")
    assert "1 kept" in result.out


def test_traces_in_zipkin_are_judged(cli: CommandLine) -> None:
    contract = cli.file("a.contract.yaml", SHORT.format(name="load cart"))
    with ScriptedServer(zipkin) as server:
        result = cli("verify", contract, "--from", f"zipkin:{server.url}?trace=ae3937ea9e4b470f131e13ee520ac2d5")
    assert result.code == 1
    assert "version  Zipkin 3.5.1\n" in result.out
    assert "top/kind" in result.out


def test_credentials_of_clickhouse_are_sent_and_never_shown(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANPACT_CLICKHOUSE_HEADERS", f"x-clickhouse-key={SECRET}")
    with ScriptedServer(lambda head: answer(403, b"Code: 516. DB::Exception: " + SECRET.encode())) as server:
        result = cli("verify", cli.contract, "--from", f"clickhouse:{server.url}?service=shop")
        assert f"x-clickhouse-key: {SECRET}" in server.heads[0]
    assert result.code == 3
    assert one_line(result.err)
    assert SECRET not in result.out + result.err
    assert "rejects the credentials" in result.err
