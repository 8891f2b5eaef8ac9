"""Start ClickHouse and the collector's exporter, each as a process, and write traces with them."""

from __future__ import annotations

import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spanpact.sources import encode_traces_json
from spanpact.trace.model import Reading

HERE = Path(__file__).parent
LONGEST_SECONDS = 60.0


@dataclass(frozen=True)
class Table:
    """A table of traces that an exporter made and writes to."""

    url: str
    database: str
    exporter: subprocess.Popen[str]

    def write(self, reading: Reading) -> str:
        """Export the traces. Return `ok`, or why the exporter did not write them."""
        return self.write_document(encode_traces_json(reading).decode())

    def write_document(self, document: str) -> str:
        """Export an OTLP JSON document."""
        assert self.exporter.stdin is not None
        assert self.exporter.stdout is not None
        self.exporter.stdin.write(document.replace("\n", " ") + "\n")
        self.exporter.stdin.flush()
        return self.exporter.stdout.readline().strip()

    def query(self, statement: str) -> str:
        """Return the answer to a statement that is no question of the source."""
        return ask(self.url, statement)


def ask(url: str, statement: str) -> str:
    """Return the answer to a statement."""
    with urllib.request.urlopen(url, statement.encode(), timeout=LONGEST_SECONDS) as answer:
        text: str = answer.read().decode()
        return text


@contextmanager
def clickhouse(python: str) -> Iterator[str]:
    """Run an empty ClickHouse by a Python that has chdb, and give its URL."""
    with subprocess.Popen(
        [python, str(HERE / "chdb_server.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://"), "ClickHouse did not start"
            yield url
        finally:
            process.stdin.close()
            process.wait(LONGEST_SECONDS)


@contextmanager
def exported_table(url: str, database: str, exporter: Path, attributes: str) -> Iterator[Table]:
    """Have an exporter make its tables in a database. `attributes` is `map` or `json`, the type of their columns."""
    ask(url, f"CREATE DATABASE IF NOT EXISTS {database}")
    command = [str(exporter), f"{url}?{urllib.parse.urlencode({'database': database})}", attributes]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        try:
            yield Table(url, database, process)
        finally:
            process.stdin.close()
            process.wait(LONGEST_SECONDS)


def built_exporter(folder: Path) -> Path:
    """Build the exporter. Return its path."""
    program = folder / "clickhouse_exporter"
    command = ["go", "build", "-o", str(program), "."]
    built = subprocess.run(command, cwd=HERE / "clickhouse_exporter", capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return program
