"""Parse a text such as `parquet:FOLDER?service=NAME&since=1d` into the source of an archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from spanpact.errors import UsageError
from spanpact.sources.archive.selection import ArchiveSelection
from spanpact.sources.archive.source import ArchiveSource
from spanpact.sources.search.parameters import StoreSpec
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions

PARAMETERS: Final = ("service", "since", "trace")


def archive_from_spec(
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
) -> ArchiveSource:
    """Return the archive that the text after `--from` names. Raise UsageError, which says what is accepted.

    `trace_ids` are read in addition to the `trace` parameters; without both, all traces are.
    """
    storage, _, rest = spec.partition(":")
    path, _, query = (rest, "", "") if Path(rest).exists() else rest.partition("?")
    if not path:
        accepted = "parquet:FOLDER" if storage == "parquet" else "duckdb:FILE"
        raise UsageError(f"{storage}: names no archive", hint=f"accepted: {accepted}")
    parsed = StoreSpec.of_query(query, store=storage, url=path, accepted=PARAMETERS)
    selection = ArchiveSelection(parsed.text("service"), parsed.moment("since"))
    return ArchiveSource(
        path,
        "parquet" if storage == "parquet" else "duckdb",
        selection=selection,
        trace_ids=(*parsed.given.get("trace", ()), *trace_ids),
        scenarios=scenarios,
    )
