"""The options that several commands share, and the parser that reports a wrong command line as one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from spanpact.cli.output import print_text
from spanpact.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

EXIT_CODES: Final = "0 kept, 1 broken, 2 wrong usage or contract file, 3 could not verify"
_WIDTH: Final = 80
SOURCE_KINDS: Final = (
    "a trace file (OTLP, Zipkin, Jaeger, console output of SDKs), - for standard input, or the URL of a store "
    "behind jaeger:, clickhouse:, zipkin: or tempo:, or parquet:FOLDER or duckdb:FILE for an archive"
)
REPORT_FORMATS: Final = ("text", "json", "junit", "sarif", "github", "markdown", "html")
"""The formats of a verification's report; each has a module in `spanpact.reporting.formats`."""
_MOST_DIGITS: Final = 15


class Parser(argparse.ArgumentParser):
    """The parser of one command; its help ends with examples and exit codes."""

    def __init__(
        self,
        command: str,
        about: str,
        *,
        examples: Sequence[str],
        exit_codes: str = EXIT_CODES,
        usage: str | None = None,
    ) -> None:
        super().__init__(
            prog=f"spanpact {command}",
            description=about,
            usage=usage,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._examples = examples
        self._exit_codes = exit_codes
        self.needed: dict[str, str] = {}
        """Positional arguments that the settings of the project may give: name and metavar."""
        self.formats: tuple[str, ...] = ()
        """The formats of reports, if the command has some."""
        self.instead: dict[str, str] = {}
        """What to write instead of an option that other commands have."""

    def format_help(self) -> str:
        """Return the help, with examples and exit codes at its end."""
        from textwrap import fill

        codes = fill(f"exit codes: {self._exit_codes}", _WIDTH, subsequent_indent="  ")
        self.epilog = "\n".join(["examples:", *(f"  {example}" for example in self._examples), "", codes])
        return super().format_help()

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help; a reader that has closed standard output is no error."""
        if file is None:
            print_text(self.format_help(), sys.stdout)
        else:
            super().print_help(file)

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> argparse.Namespace:
        """Parse the arguments. Raise UsageError for a wrong one, with the option that may have been meant."""
        given, unknown = self.parse_known_args(args, namespace)
        return self._checked(given, unknown)

    def parse_intermixed_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> argparse.Namespace:
        """Do the same where options may be between positional arguments."""
        given, unknown = self.parse_known_intermixed_args(args, namespace)
        return self._checked(given, unknown)

    def _checked(self, given: argparse.Namespace, unknown: Sequence[str]) -> argparse.Namespace:
        for text in unknown:
            if text.startswith("-"):
                raise self._unknown_option(text.partition("=")[0])
        if unknown:
            self.error(f"unexpected argument {unknown[0]!r}")
        from spanpact.cli.arguments.project_settings import apply_settings

        apply_settings(given, self.formats, REPORT_FORMATS)
        if lacking := [metavar for name, metavar in self.needed.items() if not getattr(given, name)]:
            self.error(f"the following arguments are required: {', '.join(lacking)}")
        return given

    def _unknown_option(self, name: str) -> UsageError:
        if name in self.instead:
            return UsageError(f"unknown option {name}", hint=self.instead[name])
        from difflib import get_close_matches

        options = [text for action in self._actions for text in action.option_strings if text.startswith("--")]
        near = get_close_matches(name, options, 1)
        meant = f"did you mean `{near[0]}`? " if near else ""
        return UsageError(f"unknown option {name}", hint=f"{meant}see {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise ArgumentError for a value that is none of the choices, with the one that may have been meant."""
        if action.choices is not None and value not in action.choices:
            from spanpact.contract.loader.vocabulary import suggest

            raise argparse.ArgumentError(action, f"cannot be {value!r}; {suggest(str(value), list(action.choices))}")

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with the message and where to find help."""
        raise UsageError(message, hint=f"see {self.prog} --help")


def add_contracts_argument(parser: Parser, *, optional: bool = False) -> None:
    """Add the positional argument CONTRACTS, which may be missing if `optional`."""
    parser.add_argument(
        "contracts",
        nargs="*",
        metavar="CONTRACTS",
        help="contract files, or folders that hold some (default: those of the project's settings)",
    )
    if not optional:
        parser.needed["contracts"] = "CONTRACTS"


class _FormatAction(argparse.Action):
    """Collect `--format NAME[=FILE]`: the format of standard output in `format`, those of files in `format_files`."""

    names: Sequence[str] = ()

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        name, _, file = str(values).partition("=")
        if name not in self.names:
            from spanpact.contract.loader.vocabulary import suggest

            raise argparse.ArgumentError(self, f"unknown format {name!r}; {suggest(name, self.names)}")
        if "=" not in str(values):
            if namespace.format not in (None, name):
                problem = f"{namespace.format} and {name} would be in one place; write one to a file: {name}=FILE"
                raise argparse.ArgumentError(self, problem)
            namespace.format = name
        elif not file or file == "-":
            raise argparse.ArgumentError(self, f"{str(values)!r} names no file; accepted: {name}, or {name}=FILE")
        elif file in namespace.format_files:
            raise argparse.ArgumentError(self, f"two reports in {file}; name another file for one of them")
        else:
            namespace.format_files = {**namespace.format_files, file: name}


def add_format_option(parser: Parser, names: Sequence[str] = ("text", "json")) -> None:
    """Add `--format` with these formats. `format` is None where it is not given; `format_files` has names by file."""
    action = parser.add_argument(
        "--format", action=_FormatAction, metavar="NAME[=FILE]",
        help=f"the format of the report: {', '.join(names)}; with =FILE it is written there as well, and the option "
        "may be repeated (default: text)",
    )  # fmt: skip
    assert isinstance(action, _FormatAction)
    action.names = parser.formats = tuple(names)
    parser.set_defaults(format_files={})


def add_output_option(parser: Parser) -> None:
    """Add `--output`."""
    parser.add_argument(
        "--output", metavar="FILE",
        help="write the report to FILE and only its last line to standard output (default: -, standard output)",
    )  # fmt: skip


def add_rendering_options(parser: Parser, formats: Sequence[str] = ("text", "json")) -> None:
    """Add `--format`, with these formats, and `--output`."""
    add_format_option(parser, formats)
    add_output_option(parser)


def add_flag(parser: Parser, name: str, help: str) -> None:
    """Add an option without a value."""
    parser.add_argument(name, action="store_true", help=help)


def add_setting(parser: Parser, name: str, help: str) -> None:
    """Add an option without a value that the project's settings may set, with `--no-NAME` against them."""
    parser.add_argument(name, action=argparse.BooleanOptionalAction, help=help)


def add_report_options(parser: Parser, formats: Sequence[str] = REPORT_FORMATS, *, trees: bool = True) -> None:
    """Add the options that say how the report of a verification is written, `--trees` only where traces are held."""
    add_rendering_options(parser, formats)
    add_flag(parser, "--all", "show every broken flow in full (default: one flow of each kind)")
    if trees:
        add_flag(parser, "--trees", "draw the traces first, one of each kind (default: off)")
    else:
        parser.set_defaults(trees=False)


def add_strict_option(parser: Parser) -> None:
    """Add `--strict`."""
    help = (
        "what a source cannot carry, or was not read of it, counts as not checked: exit code 3 (default: only reported)"
    )
    add_setting(parser, "--strict", help)


def add_verification_options(parser: Parser, formats: Sequence[str] = REPORT_FORMATS, *, trees: bool = True) -> None:
    """Add the options of the commands that verify contracts, those of the report included."""
    add_report_options(parser, formats, trees=trees)
    add_strict_option(parser)
    help = "accept contracts without a flow if at least one contract is kept (default: exit code 3)"
    add_setting(parser, "--allow-unseen", help)
    help = "labels of traces: lines `TRACE_ID SCENARIO` (default: no labels)"
    parser.add_argument("--scenarios", metavar="FILE", help=help)
    help = "how many requests were made, sampled or not, for `across: {sampling}` (default: not known)"
    parser.add_argument("--offered", type=_number_of_requests, metavar="N", help=help)
    add_flag(parser, "--coverage", "list how often each expectation was exercised (default: only counts)")


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a number of seconds, such as 10") from None


def _number_of_requests(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a whole number of requests, such as 1200")
    return int(text)


def check_interval(text: str) -> int:
    """Return the number of `--check-every`; raise for what is none."""
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS or not int(text):
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a whole number of traces, 1 for each")
    return int(text)


def add_source_option(parser: Parser, help: str) -> None:
    """Add `--from SOURCE`, which may be repeated; `help` says what several sources mean."""
    parser.add_argument("--from", action="append", default=[], dest="sources", metavar="SOURCE", help=help)


def add_trace_option(parser: Parser) -> None:
    """Add `--trace`: which traces."""
    parser.add_argument(
        "--trace", action="append", default=[], metavar="ID", dest="traces",
        help="use only traces whose id is ID or begins with it; of a store such as Jaeger whole ids only; may be "
        "repeated (default: all traces)",
    )  # fmt: skip


def add_waiting_options(parser: Parser) -> None:
    """Add `--trace` and `--wait`: which traces, and how long to wait for them."""
    add_trace_option(parser)
    parser.add_argument(
        "--wait", type=_seconds, default=0.0, metavar="SECONDS",
        help="read again until nothing is missing, for at most SECONDS (default: 0, read once)",
    )  # fmt: skip


def add_tls_options(parser: Parser) -> None:
    """Add the options for sources that are read over https."""
    parser.add_argument(
        "--ca-file", default="", metavar="FILE",
        help="trust these certificate authorities (PEM) over https (default: those of the system)",
    )  # fmt: skip
    parser.add_argument(
        "--client-cert", default="", metavar="FILE", help="the client certificate (PEM) for https (default: none)"
    )
    parser.add_argument(
        "--client-key", default="", metavar="FILE",
        help="the private key (PEM) of the client certificate (default: in the file of --client-cert)",
    )  # fmt: skip


def add_reading_options(parser: Parser) -> None:
    """Add the options that say which traces of the sources are read, how long to wait for them, and how."""
    add_waiting_options(parser)
    add_tls_options(parser)
