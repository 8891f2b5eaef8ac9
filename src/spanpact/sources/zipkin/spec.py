"""Parse a text such as `zipkin:http://HOST:9411?service=NAME&since=15m` into a Zipkin source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from spanpact.sources.search.parameters import SEARCH_PARAMETERS as PARAMETERS
from spanpact.sources.search.parameters import StoreSpec
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions
from spanpact.sources.zipkin.source import ZipkinSource


def zipkin_from_spec(
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
    environ: Mapping[str, str] = os.environ,
) -> ZipkinSource:
    """Return the Zipkin source that the text after `--from` names.

    The parameters are those of every store. `trace_ids` are read in addition to the `trace` parameters. Credentials
    come from the variables SPANPACT_ZIPKIN_HEADERS, SPANPACT_ZIPKIN_TOKEN and SPANPACT_ZIPKIN_TOKEN_FILE. Raise
    UsageError, which says what is accepted.
    """
    parsed = StoreSpec.parse(spec, store="Zipkin", accepted=PARAMETERS)
    return ZipkinSource(parsed.url, **parsed.arguments(trace_ids, scenarios, tls, environ))
