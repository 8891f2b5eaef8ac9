"""`spanpact archive`: write traces to an archive, a folder of Parquet that is verified again and again.

`options` are its options, `writing` writes sources to an archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spanpact.cli.commands.archive.options import build_parser
from spanpact.cli.reading import opened, source_options
from spanpact.errors import UsageError

__all__ = ["build_parser", "run"]


def run(arguments: Sequence[str]) -> int:
    """Write the sources to the archive and return 0.

    Raise UsageError for what cannot be written, SourceError for what cannot be read.
    """
    given = build_parser().parse_intermixed_args(arguments)
    if not given.sources:
        raise UsageError("no traces are given", hint="accepted: --from SOURCE, which may be repeated")
    from spanpact.cli.commands.archive.writing import attributes_named, write_sources

    attributes = attributes_named(given.contracts)
    with opened(given.sources, source_options(given)) as sources:
        write_sources(sources, Path(given.to), attributes, partitions=given.partitions)
    return 0
