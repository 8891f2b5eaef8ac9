"""The text `jaeger:http://HOST:16686?service=NAME`, and what goes with it."""

from __future__ import annotations

import pytest

from spanpact.errors import UsageError
from spanpact.sources import JaegerQuery, JaegerSource, TlsOptions, open_source
from spanpact.sources.jaeger.spec import jaeger_from_spec

HOST = "jaeger:http://localhost:16686"


def test_every_parameter_is_parsed() -> None:
    source = jaeger_from_spec(
        f"{HOST}/base?service=a%26b&operation=GET+/x&attribute=k=v=w&attribute=n=5&lookback=1.5h&limit=20&trace=ab"
        "&complete-after=30s&api=v3",
        trace_ids=["cd"],
        scenarios={"x": "y"},
        environ={},
    )
    assert source.query == JaegerQuery("a&b", "GET+/x", {"k": "v=w", "n": "5"}, 5400.0, 20)
    assert source.trace_ids == ("ab".zfill(32), "cd".zfill(32))
    assert source.scenarios == {"x": "y"}
    assert source.info.name == "Jaeger http://localhost:16686/base"


def test_parameters_have_defaults() -> None:
    assert jaeger_from_spec(f"{HOST}?service=a", environ={}).query == JaegerQuery("a")


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("15s", 15), ("2min", 120), ("1h", 3600), ("0.5d", 43200)]
)
def test_durations_have_units(text: str, seconds: float) -> None:
    query = jaeger_from_spec(f"{HOST}?service=a&lookback={text}", environ={}).query
    assert query is not None
    assert query.lookback_seconds == seconds


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
        (f"{HOST}?service=a&lookback=1w", "lookback is '1w' (accepted: a number with ms, s, min, h or d"),
        (f"{HOST}?service=a&lookback=0s", "positive lookback"),
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


def test_open_source_passes_trace_ids_labels_and_tls_to_jaeger() -> None:
    source = open_source(HOST, trace_ids=["ab"], tls=TlsOptions())
    assert isinstance(source, JaegerSource)
    assert source.trace_ids == ("ab".zfill(32),)
    with pytest.raises(UsageError, match=r"cannot use nowhere\.pem"):
        open_source("jaeger:https://a?service=a", tls=TlsOptions("nowhere.pem"))
