"""Parse a text such as `jaeger:http://HOST:16686?service=NAME&since=15m` into a Jaeger source."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast
from urllib.parse import parse_qsl

from spanpact.errors import UsageError
from spanpact.sources.http_client import DEFAULT_LIMITS, HttpLimits, parse_url
from spanpact.sources.http_headers import bearer_header, parse_headers
from spanpact.sources.jaeger.api import HEADERS_VARIABLE, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE
from spanpact.sources.jaeger.query import JaegerQuery, Moment
from spanpact.sources.jaeger.source import COMPLETE_AFTER_SECONDS, SEARCH_SECONDS, Api, JaegerSource
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

PARAMETERS: Final = (
    "service", "operation", "attribute", "since", "until", "lookback", "limit", "trace", "complete-after", "timeout",
    "deadline", "api",
)  # fmt: skip
_REPEATED: Final = frozenset(["attribute", "trace"])
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|min|m|h|d)")
_DURATIONS: Final = "accepted: a number with ms, s, m, h or d, such as 15m"
_MOMENTS: Final = f"{_DURATIONS}, or a time with its zone, such as 2026-11-29T12:00:00Z"
_LONGEST_TOKEN: Final = 1 << 16  # characters


def jaeger_from_spec(
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
    environ: Mapping[str, str] = os.environ,
) -> JaegerSource:
    """Return the Jaeger source that the text after `--from` names.

    The URL's parameters are `PARAMETERS`. `trace_ids` are read in addition to the `trace` parameters. Credentials come
    from the variables SPANPACT_JAEGER_TOKEN, SPANPACT_JAEGER_TOKEN_FILE and SPANPACT_JAEGER_HEADERS. Raise UsageError,
    which says what is accepted.
    """
    url, _, query = spec.removeprefix("jaeger:").partition("?")
    if parse_url(url).fragment or "#" in query:
        raise UsageError("Jaeger's address has a fragment", hint="write %23 for # in a value")
    given = _parameters(query)
    return JaegerSource(
        url,
        trace_ids=(*given.get("trace", ()), *trace_ids),
        query=_query(given),
        headers=_headers(environ),
        tls=tls,
        scenarios=scenarios,
        limits=HttpLimits(seconds=_positive(given, "timeout", DEFAULT_LIMITS.seconds)),
        complete_after_seconds=_seconds(given, "complete-after", COMPLETE_AFTER_SECONDS),
        search_seconds=_positive(given, "deadline", SEARCH_SECONDS),
        api=_api(given),
    )


def _headers(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers with the credentials of the environment."""
    headers = parse_headers(environ.get(HEADERS_VARIABLE, ""), variable=HEADERS_VARIABLE)
    named = [name for name in (TOKEN_VARIABLE, TOKEN_FILE_VARIABLE) if environ.get(name)]
    given = [*named, *([HEADERS_VARIABLE] if "authorization" in headers else [])]
    if len(given) > 1:
        raise UsageError(f"Jaeger: both {given[0]} and {given[1]} have credentials", hint="set one of them")
    if TOKEN_VARIABLE in named:
        headers["authorization"] = bearer_header(environ[TOKEN_VARIABLE], variable=TOKEN_VARIABLE)
    if TOKEN_FILE_VARIABLE in named:
        headers["authorization"] = bearer_header(_token_in(environ[TOKEN_FILE_VARIABLE]), variable=TOKEN_FILE_VARIABLE)
    return headers


def _token_in(path: str) -> str:
    try:
        with Path(path).open(encoding="ascii") as file:
            return file.read(_LONGEST_TOKEN)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise UsageError(
            f"{TOKEN_FILE_VARIABLE}: cannot read {path}: {reason}", hint="accepted: a file with a token"
        ) from None


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
    if "since" in given and "lookback" in given:
        raise UsageError("Jaeger: since and lookback are the same", hint="give one of them")
    since = _moment(given, "since") if "since" in given else _positive(given, "lookback", 3600.0)
    return JaegerQuery(
        given["service"][0],
        operation=given.get("operation", ("",))[0],
        attributes=dict(_pair(text) for text in given.get("attribute", ())),
        since=3600.0 if since is None else since,
        until=_moment(given, "until"),
        limit=int(limit) if limit else None,
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError("Jaeger: an attribute is malformed", hint="accepted: attribute=NAME=VALUE")
    return name, value


def _moment(given: Mapping[str, Sequence[str]], name: str) -> Moment | None:
    """Return a time before now in seconds, or an absolute one."""
    if name not in given:
        return None
    text = given[name][0]
    if _DURATION.fullmatch(text):
        return _seconds(given, name, 0.0)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"Jaeger: {name} is {text[:30]!r}", hint=_MOMENTS) from None
    if moment.utcoffset() is None:
        raise UsageError(f"Jaeger: {name} is {text[:30]!r}, without a zone", hint=f"write {text[:30]}Z if it is UTC")
    return moment


def _positive(given: Mapping[str, Sequence[str]], name: str, default: float) -> float:
    seconds = _seconds(given, name, default)
    if not seconds:
        raise UsageError(f"Jaeger: {name} is {given[name][0][:20]!r}", hint=f"{_DURATIONS}; not 0")
    return seconds


def _seconds(given: Mapping[str, Sequence[str]], name: str, default: float) -> float:
    if name not in given:
        return default
    text = given[name][0]
    if not (found := _DURATION.fullmatch(text)):
        raise UsageError(f"Jaeger: {name} is {text[:20]!r}", hint=_DURATIONS)
    return float(found[1]) * _UNITS[found[2]]


def _api(given: Mapping[str, Sequence[str]]) -> Api:
    (api,) = given.get("api", ("auto",))
    if api not in ("auto", "v3", "legacy"):
        raise UsageError(f"Jaeger: api is {api[:20]!r}", hint="accepted: auto, v3, legacy")
    return cast("Api", api)
