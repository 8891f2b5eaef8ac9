"""Verify files that are still being written, once their verdict is settled, without holding their traces.

Each look at the files decodes them into a temporary file (`SpooledFile`), which is judged as it is, and again as
complete if nothing comes. The report equals that of `wait_for_verdict` on the whole.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.sources.files.otlp_file import OtlpFileSource
from spanpact.sources.merging import labelled, merged, selected, with_offered
from spanpact.trace.trace_selection import EVERY_TRACE, TraceSelection
from spanpact.verification.documents.spooled_file import SpooledFile
from spanpact.verification.documents.stored_documents import DocumentSource, StoredDocuments
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.streaming import description_of, verify_documents
from spanpact.verification.verifying import verify
from spanpact.verification.waiting import Poll, WaitSettings, wait


def verify_growing_files(
    sources: Sequence[OtlpFileSource],
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions = DEFAULT_OPTIONS,
    *,
    settings: WaitSettings,
    scenarios: Mapping[str, str] | None = None,
    offered: int | None = None,
    only: TraceSelection = EVERY_TRACE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Return the report on files that grow, as `verify_files` does, once it is settled or the time is up.

    Raise SourceError as `wait_for_verdict` does.
    """
    labels = scenarios or {}

    def read() -> Sequence[SpooledFile]:
        return [SpooledFile(source, only) for source in sources]

    def judge(files: Sequence[SpooledFile], *, complete: bool = False) -> Report:
        stored = StoredDocuments(
            description_of([each.info for each in files], offered),
            labels,
            offered,
            [DocumentSource(each.documents) for each in files],
            settled=math.inf if complete else 0,
            only=only,
            logs_show=True,
        )
        return verify_documents(stored, plans, options) or judge_whole(files, complete=complete)

    def judge_whole(files: Sequence[SpooledFile], *, complete: bool) -> Report:
        readings = [labelled(selected(each.reading(complete=complete), only), labels) for each in files]
        return verify(plans, with_offered(merged(readings), offered), options)

    poll = Poll(
        read,
        judge,
        lambda files: judge(files, complete=True),
        lambda files: tuple(each.content for each in files),
        lambda files: only.missing({trace_id for each in files for trace_id in each.found}),
        traces_known=bool(only) and only.all_whole,
    )
    return wait(poll, settings, clock=clock, sleep=sleep)
