"""Check the files of an archive by their footers, on the machines that read them: rows, columns and types.

Spark gives null for a column that a file lacks. Files of a storage that PyArrow cannot open are not checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from spanpact.errors import SourceError
from spanpact.sources.archive.rows.schema import OF_TABLE, TABLES
from spanpact.spark.failures import failures

if TYPE_CHECKING:
    from spanpact.spark.tables import ArchiveTables

_ANEW: Final = "write the archive anew, or take its files from a copy"
_ARROW: Final = {"BIGINT": "int64", "UBIGINT": "uint64", "INTEGER": "int32", "VARCHAR": "string", "DOUBLE": "double"}
_FILES_A_TASK: Final = 256

Checked = tuple[str, int, str]
"""A file: its path, how many rows the manifest says that it has, and its table."""


def check_files(tables: ArchiveTables) -> None:
    """Raise SourceError for the first file that is missing, damaged, or not the one that the manifest lists."""
    files: list[Checked] = [
        (f"{tables.folder}/{file.path}", file.rows, table) for table in TABLES for file in tables.files(table)
    ]
    types = {table: tables.expected(table) for table in TABLES}
    tasks = max(1, len(files) // _FILES_A_TASK)
    with failures(tables.name):
        distributed = tables.session.sparkContext.parallelize(files, tasks)
        problems = distributed.mapPartitions(lambda part: _problems(part, types)).take(1)
    if problems:
        raise SourceError(problems[0], hint=_ANEW)


def _problems(files: Iterable[Checked], types: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for path, rows, table in files:
        yield from _problem(path, rows, types[table], list(OF_TABLE[table]))


def _problem(path: str, rows: int, types: Mapping[str, str], needed: Sequence[str]) -> Iterator[str]:
    from pyarrow import ArrowInvalid, parquet

    opened = _opened(path)
    if opened is None:
        return
    file, within = opened
    try:
        footer = parquet.ParquetFile(file.open_input_file(within))
    except FileNotFoundError:
        yield f"{path}: is missing, and the manifest lists it"
        return
    except (ArrowInvalid, OSError) as error:
        first = str(error).splitlines()[0]
        yield f"{path}: cannot be read: {first}"
        return
    found = {field.name: str(field.type) for field in footer.schema_arrow}
    if footer.metadata.num_rows != rows:
        yield f"{path}: has {footer.metadata.num_rows} rows, and the manifest says {rows}"
    for name, type in types.items():
        if name not in found:
            if name in needed:
                yield f"{path}: has no column {name}"
        elif found[name] != _ARROW[type]:
            yield f"{path}: the column {name} is {found[name]}, not {_ARROW[type]}"


def _opened(path: str) -> tuple[Any, str] | None:
    """Return the file system of a path and the path in it, None where PyArrow knows none."""
    from pyarrow import ArrowInvalid, fs

    if "://" not in path and not path.startswith("file:"):
        return fs.LocalFileSystem(), path
    try:
        found: tuple[Any, str] = fs.FileSystem.from_uri(path.replace("s3a://", "s3://", 1))
    except (ArrowInvalid, OSError):
        return None
    return found
