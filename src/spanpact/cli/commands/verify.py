"""`spanpact verify`: verify traces against contracts, or check the contracts' own examples."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spanpact.cli.arguments.judged_by import JudgedBy, add_judging_options, load_judged_by
from spanpact.cli.arguments.levels import are_changed, with_levels_named
from spanpact.cli.arguments.options import (
    SOURCE_KINDS,
    Parser,
    add_flag,
    add_reading_options,
    add_source_option,
    add_verification_options,
    check_interval,
)
from spanpact.cli.arguments.scenario_labels import read_labels, unknown_scenarios_warning
from spanpact.cli.output import print_message
from spanpact.cli.reports import check_output_files, write_report
from spanpact.errors import UsageError

if TYPE_CHECKING:
    from spanpact.cli.reading import SourceOptions
    from spanpact.contract.compiled import ContractPlan
    from spanpact.engine import CompiledContract
    from spanpact.findings import Report
    from spanpact.sources import TraceSource
    from spanpact.sources.archive import ArchiveSource
    from spanpact.verification.options import VerificationOptions
    from spanpact.verification.waiting import WaitSettings


def build_parser() -> Parser:
    """Return the parser of `spanpact verify`."""
    parser = Parser(
        "verify",
        "Verify traces against contracts and packs. Without --from, check the contracts' own examples.",
        examples=[
            "spanpact verify contracts/ --from traces.json",
            "spanpact verify contracts/ --from jaeger:http://localhost:16686 --trace 4bf92f3577b34da6a3ce929d0e0e4736",
            "spanpact verify --pack instrumentation-score --from traces.json",
            "spanpact verify contracts/",
        ],
    )
    add_judging_options(parser)
    add_source_option(
        parser, f"where the traces are: {SOURCE_KINDS}; may be repeated, spans of one trace are put together"
    )
    add_flag(parser, "--examples", "check the contracts' own examples (default without --from)")
    add_reading_options(parser)
    add_limit_options(parser)
    add_verification_options(parser)
    help = "judge every N-th trace whose verdict is from the cache by the engine too, and stop if that differs"
    parser.add_argument("--check-every", type=check_interval, default=0, metavar="N", help=f"{help} (default: none)")
    return parser


def add_limit_options(parser: Parser) -> None:
    """Add `--time-limit` and `--memory-limit`."""
    rest = "what was not judged by then is not checked (default: no limit)"
    parser.add_argument("--time-limit", type=_time_limit, metavar="SECONDS", help=f"stop after so long; {rest}")
    parser.add_argument(
        "--memory-limit", type=_memory_limit, metavar="MIB", help=f"stop when the process holds so much memory; {rest}"
    )


def _time_limit(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a number of seconds above 0, such as 60")
    return seconds


def _memory_limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not int(text):
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a whole number of MiB, such as 512")
    return int(text)


def run(arguments: Sequence[str]) -> int:
    """Verify, write the report and return the exit code."""
    given = build_parser().parse_intermixed_args(arguments)
    _check_usage(given)
    check_output_files(given)
    judged_by = load_judged_by(given)
    report = _verify_traces(judged_by, given) if given.sources else _verify_examples(judged_by.plans, given)
    write_report(with_levels_named(report, given), given, judged_by.plans)
    return report.exit_code


def _check_usage(given: argparse.Namespace) -> None:
    """Raise `UsageError` for options that exclude each other."""
    if given.examples and given.sources:
        raise UsageError("--examples and --from exclude each other")
    if given.packs and not given.sources:
        raise UsageError("--pack needs --from", hint="a pack judges the traces of a source")
    if not given.sources and not given.contracts:
        raise UsageError("no contracts and no traces are given", hint="accepted: CONTRACTS, --from SOURCE, or both")
    if are_changed(given) and not given.sources:
        raise UsageError("--level and --fail-on need --from", hint="examples list findings at the contract's levels")
    if given.scenarios and not given.sources:
        raise UsageError("--scenarios needs --from", hint="examples name their scenario themselves")
    if given.offered is not None and not given.sources:
        raise UsageError("--offered needs --from", hint="examples give the number themselves: `offered`")
    if given.check_every and not given.sources:
        raise UsageError("--check-every needs --from", hint="examples are judged by the engine alone")
    if (given.time_limit or given.memory_limit) and not given.sources:
        raise UsageError("--time-limit and --memory-limit need --from", hint="examples are small")
    if given.time_limit and given.wait >= given.time_limit:
        raise UsageError(
            f"--wait {given.wait:g} leaves no time to judge before --time-limit {given.time_limit:g}",
            hint="give a time limit that is longer than the wait",
        )
    if (given.traces or given.wait) and not given.sources:
        raise UsageError("--trace and --wait need --from", hint="examples are always there and complete")


def _verify_examples(plans: Sequence[ContractPlan], given: argparse.Namespace) -> Report:
    from spanpact.verification.examples.contract_examples import verify_examples

    return verify_examples(plans, strict=given.strict, allow_unseen=given.allow_unseen)


def _verify_traces(judged_by: JudgedBy, given: argparse.Namespace) -> Report:
    from spanpact.cli.progress import progress
    from spanpact.cli.reading import opened, readings_of, source_options
    from spanpact.engine import CompiledContract
    from spanpact.sources.merging import merged, with_offered
    from spanpact.sources.opening import is_archive
    from spanpact.verification.limits import Limits
    from spanpact.verification.verifying import verify
    from spanpact.verification.waiting import WaitSettings, wait_for_verdict

    settings = WaitSettings(given.wait)
    labels = read_labels(given.scenarios) if given.scenarios else {}
    if warning := unknown_scenarios_warning(labels, judged_by.plans):
        print_message(f"warning: {warning}")
    compiled = [CompiledContract.of(plan) for plan in judged_by.plans]
    options = judged_by.options(
        given,
        hold=bool(given.trees or given.traces),
        check_every=given.check_every,
        limits=Limits(given.time_limit, given.memory_limit),
    )
    reading_options = source_options(given, labels)
    with progress("verifying") as note, opened(given.sources, reading_options) as sources:
        for each in filter(is_archive, sources):
            each.note = note
        if report := _verify_streaming(sources, compiled, options, reading_options, settings):
            return report
        return wait_for_verdict(
            lambda: with_offered(merged(readings_of(sources, reading_options)), reading_options.offered),
            lambda reading: verify(compiled, reading, options),
            settings,
            wanted=reading_options.wanted,
        )


def _verify_streaming(
    sources: Sequence[TraceSource],
    compiled: Sequence[CompiledContract],
    options: VerificationOptions,
    reading_options: SourceOptions,
    settings: WaitSettings,
) -> Report | None:
    """Verify files, or one search in a store such as Jaeger, without holding all traces in memory.

    Returns None for any other sources.
    """
    from spanpact.sources import OtlpFileSource
    from spanpact.sources.opening import is_archive

    files = [source for source in sources if isinstance(source, OtlpFileSource)]
    if len(files) < len(sources):
        if len(sources) == 1 and is_archive(sources[0]):
            return _verify_archive(sources[0], compiled, options, reading_options)
        simple = len(sources) == 1 and not options.hold
        return _verify_search(sources[0], compiled, options, reading_options, settings) if simple else None
    labels, offered, wanted = reading_options.scenarios, reading_options.offered, reading_options.wanted
    if settings.timeout:
        if not all(each.is_growing for each in files):
            return None
        from spanpact.verification.following import verify_growing_files

        return verify_growing_files(
            files, compiled, options, settings=settings, scenarios=labels, offered=offered, only=wanted
        )
    from spanpact.verification.streaming import verify_files
    from spanpact.verification.waiting import check_missing

    report = verify_files(files, compiled, options, scenarios=labels, offered=offered, only=wanted)
    return report and check_missing(report, wanted)


def _verify_archive(
    source: ArchiveSource,
    compiled: Sequence[CompiledContract],
    options: VerificationOptions,
    reading_options: SourceOptions,
) -> Report | None:
    """Verify an archive; its traces are complete, so nothing is waited for."""
    from spanpact.verification.archives.verify_archive import verify_archive
    from spanpact.verification.waiting import check_missing

    labels, offered, wanted = reading_options.scenarios, reading_options.offered, reading_options.wanted
    report = verify_archive(source, compiled, options, scenarios=labels, offered=offered, only=wanted)
    return report and check_missing(report, wanted)


def _verify_search(
    source: TraceSource,
    compiled: Sequence[CompiledContract],
    options: VerificationOptions,
    reading_options: SourceOptions,
    settings: WaitSettings,
) -> Report | None:
    """Verify a search in a store such as Jaeger. Return None for any other source."""
    from spanpact.sources import ClickHouseSource
    from spanpact.sources.search import StoreSource  # with an HTTP client, which no file needs
    from spanpact.verification.live_search import verify_search

    if not isinstance(source, StoreSource) or not source.is_search:
        return None
    source.offered = reading_options.offered
    if isinstance(source, ClickHouseSource) and not settings.timeout:
        from spanpact.verification.grouped_search import verify_grouped_search

        if report := verify_grouped_search(source, compiled, options):
            return report
    return verify_search(source, compiled, options, settings=settings)
