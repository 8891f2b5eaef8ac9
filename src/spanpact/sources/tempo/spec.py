"""Parse a text such as `tempo:http://HOST:3200?service=NAME&since=15m` into a Tempo source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from spanpact.sources.search.parameters import SEARCH_PARAMETERS as PARAMETERS
from spanpact.sources.search.parameters import StoreSpec
from spanpact.sources.tempo.source import TempoSource
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions


def tempo_from_spec(
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
    environ: Mapping[str, str] = os.environ,
) -> TempoSource:
    """Return the Tempo source that the text after `--from` names.

    The parameters are those of every store. `trace_ids` are read in addition to the `trace` parameters. Credentials
    come from the variables SPANPACT_TEMPO_HEADERS, SPANPACT_TEMPO_TOKEN and SPANPACT_TEMPO_TOKEN_FILE. Raise
    UsageError, which says what is accepted.
    """
    parsed = StoreSpec.parse(spec, store="Tempo", accepted=PARAMETERS)
    return TempoSource(parsed.url, **parsed.arguments(trace_ids, scenarios, tls, environ))
