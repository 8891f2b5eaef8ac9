"""Parse a text such as `clickhouse:http://HOST:8123?database=otel&service=NAME&since=15m` into a ClickHouse source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from spanpact.sources.clickhouse.source import ClickHouseSource
from spanpact.sources.search.parameters import SEARCH_PARAMETERS, StoreSpec
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

PARAMETERS: Final = ("database", "table", *SEARCH_PARAMETERS)


def clickhouse_from_spec(
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
    environ: Mapping[str, str] = os.environ,
) -> ClickHouseSource:
    """Return the ClickHouse source that the text after `--from` names.

    The URL's parameters are `PARAMETERS`. `trace_ids` are read in addition to the `trace` parameters. Credentials come
    from the variables SPANPACT_CLICKHOUSE_HEADERS, SPANPACT_CLICKHOUSE_TOKEN and SPANPACT_CLICKHOUSE_TOKEN_FILE. Raise
    UsageError, which says what is accepted.
    """
    parsed = StoreSpec.parse(spec, store="ClickHouse", accepted=PARAMETERS)
    return ClickHouseSource(
        parsed.url,
        database=parsed.text("database", "default"),
        table=parsed.text("table", "otel_traces"),
        **parsed.arguments(trace_ids, scenarios, tls, environ),
    )
