"""The tables of an archive as Spark reads them: the files that its manifest lists, and no others.

The ids of UBIGINT are signed here, with the same 64 bits: Spark has no unsigned integers, and decimals are slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spanpact.errors import SourceError
from spanpact.sources.archive.rows.manifest import Manifest, PartFile, parsed_manifest
from spanpact.sources.archive.rows.schema import KINDS, MANIFEST, OF_TABLE, SPANS
from spanpact.sources.archive.source import check_whole
from spanpact.spark.failures import failures

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TYPES: Final = {"BIGINT": "bigint", "UBIGINT": "bigint", "INTEGER": "int", "VARCHAR": "string", "DOUBLE": "double"}
_MOST_CONTENTS: Final = 1 << 20
TRACE: Final = ("trace_hi", "trace_lo", "trace_text")
"""The columns that identify a trace."""


class ArchiveTables:
    """An archive in a folder, which Spark can reach; the manifest is read once.

    Raise SourceError where there is no archive, or none that is whole.
    """

    def __init__(self, session: SparkSession, folder: str) -> None:
        self.session, self.folder = session, folder.rstrip("/")
        self.name = f"parquet:{folder}"
        # Spark's reader of batches fails on dictionaries of UINT_64 that are read as bigint (findings).
        session.conf.set("spark.sql.parquet.enableVectorizedReader", "false")
        session.conf.set("spark.sql.files.ignoreMissingFiles", "false")
        session.conf.set("spark.sql.files.ignoreCorruptFiles", "false")
        self.manifest = self._read_manifest()
        check_whole(self.manifest, self.name)
        self.columns = self.manifest.attribute_columns()

    def _read_manifest(self) -> Manifest:
        from pyspark.errors import AnalysisException

        path = f"{self.folder}/{MANIFEST}"
        with failures(self.name):
            try:
                rows = self.session.read.format("binaryFile").load(path).select("content").collect()
            except AnalysisException:
                hint = "accepted: a folder that `spanpact archive write` has made, which all of the cluster can read"
                raise SourceError(f"{self.folder}: is no archive: it has no {MANIFEST}", hint=hint) from None
        return parsed_manifest(bytes(rows[0][0]), path)

    def files(self, table: str) -> list[PartFile]:
        """Return the files of a table."""
        return [file for commit in self.manifest.commits for file in getattr(commit, table)]

    def paths(self, table: str) -> list[str]:
        """Return the paths of the files of a table."""
        return [f"{self.folder}/{file.path}" for file in self.files(table)]

    def expected(self, table: str) -> dict[str, str]:
        """Return the columns of a table with their types in the schema of the archive."""
        own = {each.column: KINDS[each.kind] for each in self.columns} if table == "spans" else {}
        return {**OF_TABLE[table], **own}

    def read(self, table: str) -> DataFrame:
        """Return a table."""
        schema = ", ".join(f"{quoted(name)} {_TYPES[type]}" for name, type in self.expected(table).items())
        paths = self.paths(table)
        if not paths:
            return self.session.createDataFrame([], schema)
        return self.session.read.schema(schema).parquet(*paths)

    def rows(self) -> DataFrame:
        """Return spans and log records: the columns of `spans`, which are null for log records, and `record`."""
        names = [*SPANS, *(each.column for each in self.columns)]
        if not self.manifest.records:
            return self.read("spans").selectExpr(*map(quoted, names), "cast(null as string) AS record")
        spans = self.read("spans").selectExpr(*map(quoted, names), "cast(null as string) AS record")
        logs = self.read("logs").select("seq", *TRACE, "record")
        return spans.unionByName(logs, allowMissingColumns=True)

    def contents(self) -> dict[int, str]:
        """Return the JSON of all contents by their numbers. Raise SourceError where these are too many."""
        number = sum(file.rows for file in self.files("contents"))
        if number > _MOST_CONTENTS:
            hint = "verify it with `spanpact verify`, or write it with contracts that name the attributes that vary"
            problem = (
                f"{self.name}: its spans have {number} contents, more than the {_MOST_CONTENTS} that each task holds"
            )
            raise SourceError(problem, hint=hint)
        with failures(self.name):
            return {row[0]: row[1] for row in self.read("contents").select("content", "span").collect()}


def quoted(name: str) -> str:
    """Return the name of a column as Spark's SQL writes it."""
    return "`" + name.replace("`", "``") + "`"
