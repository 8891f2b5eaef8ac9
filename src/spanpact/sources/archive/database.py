"""The tables of an archive in DuckDB: those of a folder of Parquet, or those in a database file.

Statements may be run on `cursor`s of one connection at the same time; tables that they make are in `work`. DuckDB uses
at most `MEMORY_MIB`; what does not fit is in temporary files.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from spanpact.errors import SourceError, UsageError
from spanpact.sources.archive.rows.columns import AttributeColumn
from spanpact.sources.archive.rows.manifest import Commit, Manifest, parsed_manifest, read_manifest
from spanpact.sources.archive.rows.schema import KINDS, OF_TABLE, TABLES

if TYPE_CHECKING:
    import duckdb

MEMORY_MIB: Final = 512
_ANEW: Final = "write the archive anew, or take its files from a copy"
_TABLES: Final = "accepted: a database with the tables that docs/archives.md describes"


class TooLarge(SourceError):
    """A statement that needs more memory than it may have."""


class ArchiveDatabase:
    """The tables `spans`, `contents` and `logs` of an archive, whose columns were checked. Close it after use."""

    def __init__(
        self, name: str, connection: duckdb.DuckDBPyConnection, manifest: Manifest, folder: Path | None
    ) -> None:
        self.name, self.manifest, self._folder = name, manifest, folder
        self.columns: Sequence[AttributeColumn] = manifest.attribute_columns()
        self._connection = connection
        temporary = tempfile.mkdtemp(prefix="spanpact-")
        self._release = weakref.finalize(self, _release, connection, temporary)
        try:
            self._set_up(temporary)
        except BaseException:
            self.close()
            raise

    @classmethod
    def of_folder(cls, folder: str) -> Self:
        """Open a folder of Parquet. Raise SourceError where it is no archive, or a damaged one."""
        library = import_duckdb()
        path = Path(folder)
        return cls(f"parquet:{folder}", library.connect(), read_manifest(path), path)

    @classmethod
    def of_file(cls, file: str) -> Self:
        """Open a DuckDB database. Raise SourceError where it has not the tables of an archive."""
        library = import_duckdb()
        name = f"duckdb:{file}"
        if not Path(file).is_file():
            raise SourceError(f"{name}: there is no such file", hint=_TABLES)
        connection = library.connect()
        try:
            with failures(name):
                connection.execute(f"ATTACH {quoted(file)} AS archive (READ_ONLY)")
                rows = connection.execute("SELECT content FROM archive.manifest").fetchall()
            if len(rows) != 1:
                raise SourceError(f"{name}: the table manifest has {len(rows)} rows, not one", hint=_TABLES)
            return cls(name, connection, parsed_manifest(rows[0][0], f"{name}: manifest"), None)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Close the connection and remove its temporary files; a second call does nothing."""
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _set_up(self, temporary: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(f"SET memory_limit = '{MEMORY_MIB}MiB'")
            cursor.execute("SET temp_directory = " + quoted(temporary))
            cursor.execute("ATTACH ':memory:' AS work")
            cursor.execute("SET preserve_insertion_order = false")
            cursor.execute("SET threads = 1")  # each further one takes memory, and CPU a span
            if self._folder is not None:
                cursor.execute("SET allowed_directories = [" + quoted(f"{self._folder}/") + "]")
            cursor.execute("SET enable_external_access = false")
        if self._folder is not None:
            self._check_files()
        for table in TABLES:
            self._check_columns(table)

    def relation(self, table: str, commits: Sequence[Commit] | None = None) -> str:
        """Return what stands behind FROM for a table, or for what some commits have of it."""
        columns = ", ".join(identifier(each) for each in self._expected(table))
        chosen = self.manifest.commits if commits is None else commits
        if self._folder is None:
            within = " OR ".join(f"seq >= {each.first} AND seq < {each.end}" for each in chosen) or "false"
            where = "" if table == "contents" or commits is None else f" WHERE {within}"
            return f"(SELECT {columns} FROM archive.{table}{where})"
        files = [file.path for each in chosen for file in getattr(each, table)]
        if not files:
            nothing = ", ".join(f"NULL::{type} AS {identifier(name)}" for name, type in self._expected(table).items())
            return f"(SELECT {nothing} WHERE false)"
        listed = ", ".join(quoted(str(self._folder / each)) for each in files)
        have = self._columns_of(files) if commits is not None else None
        shown = ", ".join(
            identifier(name) if have is None or name in have else f"NULL::{type} AS {identifier(name)}"
            for name, type in self._expected(table).items()
        )
        return f"(SELECT {shown} FROM read_parquet([{listed}], union_by_name = true))"

    def _columns_of(self, files: Sequence[str]) -> set[str]:
        listed = ", ".join(quoted(str(self._folder / each)) for each in files)  # type: ignore[operator]
        statement = f"SELECT * FROM read_parquet([{listed}], union_by_name = true) LIMIT 0"
        return {each[0] for each in self.execute(statement).description or ()}

    def _expected(self, table: str) -> dict[str, str]:
        """Return the columns of a table and their types."""
        own = {each.column: KINDS[each.kind] for each in self.columns} if table == "spans" else {}
        return {**OF_TABLE[table], **own}

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection of its own to the same tables; what goes wrong becomes a SourceError."""
        with failures(self.name):
            cursor = self._connection.cursor()
            try:
                yield cursor
            finally:
                cursor.close()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        """Run a statement and return the connection with its result. Raise SourceError where that fails."""
        with failures(self.name):
            return self._connection.execute(statement, list(parameters))

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a statement. Raise SourceError where that fails."""
        with failures(self.name):
            return self._connection.execute(statement, list(parameters)).fetchall()

    def stream(self, statement: str, parameters: Sequence[Any] = (), size: int = 4096) -> Iterator[list[Any]]:
        """Yield the rows of a statement, some at a time."""
        with self.cursor() as cursor:
            cursor.execute(statement, list(parameters))
            while rows := cursor.fetchmany(size):
                yield rows

    def _check_files(self) -> None:
        """Raise SourceError for a file that is missing, or is not the one that the manifest lists."""
        assert self._folder is not None
        for commit in self.manifest.commits:
            for file in commit.files:
                path = self._folder / file.path
                if not path.is_file():
                    raise SourceError(f"{path}: is missing, and the manifest lists it", hint=_ANEW)
        for table in TABLES:
            files = [file for commit in self.manifest.commits for file in getattr(commit, table)]
            if files:
                self._check_parts(table, {str(self._folder / file.path): file.rows for file in files})

    def _check_parts(self, table: str, rows: dict[str, int]) -> None:
        listed = ", ".join(map(quoted, rows))
        found = self.rows(f"SELECT file_name, num_rows FROM parquet_file_metadata([{listed}])")
        for path, number in found:
            if rows[path] != number:
                raise SourceError(f"{path}: has {number} rows, and the manifest says {rows[path]}", hint=_ANEW)
        wanted = ", ".join(map(quoted, OF_TABLE[table]))
        statement = f"SELECT file_name, name FROM parquet_schema([{listed}]) WHERE name IN ({wanted})"
        having: dict[str, set[str]] = {path: set() for path in rows}
        for path, name in self.rows(statement):
            having[path].add(name)
        for path, names in having.items():
            if missing := [name for name in OF_TABLE[table] if name not in names]:
                raise SourceError(f"{path}: has no column {missing[0]}", hint=_ANEW)

    def _check_columns(self, table: str) -> None:
        """Raise SourceError where a column is missing or of another type."""
        expected = self._expected(table)
        if self._folder is None:
            found = self.rows(f"DESCRIBE SELECT * FROM archive.{table}")
        else:
            files = [file.path for each in self.manifest.commits for file in getattr(each, table)]
            if not files:
                return
            listed = ", ".join(quoted(str(self._folder / each)) for each in files)
            found = self.rows(f"DESCRIBE SELECT * FROM read_parquet([{listed}], union_by_name = true)")
        types = {name: type for name, type, *_ in found}
        for name, type in expected.items():
            if name not in types:
                raise SourceError(f"{self.name}: the table {table} has no column {name}", hint=_ANEW)
            if types[name] != type:
                problem = f"{self.name}: the column {name} of {table} is {types[name]}, not {type}"
                raise SourceError(problem, hint=_ANEW)


def _release(connection: duckdb.DuckDBPyConnection, temporary: str) -> None:
    connection.close()
    shutil.rmtree(temporary, ignore_errors=True)


def import_duckdb() -> Any:
    """Return the module. Raise UsageError where it is not installed."""
    try:
        import duckdb
    except ImportError:
        raise UsageError("archives need the package duckdb", hint="pip install 'spanpact[duckdb]'") from None
    return duckdb


@contextmanager
def failures(name: str) -> Iterator[None]:
    """Raise what DuckDB raises within the block as SourceError, in one line."""
    library = import_duckdb()
    try:
        yield
    except library.OutOfMemoryException:
        problem = f"{name}: a statement needs more than {MEMORY_MIB} MiB"
        raise TooLarge(problem, hint="give more partitions: spanpact archive write --partitions 256") from None
    except library.Error as error:
        first = str(error).strip().splitlines()[0]
        raise SourceError(f"{name}: cannot be read: {first}", hint=_ANEW) from None


def quoted(text: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return the name of a column as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
