"""The text `jaeger:http://HOST:16686?service=NAME`, and what goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.errors import SourceError, UsageError
from spanpact.sources import JaegerSource, TlsOptions, TraceQuery, open_source
from spanpact.sources.jaeger.spec import jaeger_from_spec
from tests.sources.scripted_http import ScriptedServer, answer

HOST = "jaeger:http://localhost:16686"


def test_every_parameter_is_parsed() -> None:
    source = jaeger_from_spec(
        f"{HOST}/base?service=a%26b&operation=GET+/x&attribute=k=v=w&attribute=n=5&lookback=1.5h&limit=20&trace=ab"
        "&complete-after=30s&api=v3",
        trace_ids=["cd"],
        scenarios={"x": "y"},
        environ={},
    )
    assert source.query == TraceQuery("a&b", "GET+/x", {"k": "v=w", "n": "5"}, 5400.0, 20)
    assert source.trace_ids == ("ab".zfill(32), "cd".zfill(32))
    assert source.scenarios == {"x": "y"}
    assert source.info.name == "Jaeger http://localhost:16686/base"


def test_parameters_have_defaults() -> None:
    assert jaeger_from_spec(f"{HOST}?service=a", environ={}).query == TraceQuery("a")


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("15s", 15), ("15m", 900), ("2min", 120), ("1h", 3600), ("0.5d", 43200)]
)
@pytest.mark.parametrize("name", ["since", "lookback"])
def test_durations_have_units(name: str, text: str, seconds: float) -> None:
    query = jaeger_from_spec(f"{HOST}?service=a&{name}={text}", environ={}).query
    assert query is not None
    assert query.since == seconds


@pytest.mark.parametrize("text", ["2026-11-29T12:00:00.5Z", "2026-11-29T13:00:00.5+01:00", "20261129T120000.5Z"])
def test_a_window_may_have_absolute_bounds(text: str) -> None:
    query = jaeger_from_spec(f"{HOST}?service=a&since={text}&until=1s", environ={}).query
    assert query is not None
    start, end = query.window(10**18 * 2)
    assert (start, end) == (1_795_953_600_500_000_000, 10**18 * 2 - 10**9)


def test_a_window_without_an_end_ends_after_now() -> None:
    assert TraceQuery("a", since=1).window(10**18) == (10**18 - 10**9, 10**18 + 60 * 10**9)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (HOST, "neither traces nor a service"),
        (f"{HOST}?", "neither traces nor a service"),
        ("jaeger:", "not an address"),
        ("jaeger:localhost:16686?service=a", "not an address"),
        ("jaeger:ftp://a?service=a", "not an address"),
        (f"{HOST}?servce=a", "unknown parameter 'servce' (accepted: service, operation"),
        (f"{HOST}?service=a&service=b", "service is given twice"),
        (f"{HOST}?service=", "service is empty"),
        (f"{HOST}?service=a&limit=0", "limit is '0'"),
        (f"{HOST}?service=a&limit=many", "limit is 'many'"),
        (f"{HOST}?service=a&lookback=1w", "lookback is '1w' (accepted: a number with ms, s, m, h or d, such as 15m)"),
        (
            f"{HOST}?service=a&lookback=0s",
            "lookback is '0s' (accepted: a number with ms, s, m, h or d, such as 15m; not 0)",
        ),
        (f"{HOST}?service=a&lookback=1h&since=1h", "since and lookback are the same"),
        (
            f"{HOST}?service=a&since=yesterday",
            "since is 'yesterday' (accepted: a number with ms, s, m, h or d, such as",
        ),
        (f"{HOST}?service=a&since=2026-11-29T12:00:00", "without a zone (write 2026-11-29T12:00:00Z if it is UTC)"),
        (f"{HOST}?service=a&since=2026-11-29", "without a zone (write 2026-11-29T00:00:00Z if it is UTC)"),
        (f"{HOST}?service=a&since=1m&until=5m", "since is not before until (accepted: such as since=15m&until=1m;"),
        (
            f"{HOST}?service=a&until=2h",
            "since is not before until (accepted: such as since=15m&until=1m; without since",
        ),
        (f"{HOST}?service=a&timeout=0s", "timeout is '0s'"),
        (f"{HOST}?service=a&deadline=soon", "deadline is 'soon'"),
        (f"{HOST}?service=a&attribute=k", "attribute=NAME=VALUE"),
        (f"{HOST}?service=a&api=v4", "api is 'v4' (accepted: auto, v3, legacy)"),
        (f"{HOST}?trace=xyz", "not a trace id"),
        (f"{HOST}?service=a#b", "has a fragment"),
        (f"{HOST}#b?service=a", "has a fragment"),
    ],
)
def test_a_wrong_text_is_one_error_line(spec: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        jaeger_from_spec(spec, environ={})
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_headers_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANPACT_JAEGER_HEADERS", "authorization=s3cr3t,broken")
    with pytest.raises(UsageError, match="SPANPACT_JAEGER_HEADERS: header 2 is malformed") as raised:
        open_source(f"{HOST}?service=a")
    assert "s3cr3t" not in str(raised.value)


SECRET = "s3cr3t-t0ken"


def test_a_bearer_token_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    for environ in ({"SPANPACT_JAEGER_TOKEN": SECRET}, {"SPANPACT_JAEGER_TOKEN_FILE": str(file)}):
        with ScriptedServer(lambda head: answer(401)) as server:
            source = jaeger_from_spec(f"jaeger:{server.url}?trace=1", environ=environ)
            with pytest.raises(SourceError):
                source.read()
        assert f"authorization: Bearer {SECRET}\r\n" in server.heads[0]


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"SPANPACT_JAEGER_TOKEN": f"Bearer {SECRET}"}, "SPANPACT_JAEGER_TOKEN: the token is empty or malformed"),
        ({"SPANPACT_JAEGER_TOKEN_FILE": "missing"}, "SPANPACT_JAEGER_TOKEN_FILE: cannot read its file: No such file"),
        ({"SPANPACT_JAEGER_TOKEN": SECRET, "SPANPACT_JAEGER_HEADERS": f"authorization={SECRET}"}, "set one of them"),
        ({"SPANPACT_JAEGER_TOKEN": SECRET, "SPANPACT_JAEGER_TOKEN_FILE": "x"}, "set one of them"),
    ],
)
def test_wrong_credentials_are_one_error_line_without_them(environ: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        jaeger_from_spec(f"{HOST}?service=a", environ=environ)
    assert words in str(raised.value)
    assert SECRET not in str(raised.value)


def test_open_source_passes_trace_ids_labels_and_tls_to_jaeger() -> None:
    source = open_source(HOST, trace_ids=["ab"], tls=TlsOptions())
    assert isinstance(source, JaegerSource)
    assert source.trace_ids == ("ab".zfill(32),)
    with pytest.raises(UsageError, match=r"cannot use nowhere\.pem"):
        open_source("jaeger:https://a?service=a", tls=TlsOptions("nowhere.pem"))
