"""Fixtures of the tests with stores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.stores.clickhouse_server import Table, built_exporter, clickhouse, exported_table
from integration.stores.zipkin_server import fetched_jar, zipkin


@pytest.fixture(scope="session")
def clickhouse_url() -> Iterator[str]:
    """Return the URL of a ClickHouse."""
    with clickhouse(os.environ["SPANPACT_STORES"]) as url:
        yield url


@pytest.fixture(scope="session")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program with the collector's exporter."""
    return built_exporter(tmp_path_factory.mktemp("exporter"))


@pytest.fixture(scope="session")
def map_table(clickhouse_url: str, exporter: Path) -> Iterator[Table]:
    """Return a table with attributes in maps."""
    with exported_table(clickhouse_url, "maps", exporter, "map") as table:
        yield table


@pytest.fixture(scope="session")
def json_table(clickhouse_url: str, exporter: Path) -> Iterator[Table]:
    """Return a table with attributes in columns of the type JSON."""
    with exported_table(clickhouse_url, "jsons", exporter, "json") as table:
        yield table


@pytest.fixture(scope="session")
def zipkin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a Zipkin."""
    with zipkin(fetched_jar(tmp_path_factory.mktemp("zipkin"))) as url:
        yield url
