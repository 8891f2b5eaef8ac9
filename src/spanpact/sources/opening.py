"""Open the source that the text after `--from` names."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeGuard

from spanpact.errors import UsageError
from spanpact.sources.files.otlp_file import OtlpFileSource
from spanpact.sources.tls import NO_TLS_OPTIONS, TlsOptions
from spanpact.sources.trace_source import TraceSource

if TYPE_CHECKING:
    from spanpact.sources.archive import ArchiveSource

_STORES = ("jaeger", "clickhouse", "tempo", "zipkin")
_ARCHIVES = ("parquet", "duckdb")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):")  # at least two characters, as `c:` is a drive


class StoreFactory(Protocol):
    """A function that parses the text after `--from` into the source of a store or an archive."""

    def __call__(
        self, spec: str, *, scenarios: Mapping[str, str] | None, trace_ids: Sequence[str], tls: TlsOptions
    ) -> TraceSource: ...


def open_source(
    spec: str,
    *,
    scenarios: Mapping[str, str] | None = None,
    trace_ids: Sequence[str] = (),
    tls: TlsOptions = NO_TLS_OPTIONS,
    growing: bool = False,
) -> TraceSource:
    """Open the source that `spec` names: the path of a trace file, `-` for standard input, or `scheme:…`.

    A scheme is one of `_STORES` or `_ARCHIVES`, or the name of an entry point of the group `spanpact.sources`.
    `scenarios` maps trace ids to labels. `trace_ids` are read by sources that can be queried by id, `tls` is used by
    sources over https.
    `growing`: a file may still be written, so that its traces are not complete.
    Raise UsageError for an empty text or an unknown scheme, SourceError for a plug-in that fails.
    """
    if not spec:
        raise UsageError("the source is empty", hint=_accepted())
    scheme = _SCHEME.match(spec)
    if scheme is None or Path(spec).exists():
        return OtlpFileSource(spec, scenarios=scenarios, growing=growing)
    if scheme[1] in _STORES:  # imported late: they have an HTTP client, which no file needs
        store: StoreFactory = getattr(import_module(f"spanpact.sources.{scheme[1]}.spec"), f"{scheme[1]}_from_spec")
        return store(spec, scenarios=scenarios, trace_ids=trace_ids, tls=tls)
    if scheme[1] in _ARCHIVES:
        from spanpact.sources.archive.spec import archive_from_spec

        return archive_from_spec(spec, scenarios=scenarios, trace_ids=trace_ids, tls=tls)
    from importlib.metadata import entry_points  # takes long to import, and no file needs it

    from spanpact.sources.plugins import ENTRY_POINT_GROUP, open_plugin

    plugins = {plugin.name: plugin for plugin in entry_points(group=ENTRY_POINT_GROUP)}
    if scheme[1] not in plugins:
        raise UsageError(f"unknown source scheme {scheme[1]!r}", hint=_meant(scheme[1], spec, *sorted(plugins)))
    return open_plugin(plugins[scheme[1]], spec, scenarios)


def is_archive(source: TraceSource) -> TypeGuard[ArchiveSource]:
    """Return whether a source is an archive; without importing what archives need, if none was opened."""
    module = sys.modules.get("spanpact.sources.archive.source")
    return module is not None and isinstance(source, module.ArchiveSource)


def _meant(scheme: str, spec: str, *plugins: str) -> str:
    """Return the source that may have been meant, and what is accepted."""
    if scheme in ("http", "https"):
        return f"name the store in front of its URL: jaeger:{spec}; {_accepted(*plugins)}"
    from difflib import get_close_matches

    near = get_close_matches(scheme, (*_STORES, *_ARCHIVES, *plugins), 1)
    return f"did you mean `{near[0]}:`? {_accepted(*plugins)}" if near else _accepted(*plugins)


def _accepted(*schemes: str) -> str:
    stores = "".join(f", {store}:http://…" for store in _STORES)
    others = "".join(f", {scheme}:…" for scheme in schemes)
    archives = ", parquet:FOLDER, duckdb:FILE"
    return f"accepted: the path of a trace file, - for standard input{stores}{archives}{others}"
