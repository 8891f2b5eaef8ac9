"""Parse a text such as `jaeger:http://HOST:16686?service=NAME&since=15m` into a Jaeger source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final, cast

from spanpact.errors import UsageError
from spanpact.sources.jaeger.source import Api, JaegerSource
from spanpact.sources.search.parameters import SEARCH_PARAMETERS, StoreSpec
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

PARAMETERS: Final = (*SEARCH_PARAMETERS, "lookback", "api")


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
    parsed = StoreSpec.parse(spec, store="Jaeger", accepted=PARAMETERS)
    api = parsed.text("api", "auto")
    if api not in ("auto", "v3", "legacy"):
        raise UsageError(f"Jaeger: api is {api[:20]!r}", hint="accepted: auto, v3, legacy")
    arguments = parsed.arguments(trace_ids, scenarios, tls, environ)
    return JaegerSource(parsed.url, api=cast("Api", api), **arguments)
