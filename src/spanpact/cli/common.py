"""What the commands share: options, reading of traces and labels, writing of reports."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from spanpact.cli.output import print_text, write_file
from spanpact.errors import UsageError
from spanpact.reporting.drawing.safe_text import safe

if TYPE_CHECKING:
    from spanpact.cli.reading import Asked
    from spanpact.contract.compiled import ContractPlan
    from spanpact.findings import Report
    from spanpact.reporting import TextOptions


def say(message: str, stream: TextIO | None = None) -> None:
    """One line of spanpact's own on standard error."""
    stream = stream or sys.stderr
    line = f"spanpact: {safe(message)}\n"
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print_text(line.encode(encoding, "backslashreplace").decode(encoding), stream)


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, as every other error is said."""

    def __init__(self, command: str, about: str, *, usage: str | None = None) -> None:
        super().__init__(prog=f"spanpact {command}", description=about, usage=usage, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(message, hint=f"see {self.prog} --help")


def add_report_options(parser: Parser) -> None:
    """The options of every command that judges."""
    add_output_options(parser)
    parser.add_argument("--strict", action="store_true", help="what the source cannot carry counts as not checked")
    parser.add_argument("--allow-unseen", action="store_true", help="contracts without a flow are in order")
    parser.add_argument("--scenarios", metavar="FILE", help="labels of traces: lines `TRACE_ID SCENARIO`")
    parser.add_argument("--coverage", action="store_true", help="list how far every expectation was exercised")


def add_output_options(parser: Parser) -> None:
    """How a report is written."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to report (default: text)")
    parser.add_argument("--output", metavar="FILE", help="write the report into FILE; standard output gets one line")
    parser.add_argument("--all", action="store_true", help="show every broken flow in full, not only one of each kind")
    parser.add_argument("--trees", action="store_true", help="draw the traces first, one of each kind")


def add_waiting_options(parser: Parser) -> None:
    """Which traces, and how long to wait for them."""
    parser.add_argument(
        "--trace", action="append", default=[], metavar="ID", dest="traces", help="only this trace; may be repeated"
    )
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="wait so long for what is missing")


def add_tls_options(parser: Parser) -> None:
    """How a source is reached over https."""
    parser.add_argument("--ca-file", default="", metavar="FILE", help="trust these authorities (PEM) over https")
    parser.add_argument("--client-cert", default="", metavar="FILE", help="the client's certificate (PEM)")
    parser.add_argument("--client-key", default="", metavar="FILE", help="its key (PEM), if it is not in there")


def asked(arguments: argparse.Namespace, scenarios: Mapping[str, str] | None = None) -> Asked:
    """What the arguments say of the sources; UsageError for what is no trace id."""
    from spanpact.cli.reading import Asked
    from spanpact.sources import TlsOptions, full_trace_id

    tls = TlsOptions(arguments.ca_file, arguments.client_cert, arguments.client_key)
    return Asked(scenarios or {}, tuple(map(full_trace_id, getattr(arguments, "traces", ()))), tls)


def text_options(arguments: argparse.Namespace, plans: Sequence[ContractPlan] = ()) -> TextOptions:
    """The options of a text report; the contracts' own privacy classes are masked too."""
    from spanpact.privacy import Scanner, known_classes
    from spanpact.reporting import TextOptions

    scanner = Scanner((*known_classes(), *(each for plan in plans for each in plan.classes)))
    return TextOptions(everything=arguments.all, coverage=getattr(arguments, "coverage", False), mask=scanner.mask)


def terminal_columns() -> int:
    """The width of the terminal."""
    return shutil.get_terminal_size().columns


def for_output(options: TextOptions) -> TextOptions:
    """The options that suit standard output."""
    from spanpact.reporting import options_for

    return options_for(sys.stdout, os.environ, columns=terminal_columns, base=options)


def deliver(report: Report, arguments: argparse.Namespace, plans: Sequence[ContractPlan]) -> None:
    """Writes the report where and how the arguments say.

    Raises UsageError where the file cannot be written.
    """
    from spanpact.reporting import render_json, summary_line

    options = text_options(arguments, plans)
    if arguments.output and arguments.output != "-":
        text = render_json(report) if arguments.format == "json" else _as_text(report, arguments, options)
        write_file(arguments.output, text.encode("utf-8", "backslashreplace"))
        print_text(f"{summary_line(report, for_output(options))} (report in {safe(arguments.output)})\n", sys.stdout)
    elif arguments.format == "json":
        print_text(render_json(report), sys.stdout)
    else:
        print_text(_as_text(report, arguments, for_output(options)), sys.stdout)


def _as_text(report: Report, arguments: argparse.Namespace, options: TextOptions) -> str:
    from spanpact.reporting import render_text, render_traces

    text = render_text(report, options)
    if not arguments.trees or report.reading is None:
        return text
    return f"{render_traces(report.reading, options, fold=True)}\n{text}"


def read_scenarios(path: str | os.PathLike[str]) -> dict[str, str]:
    """The labels of a file: trace id to scenario.

    Raises UsageError, naming the line, for a file that cannot be read or that holds something else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read the scenarios in {os.fspath(path)}: {why}") from error
    return labels(text.splitlines(), file=os.fspath(path))


def labels(lines: Iterable[str], *, file: str) -> dict[str, str]:
    """The labels in lines `TRACE_ID SCENARIO`; empty lines and those that start with `#` are passed over."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or len(words[0]) != 32 or not set(words[0].lower()) <= set("0123456789abcdef"):
            raise UsageError(f"{file}:{number}: not a label", hint="TRACE_ID SCENARIO, the id 32 hex digits")
        found[words[0].lower()] = words[1]
    return found


def unknown_scenarios(scenarios: Mapping[str, str], plans: Sequence[ContractPlan]) -> str:
    """What to say of labels of which no contract speaks, "" for nothing: mostly a label is misspelt."""
    known = {plan.scenario for plan in plans if plan.scenario}
    strange = sorted(set(scenarios.values()) - known)
    return f"no contract speaks of scenario {', '.join(strange)}" if strange and known else ""
