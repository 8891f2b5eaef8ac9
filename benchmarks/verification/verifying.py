"""Verify with this build what `paired_builds` asks for: `python -m benchmarks.verification.verifying`.

The ways: `file` and `archive` verify as `spanpact verify` does, `receiver` as `spanpact receive` does, `test` verifies
the trace of one test after another, each in an SDK's exporter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.verification.measured_runs import SEVEN, Outcome, Run, recorded, serve, wait_until_sent
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts, load_text
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.sources import OtlpFileSource, OtlpReceiver
from spanpact.sources.archive import ArchiveSource
from spanpact.sources.files.limits import FileLimits
from spanpact.testing import verify_spans
from spanpact.verification.archives.verify_archive import verify_archive
from spanpact.verification.options import VerificationOptions
from spanpact.verification.receiving import verify_received
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import Verification, verify

_LIMITS: Final = FileLimits(total=16 << 30, spans=10_000_000)
_hits = 0


def _file(path: str, plans: Sequence[ContractPlan]) -> Run:
    contracts = list(map(CompiledContract.of, plans))

    def run() -> Outcome:
        source = OtlpFileSource(path, limits=_LIMITS)
        report = verify_file(source, contracts, VerificationOptions(allow_unseen=True))
        return _outcome(report or verify(contracts, source.read(), VerificationOptions(allow_unseen=True)))

    return run


def _archive(path: str, plans: Sequence[ContractPlan]) -> Run:
    """Verify the archive beside a file, which was written from it."""
    contracts = list(map(CompiledContract.of, plans))

    def run() -> Outcome:
        with ArchiveSource(f"{path}.archive") as source:
            report = verify_archive(source, contracts, VerificationOptions(allow_unseen=True))
            return _outcome(report or verify(contracts, source.read(), VerificationOptions(allow_unseen=True)))

    return run


def _receiver(_: str, plans: Sequence[ContractPlan]) -> Run:
    contracts = list(map(CompiledContract.of, plans))
    receiver = OtlpReceiver().start()

    def run() -> Outcome:
        wait_until_sent(receiver.url)
        receiver.stop()
        return _outcome(verify_received(receiver, contracts, VerificationOptions(allow_unseen=True)))

    return run


def _test(path: str, plans: Sequence[ContractPlan]) -> Run:
    *exporters, last = map(recorded, Path(path).read_text().splitlines())

    def run() -> Outcome:
        for exporter in exporters:
            verify_spans(plans, exporter, allow_unseen=True)
        return _outcome(verify_spans(plans, last, allow_unseen=True))._replace(times=len(exporters) + 1)

    return run


def _outcome(report: Report) -> Outcome:
    assert report.reading is not None
    traces = report.reading.trace_count
    return Outcome(report.reading.span_count, traces, traces - _hits, report.verdict)


def _load(contracts: str) -> Sequence[ContractPlan]:
    return [load_text(SEVEN)] if contracts == "seven" else load_contracts([contracts])


def _note_hits(report: Callable[..., Report]) -> Callable[..., Report]:
    """Note how many traces a verification judged from its cache when it reports; a report does not say that."""

    def noted(verification: Verification, *arguments: object, **options: object) -> Report:
        global _hits
        _hits = verification.cache_hits
        return report(verification, *arguments, **options)

    return noted


if __name__ == "__main__":
    Verification.report = _note_hits(Verification.report)  # type: ignore[method-assign]
    serve({"file": _file, "archive": _archive, "receiver": _receiver, "test": _test}, _load)
