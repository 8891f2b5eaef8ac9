"""`spanpact run`: runs a command with a receiver for its traces, and verifies what arrived."""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from spanpact.cli.common import (
    Parser,
    add_report_options,
    deliver,
    labels,
    read_scenarios,
    say,
    unknown_scenarios,
)
from spanpact.cli.output import check_writable, write_file
from spanpact.cli.process import run_command, said
from spanpact.cli.reading import labelled
from spanpact.contract.loader import load_contracts
from spanpact.errors import UsageError
from spanpact.privacy import mask
from spanpact.sources import OtlpReceiver, ReceiverCounts, encode_traces_json
from spanpact.trace.model import Reading
from spanpact.verification.verifying import verify

Header: TypeAlias = list[tuple[str, str]]

SCENARIOS_VARIABLE = "SPANPACT_SCENARIOS"
"""Names the file to which the command may append lines `TRACE_ID SCENARIO`."""


def parser() -> Parser:
    """The options of `spanpact run`; the command stands behind `--`."""
    usage = "spanpact run [options] CONTRACTS... -- COMMAND [ARGUMENT...]"
    made = Parser("run", "Runs a command, receives the traces it exports by OTLP, and verifies them.", usage=usage)
    made.add_argument("contracts", nargs="+", metavar="CONTRACTS", help="contract files, or folders of them")
    made.add_argument(
        "--protocol", choices=("http/protobuf", "grpc"), default="http/protobuf", help="what the command exports by"
    )
    made.add_argument("--save", metavar="FILE.json", help="keep the traces that arrived, as an OTLP file")
    add_report_options(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Runs, verifies, reports; the exit code is the command's own unless that is 0."""
    own, command = _split(arguments)
    given = parser().parse_intermixed_args(own)
    if not command:
        raise UsageError("there is no command to run", hint="it stands behind --: spanpact run CONTRACTS -- COMMAND")
    for file in (given.output, given.save):
        if file and file != "-":
            check_writable(Path(file))
    plans = load_contracts(given.contracts)
    known = read_scenarios(given.scenarios) if given.scenarios else {}
    code, reading, header = _receive(command, given, known)
    given_labels = {trace.trace_id: trace.scenario for trace in reading.traces if trace.scenario}
    if warning := unknown_scenarios(given_labels, plans):
        say(f"warning: {warning}")
    report = verify(plans, reading, strict=given.strict, allow_unseen=given.allow_unseen, header=header)
    deliver(report, given, plans)
    if not reading.traces:
        say(f"no span arrived: {_HINT}")
    if code:
        say(f"{said(code)}; that is the exit code, whatever the report says")
    return code or report.exit_code


_HINT = (
    "does the command export by OTLP/HTTP, to the endpoint in OTEL_EXPORTER_OTLP_ENDPOINT; is it sampled, is "
    "OTEL_SDK_DISABLED unset; does it flush (shut its tracer provider down) before it ends?"
)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is for spanpact, and the command behind the first `--`."""
    given = list(arguments)
    if "--" not in given:
        return given, []
    at = given.index("--")
    return given[:at], given[at + 1 :]


def _receive(
    command: Sequence[str], given: argparse.Namespace, known: Mapping[str, str]
) -> tuple[int, Reading, Header]:
    """Runs the command; its exit code, what arrived (labelled, and saved where asked), lines for the header."""
    made = OtlpReceiver(grpc=True) if given.protocol == "grpc" else OtlpReceiver()
    with tempfile.TemporaryDirectory(prefix="spanpact-") as folder, made as receiver:
        file = Path(folder, "scenarios")
        file.touch()
        variables = receiver.env(protocol=given.protocol) | {SCENARIOS_VARIABLE: str(file)}
        code = run_command(command, os.environ | variables)
        receiver.stop()
        counts = receiver.counts
        if not counts.dropped:  # else traces have gaps, and no verdict on them can be trusted
            receiver.finish()
        # A port of its own in each run: it says nothing afterwards, and two reports of the same would differ.
        reading = receiver.read()
        source = msgspec.structs.replace(reading.source, name="OTLP receiver")
        reading = msgspec.structs.replace(reading, source=source)
        if given.save:
            write_file(given.save, encode_traces_json(reading))
        text = file.read_text(encoding="utf-8", errors="replace")
        reading = labelled(reading, {**known, **labels(text.splitlines(), file=SCENARIOS_VARIABLE)})
    return code, reading, [("command", mask(shlex.join(command))), *_losses(counts)]


def _losses(counts: ReceiverCounts) -> Header:
    lines = []
    if counts.dropped:
        lines.append(("dropped", f"{counts.dropped} spans and logs, as there was no room: the traces are incomplete"))
    if counts.rejected:
        lines.append(("refused", f"{counts.rejected} requests to the receiver, malformed or too large"))
    return lines
