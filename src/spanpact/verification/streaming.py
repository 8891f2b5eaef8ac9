"""Verify an OTLP file, or what a receiver has kept, without holding its traces.

Each trace is judged once the last of its spans and log records was read, and then dropped.

first pass    in which document each trace is seen for the last time, and whether there are log records (`first_pass`)
second pass   document ──▶ summaries of its spans and log records (`document_summaries`)
              ──▶ traces that are over ──▶ verdict cache, or else the engine (`trace_stream`)

The report equals that of `verify` on the whole. What this module cannot handle is left to `verify`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.otlp.batch import NeedsFullDecoding, UnexpectedLogs
from spanpact.sources.files.otlp_file import OtlpFileSource
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Capability, Reading, SourceInfo
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection
from spanpact.verification.documents.first_pass import FirstPass, read_first
from spanpact.verification.documents.link_targets import LinkTargets
from spanpact.verification.documents.stored_documents import AnyDocument, DocumentSource, StoredDocuments
from spanpact.verification.documents.trace_stream import TraceStream
from spanpact.verification.limits import LimitReached, Limits
from spanpact.verification.native import find_core
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.shapes.observed_properties import may_be_observed, sum_attributes
from spanpact.verification.verifying import Verification

if TYPE_CHECKING:
    from spanpact.verification.native.native_stream import NativeFirstPass


def verify_file(
    source: OtlpFileSource,
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions = DEFAULT_OPTIONS,
) -> Report | None:
    """Return the report on a file, as `verify_files` does."""
    return verify_files([source], plans, options, offered=source.offered)


def verify_files(
    sources: Sequence[OtlpFileSource],
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions = DEFAULT_OPTIONS,
    *,
    scenarios: Mapping[str, str] | None = None,
    offered: int | None = None,
    only: TraceSelection = EVERY_TRACE,
) -> Report | None:
    """Return the report on files; it holds only the traces with findings, or all with `hold`. None: not streamed.

    `scenarios` maps trace ids to labels (default: those of the first file), `offered` is the number of requests made.
    Only the traces `only` are judged, where these are given. Spans and log records of one trace in several files are
    put together.
    Not streamed are a file of OTLP that changes while it is read, contracts that follow links into other traces, and
    files that hold the same span or log record.
    Raise SourceError as `OtlpFileSource.read` does; of several files that are wrong, the caller reads on. Raise
    CacheError where the engine and the cache differ.
    """
    if not may_be_observed(_plain(plans)):
        return None
    try:
        documents = [_documents_of(source) for source in sources]
        stored = StoredDocuments(
            description_of([source.info for source in sources], offered),
            sources[0].scenarios if scenarios is None else scenarios,
            offered,
            documents,
            only=only,
            logs_show=True,
            search_in_full=options.observer is not None,  # which sees each trace once
        )
        return verify_documents(stored, plans, options)
    except SourceError:
        if len(sources) == 1:
            raise
        return None  # reading them one after another finds the first error


def _documents_of(source: OtlpFileSource) -> DocumentSource:
    """Return the documents of a file: of OTLP as they are, and others as they were decoded."""
    if source.has_parts():
        return DocumentSource(source.parts, source.check_span_count)
    from spanpact.verification.documents.spooled_file import SpooledFile  # with pickle, which OTLP does not need

    return DocumentSource(SpooledFile(source).documents, source.check_span_count)


def description_of(infos: Sequence[SourceInfo], offered: int | None) -> SourceInfo:
    """Return the description of several files together, of which it is not known yet whether they hold log records."""
    capabilities = frozenset.intersection(*(info.capabilities for info in infos)) - {"logs", "offered"}
    return SourceInfo(
        " + ".join(dict.fromkeys(info.name for info in infos)),
        capabilities | ({"offered"} if offered is not None else set[Capability]()),
        max(info.resolution_ns for info in infos),
    )


def verify_documents(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions = DEFAULT_OPTIONS,
) -> Report | None:
    """Return the report on documents; it holds only the traces with findings, or all with `hold`.

    None if they cannot be streamed.
    """
    try:
        try:
            stream = _with_links(stored, plans, options)
        except UnexpectedLogs:
            if stored.search_in_full or not stored.logs_show:
                raise
            stored = replace(stored, search_in_full=True)
            stream = _with_links(stored, plans, options)
    except NeedsFullDecoding:
        return None
    except LimitReached:
        return _report_on_nothing(stored, plans, options)
    if not stream or not (stream.spans or stream.records):
        return None
    return stream.report()


def _report_on_nothing(
    stored: StoredDocuments, plans: Sequence[ContractPlan | CompiledContract], options: VerificationOptions
) -> Report:
    """Return the report of a verification that has judged nothing, because a limit was reached."""
    reading = Reading(stored.info, (), stored.offered)
    verification = Verification(plans, reading, options)
    verification.is_stopped()
    return verification.report(reading)


def _with_links(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions,
) -> TraceStream | None:
    """Judge all traces, and once more if spans that links lead to were not there yet."""
    targets = LinkTargets()
    stream = _streamed_with_clocks(stored, plans, targets, options)
    if stream and not options.limits.reached() and targets.find_dangling(stored):
        stream = _streamed_with_clocks(stored, plans, targets, options)
    return stream


def _streamed_with_clocks(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    targets: LinkTargets,
    options: VerificationOptions,
) -> TraceStream | None:
    """Judge all traces, and once more if a resource was judged before it showed how coarse its times are."""
    clocks = Clocks()
    stream = _streamed(stored, plans, clocks, targets, options)
    if stream and not clocks.all_as_used():
        stream = _streamed(stored, plans, Clocks(clocks.found()), targets, options)
    return stream


def _streamed(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    clocks: Clocks,
    targets: LinkTargets,
    options: VerificationOptions,
) -> TraceStream | None:
    """Judge all traces of the documents, None if the contracts look at more than shapes hold."""
    plain = _plain(plans)
    if not may_be_observed(plain):
        return None
    python_only = options.hold or options.observer or sum_attributes(plain)
    watched = replace(stored, sources=[_watched(each, options.limits) for each in stored.sources])
    first = (None if python_only else _read_first_natively(watched)) or read_first(watched)
    reading = Reading(first.info, (), stored.offered, clocks=clocks)
    verification = Verification(plans, reading, options, find_span=targets)
    cache = verification.cache
    assert cache is not None
    stream: TraceStream
    if isinstance(first, FirstPass):
        stream = TraceStream(stored, reading, verification, cache, first, clocks, hold=options.hold)
    else:
        from spanpact.verification.native.native_stream import NativeStream

        stream = NativeStream(first, stored, reading, verification, cache, clocks, check_every=options.check_every)
    place = 0
    for number, source in enumerate(stored.sources):
        if number:
            stream.end_source()
        for document in source.documents():
            place += 1
            if verification.is_stopped():
                if place == 1:
                    raise LimitReached
                stream.finish(all_read=False)
                return stream
            stream.take(document, place)
    stream.finish()
    return stream


def _watched(source: DocumentSource, limits: Limits) -> DocumentSource:
    """Return a source whose documents end with LimitReached once a limit is."""

    def documents() -> Iterator[AnyDocument]:
        for document in source.documents():
            if limits.reached():
                raise LimitReached
            yield document

    return source._replace(documents=documents)


def _read_first_natively(stored: StoredDocuments) -> NativeFirstPass | None:
    """Read all documents for the first time by the core. None where that is left to Python."""
    if find_core() is None:
        return None
    from spanpact.verification.native.native_stream import read_first_natively  # imported late: few have the core

    return read_first_natively(stored)


def _plain(plans: Sequence[ContractPlan | CompiledContract]) -> list[ContractPlan]:
    return [each.plan if isinstance(each, CompiledContract) else each for each in plans]
