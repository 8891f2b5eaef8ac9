"""Load the contracts that a command line names, and explain what was named in their place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from spanpact.cli.output import print_message
from spanpact.errors import SourceError, SpanpactError, UsageError

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan

_URL: Final = r"[a-z][a-z0-9+.-]+:"  # at least two characters, as `c:` is a drive


def load_contract_arguments(paths: Iterable[str]) -> list[ContractPlan]:
    """Load the contracts in files and folders.

    Raise ContractError for a mistake in a contract, UsageError for one that cannot be read and for traces.
    """
    from spanpact.contract.loader import load_contracts

    named = tuple(paths)
    try:
        return load_contracts(named, notify=print_message)
    except SpanpactError:
        refuse_traces(named)
        raise


def refuse_traces(paths: Iterable[str]) -> None:
    """Raise UsageError for the first path that is a file of traces, or the address of a source of traces."""
    for path in paths:
        if os.path.isfile(path):
            if format := _format_of_traces(path):
                raise UsageError(f"{path} holds traces ({format}), not a contract", hint=_after_from(path))
        elif re.match(_URL, path):
            raise UsageError(f"{path} is the address of a source of traces, not a contract", hint=_after_from(path))


def _after_from(source: str) -> str:
    return f"traces are named after --from: --from {source}"


def _format_of_traces(path: str) -> str:
    """Return the name of the format if the file begins like traces, else ""."""
    from spanpact.sources.files.byte_stream import open_file
    from spanpact.sources.files.formats import Start, all_formats

    try:
        with open_file(path) as file:
            start = Start(file.start)
            return next((each.name for each in all_formats() if each.recognizes(start)), "")
    except SourceError:
        return ""
