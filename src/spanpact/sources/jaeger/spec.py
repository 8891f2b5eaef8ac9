"""Parse a text such as `jaeger:http://HOST:16686?service=NAME&lookback=15min` into a Jaeger source."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import parse_qsl

from spanpact.errors import UsageError
from spanpact.sources.http_client import parse_url
from spanpact.sources.http_headers import parse_headers
from spanpact.sources.jaeger.api import HEADERS_VARIABLE
from spanpact.sources.jaeger.source import COMPLETE_AFTER_SECONDS, Api, JaegerQuery, JaegerSource
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

PARAMETERS: Final = ("service", "operation", "attribute", "lookback", "limit", "trace", "complete-after", "api")
_REPEATED: Final = frozenset(["attribute", "trace"])
_UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|min|h|d)")


def jaeger_from_spec(
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
    environ: Mapping[str, str] = os.environ,
) -> JaegerSource:
    """Return the Jaeger source that the text after `--from` names.

    The URL's parameters are `service`, `operation`, `attribute=NAME=VALUE`, `lookback`, `limit`, `trace`,
    `complete-after` and `api`. `trace_ids` are read in addition to the `trace` parameters. Further headers come from
    the variable SPANPACT_JAEGER_HEADERS. Raise UsageError, which says what is accepted.
    """
    url, _, query = spec.removeprefix("jaeger:").partition("?")
    if parse_url(url).fragment or "#" in query:
        raise UsageError("Jaeger's address has a fragment", hint="write %23 for # in a value")
    given = _parameters(query)
    variable = environ.get(HEADERS_VARIABLE, "")
    return JaegerSource(
        url,
        trace_ids=(*given.get("trace", ()), *trace_ids),
        query=_query(given),
        headers=parse_headers(variable, variable=HEADERS_VARIABLE),
        tls=tls,
        scenarios=scenarios,
        complete_after_seconds=_seconds(given, "complete-after", COMPLETE_AFTER_SECONDS),
        api=_api(given),
    )


def _parameters(query: str) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True):
        if name not in PARAMETERS:
            raise UsageError(f"Jaeger: unknown parameter {name!r}", hint=f"accepted: {', '.join(PARAMETERS)}")
        if not value or (name in given and name not in _REPEATED):
            raise UsageError(f"Jaeger: {name} is {'given twice' if value else 'empty'}")
        given.setdefault(name, []).append(value)
    return given


def _query(given: Mapping[str, Sequence[str]]) -> JaegerQuery | None:
    if "service" not in given:
        return None
    (limit,) = given.get("limit", ("",))
    if limit and not (limit.isascii() and limit.isdigit() and int(limit)):
        raise UsageError(f"Jaeger: limit is {limit[:20]!r}", hint="accepted: a number of at least 1")
    return JaegerQuery(
        given["service"][0],
        operation=given.get("operation", ("",))[0],
        attributes=dict(_pair(text) for text in given.get("attribute", ())),
        lookback_seconds=_seconds(given, "lookback", 3600.0),
        limit=int(limit) if limit else None,
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError("Jaeger: an attribute is malformed", hint="accepted: attribute=NAME=VALUE")
    return name, value


def _seconds(given: Mapping[str, Sequence[str]], name: str, default: float) -> float:
    if name not in given:
        return default
    text = given[name][0]
    if not (found := _DURATION.fullmatch(text)):
        hint = "accepted: a number with ms, s, min, h or d, such as 15min"
        raise UsageError(f"Jaeger: {name} is {text[:20]!r}", hint=hint)
    return float(found[1]) * _UNITS[found[2]]


def _api(given: Mapping[str, Sequence[str]]) -> Api:
    (api,) = given.get("api", ("auto",))
    if api not in ("auto", "v3", "legacy"):
        raise UsageError(f"Jaeger: api is {api[:20]!r}", hint="accepted: auto, v3, legacy")
    return cast("Api", api)
