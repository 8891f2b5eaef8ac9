"""`spanpact conform`: let a service perform the scenarios of the shipped contracts over HTTP, and judge its traces."""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from spanpact.cli.arguments.options import Parser, add_flag
from spanpact.cli.commands.run import NOTHING_ARRIVED, PROTOCOLS, add_command_options, split_command
from spanpact.cli.output import print_message, print_text, save_file
from spanpact.cli.running.command_environment import command_environment
from spanpact.cli.running.last_spans import wait_for_last_spans
from spanpact.cli.running.process import describe_exit
from spanpact.cli.running.service_process import Interrupts, ServiceProcess
from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources import OtlpReceiver, encode_traces_json

if TYPE_CHECKING:
    from spanpact.conformance.scenario_service import Claims, ScenarioService
    from spanpact.conformance.scenarios import Scenario
    from spanpact.trace.model import Reading

PORT_VARIABLE: Final = "PORT"
"""The environment variable that says where the service listens."""
_PAUSE_SECONDS: Final = 0.02
_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"


def build_parser() -> Parser:
    """Return the parser of `spanpact conform`; it does not see the command behind `--`."""
    parser = Parser(
        "conform",
        "Start a service, let it perform the scenarios that it claims over HTTP, stop it, and judge the traces that it "
        "exported by the contracts that spanpact ships.",
        usage="spanpact conform [options] -- COMMAND [ARGUMENT...]",
        examples=[
            "spanpact conform -- npm start",
            "spanpact conform --scenario redis-set -- ./my-service",
            "spanpact conform --list",
        ],
        exit_codes="0 every scenario kept its contracts, 1 one broke a contract, 2 wrong usage, 3 one could not be "
        "checked, or the service did not answer",
    )
    parser.add_argument(
        "--url", default="", metavar="URL",
        help=f"where the service answers (default: http://127.0.0.1:${PORT_VARIABLE}, a free port that the service is "
        "given in that variable)",
    )  # fmt: skip
    parser.add_argument(
        "--scenario", action="append", default=[], dest="chosen", metavar="NAME",
        help="perform only this scenario; may be repeated (default: all that the service claims)",
    )  # fmt: skip
    parser.add_argument(
        "--start-within", type=_seconds, default=60.0, metavar="SECONDS",
        help="how long the service may take until it answers (default: 60)",
    )  # fmt: skip
    add_flag(parser, "--list", "print all scenarios and the contracts that their traces must keep (default: off)")
    add_command_options(parser)
    return parser


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a number of seconds, such as 10") from None


def run(arguments: Sequence[str]) -> int:
    """Run the service, perform its scenarios, judge them, print how each ended, and return the exit code."""
    own, command = split_command(arguments)
    given = build_parser().parse_args(own)
    if given.list:
        return _list()
    if not command:
        raise UsageError("there is no command to run", hint="it comes after --: spanpact conform -- COMMAND")
    from spanpact.conformance.scenario_service import ScenarioService, named_scenario

    chosen = [named_scenario(name) for name in given.chosen]
    port = "" if given.url else str(_free_port())
    service = ScenarioService(given.url or f"http://127.0.0.1:{port}")
    performed = _Performed(service, chosen, given)
    receiver = OtlpReceiver(grpc=True) if given.protocol == "grpc" else OtlpReceiver()
    with receiver, Interrupts() as interrupts:
        variables = receiver.env(protocol=given.protocol) | ({PORT_VARIABLE: port} if port else {})
        process = ServiceProcess(command, command_environment(os.environ, variables).variables)
        try:
            interrupts.release()
            performed.drive(process)
            if ended := process.stop():
                print_message(f"warning: {ended}")
            wait_for_last_spans(receiver, f"{_ENDPOINT}={variables[_ENDPOINT]}", lambda: False)
        finally:
            process.kill()
    receiver.finish()
    return _report(performed, receiver.read(), receiver.counts.received, command, given)


def _list() -> int:
    from spanpact.conformance.scenarios import SCENARIOS

    widest = max(len(scenario.name) for scenario in SCENARIOS)
    for each in SCENARIOS:
        print_text(f"{each.name.ljust(widest)}  {each.about} ({', '.join(each.contracts)})\n", sys.stdout)
    return 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class _Performed:
    """What a service claims, and the traces of each scenario that it performed, or why it did not."""

    def __init__(self, service: ScenarioService, chosen: Sequence[Scenario], given: argparse.Namespace) -> None:
        self.service = service
        self.traces: dict[Scenario, tuple[str, ...] | str] = {}
        self.claims: Claims
        self._chosen, self._start_within = chosen, given.start_within

    def drive(self, process: ServiceProcess) -> None:
        """Let the service perform its scenarios, one after the other. Raise SourceError if it does not answer."""
        self.claims = self._wait_for_claims(process)
        claimed = self.claims.scenarios
        if lacking := [each.name for each in self._chosen if each not in claimed]:
            names = ", ".join(each.name for each in claimed)
            raise SourceError(f"{self.claims.name} does not claim {', '.join(lacking)}", hint=f"it claims {names}")
        for scenario in self._chosen or claimed:
            try:
                self.traces[scenario] = self.service.perform(scenario)
            except SourceError as error:
                self.traces[scenario] = str(error)

    def _wait_for_claims(self, process: ServiceProcess) -> Claims:
        deadline = time.monotonic() + self._start_within
        while True:
            try:
                return self.service.claims(seconds=max(deadline - time.monotonic(), _PAUSE_SECONDS))
            except SourceUnavailable as error:
                if (code := process.exit_code) is not None:
                    raise SourceError(f"the service ended before it answered: {describe_exit(code)}") from None
                if time.monotonic() >= deadline:
                    what = f"{self.service.url} did not answer GET /scenarios within {self._start_within:g} s"
                    hint = f"the service must listen on the port in {PORT_VARIABLE}, or where --url says"
                    raise SourceError(f"{what}: {error.message}", hint=hint) from None
            time.sleep(_PAUSE_SECONDS)


def _report(
    performed: _Performed, reading: Reading, received: int, command: Sequence[str], given: argparse.Namespace
) -> int:
    from spanpact.cli.reports import for_standard_output
    from spanpact.conformance.judging import judge_performed
    from spanpact.conformance.results_text import render_results_text, verdict_of
    from spanpact.conformance.scenarios import SCENARIOS
    from spanpact.privacy import mask
    from spanpact.reporting import TextOptions

    results = list(judge_performed(performed.traces, reading))
    others = len(SCENARIOS) - len(results)
    rest = f"{others} not {'performed' if given.chosen else 'claimed'}" if others else ""
    header = [
        ("service", f"{mask(performed.claims.name)} at {performed.service.url}"),
        ("command", mask(shlex.join(command))),
    ]
    print_text(render_results_text(header, results, rest, for_standard_output(TextOptions())), sys.stdout)
    if not received:
        print_message(NOTHING_ARRIVED.format(protocol=PROTOCOLS[given.protocol]))
    not_saved = save_file(given.save, lambda: encode_traces_json(reading)) if given.save else None
    if not_saved:
        raise not_saved
    return {"kept": 0, "broken": 1, "not checked": 3}[verdict_of(results)]
