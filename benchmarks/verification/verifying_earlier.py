"""The same as `verifying` for build 47e6372, whose modules have other names.

It runs with the modules of that build (`earlier_build.environment_of`), hence its imports by name: in this checkout
they do not exist. When goals name another build, only this file changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.verification.measured_runs import SEVEN, Outcome, Run, recorded, serve, wait_until_sent

engine, loader, sources, otlp_file, streaming, testing = (
    import_module(f"spanpact.{name}")
    for name in ("engine", "loader", "sources", "sources.otlp_file", "streaming", "testing")
)
_limits = otlp_file.FileLimits(total=16 << 30, spans=10_000_000)
_followed = 0


def _file(path: str, plans: Sequence[Any]) -> Run:
    contracts = list(map(engine.CompiledContract.of, plans))

    def run() -> Outcome:
        source = sources.OtlpFileSource(path, limits=_limits)
        report = streaming.verify_file(source, contracts, allow_unseen=True)
        return _outcome(report or engine.verify(contracts, source.read(), allow_unseen=True))

    return run


def _receiver(_: str, plans: Sequence[Any]) -> Run:
    contracts = list(map(engine.CompiledContract.of, plans))
    receiver = sources.OtlpReceiver().start()

    def run() -> Outcome:
        wait_until_sent(receiver.url)
        receiver.stop()
        receiver.finish()
        return _outcome(engine.verify(contracts, receiver.read(), allow_unseen=True))

    return run


def _test(path: str, plans: Sequence[Any]) -> Run:
    *exporters, last = map(recorded, Path(path).read_text().splitlines())

    def run() -> Outcome:
        for exporter in exporters:
            testing.verify_spans(plans, exporter, allow_unseen=True)
        return _outcome(testing.verify_spans(plans, last, allow_unseen=True))._replace(times=len(exporters) + 1)

    return run


def _outcome(report: Any) -> Outcome:
    traces = report.reading.trace_count
    return Outcome(report.reading.span_count, traces, traces - _followed, report.verdict)


def _load(contracts: str) -> Sequence[Any]:
    plans: Sequence[Any] = [loader.load_text(SEVEN)] if contracts == "seven" else loader.load_contracts([contracts])
    return plans


def _note_followed(report: Callable[..., Any]) -> Callable[..., Any]:
    """Note how many traces a verification judged by precedents when it reports; a report does not say that."""

    def noted(verification: Any, *arguments: object, **options: object) -> Any:
        global _followed
        _followed = verification.followed
        return report(verification, *arguments, **options)

    return noted


if __name__ == "__main__":
    engine.Verification.report = _note_followed(engine.Verification.report)
    serve({"file": _file, "archive": _file, "receiver": _receiver, "test": _test}, _load)
