"""The text `clickhouse:http://HOST:8123?service=NAME`, and what goes with it."""

from __future__ import annotations

import pytest

from spanpact.errors import UsageError
from spanpact.sources import ClickHouseSource, TraceQuery, open_source
from spanpact.sources.clickhouse.spec import clickhouse_from_spec
from tests.sources.clickhouse.recorded_traces import recorded_answer
from tests.sources.scripted_http import ScriptedServer, answer

HOST = "clickhouse:http://localhost:8123"


def test_every_parameter_is_parsed() -> None:
    source = clickhouse_from_spec(
        f"{HOST}?database=otel&table=spans&service=a%26b&operation=GET+/x&attribute=k=v&since=15m&until=1m&limit=2"
        "&trace=ab&complete-after=30s&timeout=5s&deadline=2m",
        trace_ids=["cd"],
        scenarios={"x": "y"},
        environ={},
    )
    assert source.query == TraceQuery("a&b", "GET+/x", {"k": "v"}, 900.0, 2, 60.0)
    assert source.trace_ids == ("ab".zfill(32), "cd".zfill(32))
    assert source.scenarios == {"x": "y"}
    assert source.info.name == "ClickHouse http://localhost:8123 otel.spans"


def test_parameters_have_defaults() -> None:
    source = clickhouse_from_spec(f"{HOST}?service=a", environ={})
    assert source.query == TraceQuery("a")
    assert source.info.name.endswith(" default.otel_traces")


def test_open_source_knows_the_scheme() -> None:
    with open_source(f"{HOST}?service=a") as source:
        assert isinstance(source, ClickHouseSource)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (HOST, "ClickHouse: neither traces nor a service"),
        (f"{HOST}?service=a&password=pw-x", "unknown parameter 'password' (accepted: database, table, service"),
        (f"{HOST}?service=a&database=a.b", "ClickHouse: database is 'a.b' (accepted: letters"),
        (f"{HOST}?service=a&table=", "ClickHouse: table is empty"),
        (f"{HOST}?service=a&since=1m&until=1m", "ClickHouse: since is not before until"),
        (f"{HOST}?service=a&lookback=1m", "unknown parameter 'lookback'"),
        ("clickhouse:http://default:pw-x@localhost?service=a", "credentials do not belong in a URL"),
        ("clickhouse:localhost:8123?service=a", "not an address"),
    ],
)
def test_mistakes_are_refused_without_secrets(spec: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        clickhouse_from_spec(spec, environ={})
    assert words in str(raised.value)
    assert "pw-x" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "value", "header"),
    [
        ("SPANPACT_CLICKHOUSE_HEADERS", "x-clickhouse-user=me,x-clickhouse-key=a%2Cb", "x-clickhouse-key: a,b"),
        ("SPANPACT_CLICKHOUSE_TOKEN", "abcdef", "authorization: Bearer abcdef"),
    ],
)
def test_credentials_are_of_the_environment(variable: str, value: str, header: str) -> None:
    with ScriptedServer(lambda head: answer(200, recorded_answer(head, "map"))) as server:
        clickhouse_from_spec(f"clickhouse:{server.url}?service=a", environ={variable: value}).read()
        assert all(header in head for head in server.heads)
        assert len(server.heads) == 2
