"""Parse the text after `--from` for a store: `SCHEME:URL?parameter=value&…`, and its credentials in the environment."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from spanpact.errors import UsageError
from spanpact.sources.http_client import DEFAULT_LIMITS, HttpLimits, parse_url
from spanpact.sources.http_headers import bearer_header, parse_headers
from spanpact.sources.search.query import Moment, TraceQuery
from spanpact.sources.search.store_source import COMPLETE_AFTER_SECONDS, SEARCH_SECONDS, StoreArguments, StoreSource
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

_Store = TypeVar("_Store", bound=StoreSource)

SEARCH_PARAMETERS: Final = (
    "service", "operation", "attribute", "since", "until", "limit", "trace", "complete-after", "timeout", "deadline",
)  # fmt: skip
"""The parameters that every store has."""

_REPEATED: Final = frozenset(["attribute", "trace"])
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|min|m|h|d)")
_DURATIONS: Final = "accepted: a number with ms, s, m, h or d, such as 15m"
_MOMENTS: Final = f"{_DURATIONS}, or a time with its zone, such as 2026-11-29T12:00:00Z"
_LONGEST_TOKEN: Final = 1 << 16  # characters


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """The URL and the parameters that a text names; `store` begins every error."""

    store: str
    url: str
    given: Mapping[str, Sequence[str]]

    @classmethod
    def parse(cls, spec: str, *, store: str, accepted: Sequence[str]) -> StoreSpec:
        """Split the text behind its scheme. Raise UsageError, which says what is accepted."""
        url, _, query = spec.partition(":")[2].partition("?")
        if parse_url(url).fragment or "#" in query:
            raise UsageError(f"{store}'s address has a fragment", hint="write %23 for # in a value")
        return cls.of_query(query, store=store, url=url, accepted=accepted)

    @classmethod
    def of_query(cls, query: str, *, store: str, url: str, accepted: Sequence[str]) -> StoreSpec:
        """Parse what follows `?`. Raise UsageError, which says what is accepted."""
        given: dict[str, list[str]] = {}
        for name, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True):
            if name not in accepted:
                raise UsageError(f"{store}: unknown parameter {name!r}", hint=f"accepted: {', '.join(accepted)}")
            if not value or (name in given and name not in _REPEATED):
                raise UsageError(f"{store}: {name} is {'given twice' if value else 'empty'}")
            given.setdefault(name, []).append(value)
        return cls(store, url, given)

    def text(self, name: str, default: str = "") -> str:
        """Return the value of a parameter that is given at most once."""
        return self.given[name][0] if name in self.given else default

    def arguments(
        self,
        trace_ids: Sequence[str],
        scenarios: Mapping[str, str] | None,
        tls: TlsOptions,
        environ: Mapping[str, str],
    ) -> StoreArguments:
        """Return the arguments of `StoreSource`, with the credentials of the environment."""
        return {
            "headers": _headers(self.store, environ),
            "scenarios": scenarios,
            "tls": tls,
            "trace_ids": (*self.given.get("trace", ()), *trace_ids),
            "query": self.query(),
            "limits": HttpLimits(seconds=self._positive("timeout", DEFAULT_LIMITS.seconds)),
            "complete_after_seconds": self._seconds("complete-after", COMPLETE_AFTER_SECONDS),
            "search_seconds": self._positive("deadline", SEARCH_SECONDS),
        }

    def query(self) -> TraceQuery | None:
        """Return the search; None where no service is given."""
        if "service" not in self.given:
            return None
        limit = self.text("limit")
        if limit and not (limit.isascii() and limit.isdigit() and int(limit)):
            raise self._refused("limit", "accepted: a number of at least 1")
        if "since" in self.given and "lookback" in self.given:
            raise UsageError(f"{self.store}: since and lookback are the same", hint="give one of them")
        since = self.moment("since") if "since" in self.given else self._positive("lookback", 3600.0)
        return TraceQuery(
            self.text("service"),
            operation=self.text("operation"),
            attributes=dict(map(self._pair, self.given.get("attribute", ()))),
            since=3600.0 if since is None else since,
            until=self.moment("until"),
            limit=int(limit) if limit else None,
        )

    def _pair(self, text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"{self.store}: an attribute is malformed", hint="accepted: attribute=NAME=VALUE")
        return name, value

    def moment(self, name: str) -> Moment | None:
        """Return a time before now in seconds, or an absolute one; None where it is not given. Raise UsageError."""
        if name not in self.given:
            return None
        text = self.text(name)
        if _DURATION.fullmatch(text):
            return self._seconds(name, 0.0)
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            raise self._refused(name, _MOMENTS, 30) from None
        if moment.utcoffset() is None:
            hint = f"write {moment.isoformat()}Z if it is UTC"
            raise UsageError(f"{self.store}: {name} is {text[:30]!r}, without a zone", hint=hint)
        return moment

    def _positive(self, name: str, default: float) -> float:
        seconds = self._seconds(name, default)
        if not seconds:
            raise self._refused(name, f"{_DURATIONS}; not 0")
        return seconds

    def _seconds(self, name: str, default: float) -> float:
        if name not in self.given:
            return default
        if not (found := _DURATION.fullmatch(self.text(name))):
            raise self._refused(name, _DURATIONS)
        return float(found[1]) * _UNITS[found[2]]

    def _refused(self, name: str, accepted: str, shown: int = 20) -> UsageError:
        return UsageError(f"{self.store}: {name} is {self.text(name)[:shown]!r}", hint=accepted)


def _headers(store: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of requests to a store: SPANPACT_STORE_HEADERS, and a bearer token from SPANPACT_STORE_TOKEN,
    or from the file that SPANPACT_STORE_TOKEN_FILE names. Raise UsageError, which never has a value.
    """
    headers_variable, token, token_file = (
        f"SPANPACT_{store.upper()}_{each}" for each in ("HEADERS", "TOKEN", "TOKEN_FILE")
    )
    headers = parse_headers(environ.get(headers_variable, ""), variable=headers_variable)
    named = [name for name in (token, token_file) if environ.get(name)]
    given = [*named, *([headers_variable] if "authorization" in headers else [])]
    if len(given) > 1:
        raise UsageError(f"{store}: both {given[0]} and {given[1]} have credentials", hint="set one of them")
    if token in named:
        headers["authorization"] = bearer_header(environ[token], variable=token)
    if token_file in named:
        text = _token_in(environ[token_file], token_file)
        headers["authorization"] = bearer_header(text, variable=token_file)
    return headers


def _token_in(path: str, variable: str) -> str:
    try:
        with Path(path).open(encoding="ascii") as file:
            return file.read(_LONGEST_TOKEN)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        # Without the path: the variable may hold the token itself by mistake.
        raise UsageError(f"{variable}: cannot read its file: {reason}", hint="accepted: a file with a token") from None


def store_from_spec(
    source: type[_Store],
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
    environ: Mapping[str, str] = os.environ,
) -> _Store:
    """Return the source, of a store without parameters of its own, that the text after `--from` names.

    `trace_ids` are read in addition to the `trace` parameters. Credentials come from SPANPACT_STORE_HEADERS,
    SPANPACT_STORE_TOKEN and SPANPACT_STORE_TOKEN_FILE, with the store's name. Raise UsageError, which says what is
    accepted.
    """
    parsed = StoreSpec.parse(spec, store=source.store, accepted=SEARCH_PARAMETERS)
    return source(parsed.url, **parsed.arguments(trace_ids, scenarios, tls, environ))
