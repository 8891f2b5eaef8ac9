"""Record what ClickHouse answers to the source, from tables that the collector's exporter made and filled.

    SPANPACT_STORES=.nox/stores/bin/python python -m tests.sources.clickhouse.record

writes `recordings/`: the answers, and the statement with which the exporter made the table. `nox -s stores` makes that
environment.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from integration.stores.clickhouse_server import Table, built_exporter, clickhouse, exported_table
from spanpact.sources import ClickHouseSource
from spanpact.sources.http_client import HttpClient, HttpResponse
from tests.sources.clickhouse.recorded_traces import RECORDED, RECORDINGS, everything


def record(table: Table, name: str) -> None:
    """Export a trace, read it by its id, and write what ClickHouse answered."""
    assert table.write(everything(RECORDED)) == "ok"
    answers: list[HttpResponse] = []
    asked = HttpClient.get

    def get(*arguments: object, **options: object) -> HttpResponse:
        answers.append(asked(*arguments, **options))  # type: ignore[arg-type]
        return answers[-1]

    HttpClient.get = get  # type: ignore[method-assign, assignment]
    try:
        ClickHouseSource(table.url, database=table.database, trace_ids=[RECORDED]).read()
    finally:
        HttpClient.get = asked  # type: ignore[method-assign]
    for answer, of in zip(answers, ("columns", "spans"), strict=True):
        (RECORDINGS / f"{name}-{of}.jsonl").write_bytes(answer.body)
    made = table.query(f"SHOW CREATE TABLE {table.database}.otel_traces FORMAT TSVRaw")
    (RECORDINGS / f"{name}.sql").write_text(made)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, clickhouse(os.environ["SPANPACT_STORES"]) as url:
        exporter = built_exporter(Path(folder))
        for attributes in ("map", "json"):
            with exported_table(url, "otel", exporter, attributes) as otel:
                record(otel, attributes)
                otel.query("DROP DATABASE otel")
