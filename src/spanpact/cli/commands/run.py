"""`spanpact run`: run a command with an OTLP receiver for its traces, and verify what arrived."""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanpact.cli.arguments.judged_by import add_judging_options, load_judged_by
from spanpact.cli.arguments.levels import with_levels_named
from spanpact.cli.arguments.options import EXIT_CODES, Parser, add_verification_options
from spanpact.cli.arguments.scenario_labels import parse_labels, read_labels, unknown_scenarios_warning
from spanpact.cli.losses import lost
from spanpact.cli.output import print_message, save_file
from spanpact.cli.reports import check_output_files, write_report
from spanpact.cli.running.command_environment import command_environment
from spanpact.cli.running.last_spans import wait_for_last_spans
from spanpact.cli.running.process import describe_exit, forwarding_signals, run_command
from spanpact.errors import UsageError
from spanpact.privacy import mask
from spanpact.sources import OtlpReceiver, encode_traces_json
from spanpact.sources.receiver.intake.received_traffic import ALL_GROW, NOTHING_GROWS
from spanpact.verification.receiving import verify_received

SCENARIOS_VARIABLE: Final = "SPANPACT_SCENARIOS"
"""The environment variable that names the file to which the command may append lines `TRACE_ID SCENARIO`."""
NOTHING_ARRIVED: Final = (
    "no span arrived: check that the command has a tracing SDK which exports by {protocol} to "
    "OTEL_EXPORTER_OTLP_ENDPOINT, that it samples, and that it shuts its tracer provider down before it ends"
)
_GRPC_ARRIVED: Final = (
    "no span arrived: the command exports by OTLP/gRPC to the port for OTLP/HTTP; add --protocol grpc"
)
# The port differs in every run: without it, two reports on the same traces are equal.
_SOURCE_NAME: Final = "OTLP receiver"
PROTOCOLS: Final = {"http/protobuf": "OTLP/HTTP", "grpc": "OTLP/gRPC"}


def build_parser() -> Parser:
    """Return the parser of `spanpact run`; it does not see the command behind `--`."""
    parser = Parser(
        "run",
        "Run a command, receive the traces it exports by OTLP, and verify them when it has ended.",
        usage="spanpact run [options] [CONTRACTS...] -- COMMAND [ARGUMENT...]",
        examples=[
            "spanpact run contracts/ -- pytest tests/e2e",
            "spanpact run contracts/ --save traces.json -- ./start-service.sh",
        ],
        exit_codes=f"{EXIT_CODES}; the command's own exit code if that is not 0",
    )
    add_judging_options(parser)
    add_command_options(parser)
    add_verification_options(parser)
    return parser


def add_command_options(parser: Parser) -> None:
    """Add the options about the traces of a command: `--protocol` and `--save`."""
    parser.add_argument(
        "--protocol", choices=("http/protobuf", "grpc"), default="http/protobuf",
        help="the OTLP protocol that the command exports by (default: http/protobuf)",
    )  # fmt: skip
    parser.add_argument(
        "--save", metavar="FILE.json", help="keep the traces that arrived as an OTLP file (default: not kept)"
    )


def run(arguments: Sequence[str]) -> int:
    """Run the command, verify its traces and write the report.

    Returns the command's exit code, or that of the report if the command ended with 0.
    """
    own, command = split_command(arguments)
    given = build_parser().parse_intermixed_args(own)
    if not command:
        hint = "it comes after --: spanpact run CONTRACTS -- COMMAND"
        raise UsageError("there is no command to run", hint=hint)
    check_output_files(given, given.save)
    judged_by = load_judged_by(given)
    plans = judged_by.plans
    labels = read_labels(given.scenarios) if given.scenarios else {}
    received = receive_from(command, given, labels)
    code, counts = received.code, received.receiver.counts
    losses = lost(counts)
    changed = [("changed", f"variables of the command: {mask(received.changes)}")] if received.changes else []
    if warning := unknown_scenarios_warning(received.receiver.scenarios, plans):
        print_message(f"warning: {warning}")
    report = verify_received(
        received.receiver,
        plans,
        judged_by.options(given, hold=given.trees, header=[("command", mask(shlex.join(command))), *changed, *losses]),
        growing_since=ALL_GROW if counts.dropped else NOTHING_GROWS,  # dropped spans leave gaps
        source_name=_SOURCE_NAME,
    )
    failed_early = bool(code) and not counts.received and not losses
    write_report(
        with_levels_named(report, given), given, plans, brief=failed_early
    )  # the command's last lines stay visible
    if received.not_saved:  # told after the report, which it must not keep away
        print_message(f"error: {received.not_saved}")
    if failed_early:
        print_message(
            f"no span arrived, so nothing was verified; {describe_exit(code)}; spanpact exits with {code} too"
        )
        return code
    if not counts.received:
        print_message(_GRPC_ARRIVED if counts.http_2 else NOTHING_ARRIVED.format(protocol=PROTOCOLS[given.protocol]))
    if code:
        print_message(f"{describe_exit(code)}; spanpact exits with {code} too, whatever the report says")
    return code or (received.not_saved.exit_code if received.not_saved else report.exit_code)


def split_command(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return spanpact's own arguments, and the command after the first `--`."""
    given = list(arguments)
    if "--" not in given:
        return given, []
    at = given.index("--")
    return given[:at], given[at + 1 :]


@dataclass(frozen=True, slots=True)
class Received:
    """The exit code, the stopped receiver, what was changed of the variables, and the error of `--save`, if any."""

    code: int
    receiver: OtlpReceiver
    changes: str
    not_saved: UsageError | None


def receive_from(command: Sequence[str], given: argparse.Namespace, labels: Mapping[str, str]) -> Received:
    """Run the command with a receiver, write `--save`, and return what it sent; the receiver has all labels."""
    started = OtlpReceiver(grpc=True) if given.protocol == "grpc" else OtlpReceiver()
    with tempfile.TemporaryDirectory(prefix="spanpact-") as folder, started as receiver:
        file = Path(folder, "scenarios")
        file.touch()
        variables = receiver.env(protocol=given.protocol) | {SCENARIOS_VARIABLE: str(file)}
        environment = command_environment(os.environ, variables)
        with forwarding_signals() as signals:
            code = run_command(command, environment.variables, signals)
            wait_for_last_spans(receiver, f"{SCENARIOS_VARIABLE}={file}", lambda: signals.stopped)
        receiver.stop()
        receiver.offered = given.offered
        not_saved = save_file(given.save, lambda: encode_traces_json(receiver.read())) if given.save else None
        text = file.read_text(encoding="utf-8", errors="replace")
        receiver.scenarios = {**labels, **parse_labels(text.splitlines(), file=SCENARIOS_VARIABLE)}
    return Received(code, receiver, environment.changes, not_saved)
