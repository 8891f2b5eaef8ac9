"""Verify a file with the core and without it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.errors import SpanpactError
from spanpact.findings import Report
from spanpact.reporting import render_json, render_text
from spanpact.sources import OtlpFileSource
from spanpact.sources.files import FileLimits
from spanpact.verification.native.core_module import SWITCH, find_core
from spanpact.verification.native.native_stream import NativeStream
from spanpact.verification.options import VerificationOptions
from spanpact.verification.streaming import verify_file
from spanpact.verification.verifying import verify

Contracts = Sequence[CompiledContract | ContractPlan]
DEFAULT_LIMITS = FileLimits()


def installed_core() -> Any:
    """Return the core's module, for a test that is marked `core`."""
    module = find_core()
    assert module is not None
    return module


@contextmanager
def without_core() -> Iterator[None]:
    """Switch the core off."""
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "off"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before


class Counted:
    """Counts the documents and traces of which the core takes care."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.documents = self.taken = self.traces = self.counted = 0
        is_taken, finish = NativeStream._is_taken, NativeStream.finish

        def count_document(stream: NativeStream, *arguments: Any) -> bool:
            taken = is_taken(stream, *arguments)
            self.documents += 1
            self.taken += taken
            return taken

        def count_traces(stream: NativeStream) -> None:
            finish(stream)
            self.traces += stream._core.counts[1]
            self.counted += stream._core.counts[2]

        monkeypatch.setattr(NativeStream, "_is_taken", count_document)
        monkeypatch.setattr(NativeStream, "finish", count_traces)


def outcome(verify: Callable[[], Report]) -> Sequence[str]:
    """Return all that a verification says: both reports, or why it refuses."""
    try:
        report = verify()
    except SpanpactError as error:
        return type(error).__name__, str(error)
    return render_json(report), render_text(report)


def both_outcomes(
    file: Path, contracts: Contracts, limits: FileLimits = DEFAULT_LIMITS
) -> tuple[Sequence[str], Sequence[str]]:
    """Return what verifying a file says with the core, and without it."""

    def judged() -> Report:
        source = OtlpFileSource(file, limits=limits)
        report = verify_file(source, contracts, VerificationOptions(allow_unseen=True))
        return report or verify(contracts, source.read(), VerificationOptions(allow_unseen=True))

    there = outcome(judged)
    with without_core():
        return there, outcome(judged)
