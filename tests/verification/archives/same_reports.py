"""Compare the report on an archive with that on the files from which it was written, as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.errors import SourceError
from spanpact.findings import Report
from spanpact.reporting import TextOptions, render_json, render_text
from spanpact.sources import OtlpFileSource
from spanpact.sources.archive import ArchiveSource
from spanpact.sources.archive.writing.writer import ArchiveWriter
from spanpact.sources.merging import merged
from spanpact.verification.archives.verify_archive import verify_archive
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.streaming import verify_files
from spanpact.verification.verifying import verify

Contracts = Sequence[CompiledContract | ContractPlan]


def archived(folder: Path, files: Sequence[Path], **options: Any) -> Path:
    """Write files to an archive and return its folder."""
    with ArchiveWriter(folder, **options) as writer:
        for file in files:
            source = OtlpFileSource(file)
            there = writer.source(str(file))
            for batch in source.batches():
                writer.add(there, batch)
            there.capabilities = sorted(source.info.capabilities)
            there.resolution_ns = source.info.resolution_ns
            writer.finish(there)
    return folder


def texts(report: Report, name: str) -> tuple[str, str]:
    """Return the report as text, with all that it can show, and as JSON; the source's name is replaced."""
    text = render_text(report, TextOptions(coverage=True, everything=True))
    return text.replace(name, "SOURCE"), render_json(report).replace(name, "SOURCE")


def report_on_files(files: Sequence[Path], contracts: Contracts, options: VerificationOptions) -> Report:
    """Return the report on files, as `spanpact verify` makes it."""
    sources = [OtlpFileSource(file) for file in files]
    found = verify_files(sources, contracts, options)
    return found or verify(contracts, merged([each.read() for each in sources]), options)


def report_on_archive(source: ArchiveSource, contracts: Contracts, options: VerificationOptions) -> Report:
    """Return the report on an archive, as `spanpact verify` makes it."""
    found = verify_archive(source, contracts, options)
    return found or verify(contracts, source.read(), options)


def assert_same(
    folder: Path,
    files: Sequence[Path],
    contracts: Contracts,
    options: VerificationOptions = DEFAULT_OPTIONS,
    **writing: Any,
) -> Report | None:
    """Write files to an archive, and compare the reports. Return that on the archive; None if nothing can be read."""
    try:
        wanted = report_on_files(files, contracts, options)
    except SourceError:
        return None
    archive = archived(folder, files, **writing)
    with ArchiveSource(str(archive)) as source:
        there = report_on_archive(source, contracts, options)
        assert texts(there, source.name) == texts(wanted, " + ".join(map(str, files)))
    return there
