"""Verify an archive without holding its traces. The report is that of the files from which it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.otlp.batch import NeedsFullDecoding
from spanpact.sources.archive import ArchiveSource
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection
from spanpact.verification.archives.grouping import verify_groups
from spanpact.verification.documents.stored_documents import DocumentSource, StoredDocuments
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.streaming import description_of, verify_documents


def verify_archive(
    source: ArchiveSource,
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions = DEFAULT_OPTIONS,
    *,
    scenarios: Mapping[str, str] | None = None,
    offered: int | None = None,
    only: TraceSelection = EVERY_TRACE,
) -> Report | None:
    """Return the report on an archive, as `verify_files` does on files. None: it cannot be streamed.

    Raise SourceError where the archive cannot be read.
    """
    stored = stored_documents(source, scenarios=scenarios, offered=offered, only=only)
    try:
        grouped = verify_groups(source, stored, plans, options)
    except NeedsFullDecoding:
        return None
    return grouped or verify_documents(stored, plans, options)


def stored_documents(
    source: ArchiveSource, *, scenarios: Mapping[str, str] | None, offered: int | None, only: TraceSelection
) -> StoredDocuments:
    """Return the documents of an archive, those of each of its sources by themselves."""
    described = description_of(source.source_infos(), offered)
    return StoredDocuments(
        msgspec.structs.replace(described, version=source.info.version),
        source.scenarios if scenarios is None else scenarios,
        offered,
        [DocumentSource(each) for each in source.documents()],
        only=only,
        logs_show=True,
        search_in_full=True,
    )
