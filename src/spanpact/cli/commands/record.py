"""`spanpact record`: propose a contract from traces, for a person to review."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from spanpact.cli.arguments.options import SOURCE_KINDS, Parser, add_flag, add_source_option, add_tls_options
from spanpact.cli.commands.run import NOTHING_ARRIVED, PROTOCOLS, add_command_options, receive_from, split_command
from spanpact.cli.output import check_writable, print_message, print_text, write_file
from spanpact.cli.running.process import describe_exit
from spanpact.contract.file_names import ACCEPTED_NAMES, SUFFIXES
from spanpact.errors import SourceError, UsageError
from spanpact.privacy import mask

if TYPE_CHECKING:
    from spanpact.recording import Recorded, RecordedContract
    from spanpact.trace.model import Reading

SCHEMA: Final = "contract.schema.json"
"""The name of the JSON Schema, where a folder of contracts has one for editors."""

_MOST_KINDS_LISTED: Final = 20
_MOST_FLOWS: Final = 1_000_000


def build_parser() -> Parser:
    """Return the parser of `spanpact record`; it does not see the command behind `--`."""
    parser = Parser(
        "record",
        "Propose a contract from traces. It says what all of them kept, and how often that was seen: review it.",
        usage="spanpact record [--from SOURCE]... [options] [-- COMMAND [ARGUMENT...]]",
        examples=[
            "spanpact record --from traces.json --output contracts/checkout.contract.yaml",
            "spanpact record --from traces.json --span 'POST /orders'",
            "spanpact record --output contracts/ -- pytest tests/e2e",
        ],
        exit_codes="0 recorded, 2 wrong usage, 3 the traces cannot be read or have too few flows; "
        "the command's own exit code if that is not 0",
    )
    add_source_option(parser, f"where the traces are: {SOURCE_KINDS}; may be repeated")
    parser.add_argument(
        "--span", metavar="NAME",
        help="the span that flows begin with, wildcards allowed (default: spans without a parent, if of one kind)",
    )  # fmt: skip
    parser.add_argument("--name", default="", metavar="NAME", help="the contract's name (default: made of the span's)")
    parser.add_argument(
        "--output", default="-", metavar="FILE",
        help="write the contract to FILE, or one for each kind of root to a FOLDER (default: -, standard output)",
    )  # fmt: skip
    add_flows_option(parser)
    add_flag(parser, "--overwrite", "replace files that exist (default: refuse)")
    add_command_options(parser)
    add_tls_options(parser)
    return parser


def add_flows_option(parser: Parser) -> None:
    """Add `--flows`."""
    parser.add_argument(
        "--flows", type=_number_of_flows, default=10, metavar="N",
        help="how many flows there must be, and how often something must be seen to be demanded (default: 10)",
    )  # fmt: skip


def _number_of_flows(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MOST_FLOWS:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a whole number of flows, such as 30")
    return int(text)


def run(arguments: Sequence[str]) -> int:
    """Read or receive the traces, write the contract and return the exit code."""
    own, command = split_command(arguments)
    given = build_parser().parse_args(own, argparse.Namespace(has_command=bool(command)))
    if bool(command) == bool(given.sources):
        raise UsageError("traces come from --from or from a command", hint="give one: --from SOURCE, or -- COMMAND")
    if given.save and not command:
        raise UsageError("--save needs a command", hint="what --from reads is kept already")
    folder = _folder(given.output)
    if given.name and folder:
        raise UsageError("--name is of one contract, and --output names a folder", hint="name a file")
    if not folder and given.output != "-":
        _check_file(Path(given.output), given)
    if not command:
        from spanpact.cli.reading import read_sources, source_options

        given.traces = []
        return record_reading(read_sources(given.sources, source_options(given)), given, folder)
    given.offered = None
    received = receive_from(command, given, {})
    if received.not_saved:
        raise received.not_saved
    if received.code:
        print_message(f"{describe_exit(received.code)}, so nothing is recorded; spanpact exits with it too")
        return received.code
    reading = received.receiver.read()
    if not received.receiver.counts.dropped:  # the command has ended: nothing more comes
        traces = [msgspec.structs.replace(trace, complete=True) for trace in reading.traces]
        reading = msgspec.structs.replace(reading, traces=traces)
    if not reading.traces:
        raise SourceError(NOTHING_ARRIVED.format(protocol=PROTOCOLS[given.protocol]))
    return record_reading(reading, given, folder)


def _folder(output: str) -> Path | None:
    """Return the folder that `--output` names, which may have to be made; None for a file or standard output."""
    path = Path(output)
    if output.endswith("/") and path.exists() and not path.is_dir():
        raise UsageError(f"{path} is not a folder", hint="name another folder, or a file without / at the end")
    return path if output.endswith("/") or path.is_dir() else None


def _make(folder: Path) -> None:
    """Make a folder of contracts where it is missing. Raise UsageError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror}") from error


def record_reading(reading: Reading, given: argparse.Namespace, folder: Path | None) -> int:
    """Record the contracts that the arguments ask for from traces, write them and return 0."""
    from spanpact.recording import Recorded

    if not reading.traces:
        raise SourceError(f"there are no traces in {reading.source.name}", hint="record traces with spans first")
    recorded = Recorded(reading)
    if given.span or not folder:
        span = given.span or _only_kind(recorded)
        near = folder or (Path(given.output).parent if given.output != "-" else None)
        contract = _record(recorded, span, given, _schema_near(near), name=given.name)
        if folder:
            _make(folder)
            _write(contract, folder / file_name(contract), given)
        elif given.output == "-":
            print_text(contract.text, sys.stdout)
        else:
            _write(contract, Path(given.output), given)
        return 0
    return _record_each(recorded, given, folder)


def _record_each(recorded: Recorded, given: argparse.Namespace, folder: Path) -> int:
    files = {folder / file_name(each): each for each in each_kind(recorded, given, _schema_near(folder))}
    _make(folder)
    for file in files:  # all of them before one is written
        _check_file(file, given)
    for file, contract in files.items():
        _write(contract, file, given)
    return 0


def each_kind(recorded: Recorded, given: argparse.Namespace, schema: str) -> Iterator[RecordedContract]:
    """Yield one contract for each kind of root that has enough flows. Raise SourceError if none has.

    `schema` is the path of the JSON Schema from the contract's folder, "" for none.
    """
    from spanpact.recording import contract_names

    names = contract_names(recorded.roots())
    found = 0
    for span, roots in recorded.roots().items():
        try:
            contract = _record(recorded, span, given, schema, name=names[span])
        except SourceError as error:
            print_message(f"skipped `{mask(span)}` ({roots} at the root of a trace): {error.message}")
            continue
        found += 1
        yield contract
    if not found:
        raise SourceError("no kind of root has enough flows", hint="record more traces, or set --flows")


def file_name(contract: RecordedContract) -> str:
    """Return the name of a contract's file."""
    return f"{contract.plan.name}{SUFFIXES[0]}"


def _record(recorded: Recorded, span: str, given: argparse.Namespace, schema: str, *, name: str) -> RecordedContract:
    from spanpact.recording import record

    return record(recorded, span, name=name, enough=given.flows, schema=schema)


def _schema_near(folder: Path | None) -> str:
    """Return the path of the JSON Schema from a folder of contracts; "" if it has none, and for no folder."""
    names = (SCHEMA, f"../{SCHEMA}") if folder else ()
    return next((name for name in names if folder and (folder / name).is_file()), "")


def _only_kind(recorded: Recorded) -> str:
    """Return the kind of all roots. Raise UsageError with a list where there are several."""
    roots = recorded.roots()
    if len(roots) == 1:
        return next(iter(roots))
    if not roots:
        raise SourceError("no trace has a root with a name", hint="name the span that flows begin with: --span")
    listed = ", ".join(
        f"{shlex.quote(mask(span))} ({number})" for span, number in roots.most_common(_MOST_KINDS_LISTED)
    )
    more = f" and {len(roots) - _MOST_KINDS_LISTED} more" if len(roots) > _MOST_KINDS_LISTED else ""
    hint = "choose one with --span, or write a contract for each with --output FOLDER/"
    raise UsageError(f"the traces begin with {len(roots)} kinds of spans: {listed}{more}", hint=hint)


def _check_file(file: Path, given: argparse.Namespace) -> None:
    """Raise UsageError for a file that is no contract's, exists, or cannot be written."""
    if not file.name.endswith(SUFFIXES):
        raise UsageError(f"{file} is not named as a contract", hint=f"accepted: {ACCEPTED_NAMES}")
    check_writable(file)
    if file.exists() and not given.overwrite:
        raise UsageError(f"{file} exists and is not overwritten", hint="name another file, or give --overwrite")


def _write(contract: RecordedContract, file: Path, given: argparse.Namespace) -> None:
    _check_file(file, given)
    replaced = file.exists()
    write_file(file, contract.text.encode())
    said = f"{'replaced' if replaced else 'wrote'} {file}, from {contract.flows} flow{'s' * (contract.flows != 1)}"
    print_message(f"{said}: review it, then check it with: spanpact lint {shlex.quote(str(file))}")
