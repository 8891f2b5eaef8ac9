"""Verify an OTLP file, or what a receiver has kept, without holding its traces.

Each trace is judged once the last of its spans and log records was read, and then dropped.

first pass    in which document each trace is seen for the last time, and whether there are log records (`first_pass`)
second pass   document ──▶ summaries of its spans and log records (`document_summaries`)
              ──▶ traces that are over ──▶ verdict cache, or else the engine (`trace_stream`)

The report equals that of `verify` on the whole. What this module cannot handle is left to `verify`.
"""

from __future__ import annotations

from collections.abc import Sequence

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.sources.files.byte_stream import is_read_once
from spanpact.sources.files.otlp_file import OtlpFileSource, iter_parts
from spanpact.trace.clocks import Clocks
from spanpact.trace.model import Reading, SourceInfo
from spanpact.verification.first_pass import read_first
from spanpact.verification.link_targets import LinkTargets
from spanpact.verification.stored_documents import StoredDocuments
from spanpact.verification.trace_stream import TraceStream
from spanpact.verification.verifying import StartObserver, Verification


def verify_file(
    source: OtlpFileSource,
    plans: Sequence[ContractPlan | CompiledContract],
    *,
    strict: bool = False,
    allow_unseen: bool = False,
    observer: StartObserver | None = None,
) -> Report | None:
    """Return the report on a file; it holds only the traces with findings. None if the file cannot be streamed.

    Not streamed are standard input and pipes, a file that changes while it is read, and contracts that follow links
    into other traces. Raise SourceError as `OtlpFileSource.read` does.
    """
    if is_read_once(source.path):
        return None
    info = SourceInfo(source.name, source.info.capabilities - {"logs"})
    stored = StoredDocuments(
        info, source.scenarios, source.offered, lambda: iter_parts(source.path, limits=source.limits),
        check_span_count=source.check_span_count, logs_show=True,
    )  # fmt: skip
    return verify_documents(stored, plans, strict=strict, allow_unseen=allow_unseen, observer=observer)


def verify_documents(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    *,
    strict: bool = False,
    allow_unseen: bool = False,
    header: Sequence[tuple[str, str]] = (),
    observer: StartObserver | None = None,
) -> Report | None:
    """Return the report on documents; it holds only the traces with findings. None if they cannot be streamed."""
    targets = LinkTargets()
    try:
        stream = _streamed_with_clocks(stored, plans, targets, observer)
        if stream and targets.find_dangling(stored):
            stream = _streamed_with_clocks(stored, plans, targets, observer)
    except NeedsFullDecoding:
        return None
    if not stream or not (stream.spans or stream.records):
        return None
    return stream.report(strict=strict, allow_unseen=allow_unseen, header=header)


def _streamed_with_clocks(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    targets: LinkTargets,
    observer: StartObserver | None,
) -> TraceStream | None:
    """Judge all traces, and once more if a resource was judged before it showed how coarse its times are."""
    clocks = Clocks()
    stream = _streamed(stored, plans, clocks, targets, observer)
    if stream and not clocks.all_as_used():
        stream = _streamed(stored, plans, Clocks(clocks.found()), targets, observer)
    return stream


def _streamed(
    stored: StoredDocuments,
    plans: Sequence[ContractPlan | CompiledContract],
    clocks: Clocks,
    targets: LinkTargets,
    observer: StartObserver | None,
) -> TraceStream | None:
    """Judge all traces of the documents, None if the contracts look at more than shapes hold."""
    trace_ends, info = read_first(stored)
    reading = Reading(info, (), stored.offered, clocks=clocks)
    verification = Verification(plans, reading, find_span=targets, observer=observer)
    if verification.cache is None:
        return None
    stream = TraceStream(stored, reading, verification, verification.cache, trace_ends, clocks)
    for place, document in enumerate(stored.documents(), 1):
        stream.take(document, place)
    stream.finish()
    return stream
