"""Outages of a database, its error codes, and its settings (S4.1, S1.5)."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from reference_impl.database.engine import is_of_database, is_outage, make_engine, response_code, server_attributes
from reference_impl.database.manager import PoolExhausted
from reference_impl.services.studio_api import pool_settings
from reference_impl.settings import Settings, SettingsError


def error(kind: type[DBAPIError], cause: Exception | None = None, *, lost: bool = False) -> DBAPIError:
    return kind("SELECT 1", None, cause or sqlite3.OperationalError(), connection_invalidated=lost)


@pytest.mark.parametrize(
    ("failure", "outage"),
    [
        (error(OperationalError), True),
        (error(InterfaceError), True),
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (error(IntegrityError), False),
        (error(DataError), False),
        (error(ProgrammingError), False),
        (error(ProgrammingError, lost=True), True),
    ],
    ids=repr,
)
def test_what_the_database_refuses_is_an_answer_and_what_it_cannot_do_is_not(failure: Exception, outage: bool) -> None:
    assert is_of_database(failure)
    assert is_outage(failure) is outage


@pytest.mark.parametrize("failure", [LookupError(), PoolTimeout(), PoolExhausted("main", 1, 2.0)], ids=repr)
def test_a_full_pool_and_the_caller_s_own_mistakes_say_nothing_of_it(failure: Exception) -> None:
    assert not is_of_database(failure)
    assert not is_outage(failure)


def test_only_codes_are_shown_as_codes() -> None:
    class Told(Exception):
        sqlstate = "57014"

    class Text(Exception):
        sqlstate = "no row of bob@example.com"

    assert response_code(error(OperationalError, Told())) == "57014"
    assert response_code(Text()) is None
    assert response_code(LookupError()) is None


def test_a_server_is_named_without_its_user() -> None:
    assert server_attributes("postgresql+psycopg://bob:hunter2@db/studio") == {
        "db.system.name": "postgresql", "server.address": "db", "server.port": 5432, "db.namespace": "studio",
    }  # fmt: skip
    assert server_attributes("sqlite+aiosqlite:///somewhere/studio.db") == {"db.system.name": "sqlite"}


@pytest.mark.parametrize(("query", "milliseconds"), [("", 4000), ("?timeout=0.25", 250)])
def test_a_lock_of_sqlite_is_waited_for_as_long_as_the_url_says_or_almost_to_the_deadline(
    tmp_path: Path, query: str, milliseconds: int
) -> None:
    async def waits() -> int:
        engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}{query}", size=1, deadline_s=5.0)
        async with engine.connect() as connection:
            (waited,) = (await connection.execute(text("PRAGMA busy_timeout"))).one()
        await engine.dispose()
        return int(waited)

    assert asyncio.run(waits()) == milliseconds


def test_every_setting_of_the_pool_and_its_breaker_comes_from_the_environment() -> None:
    environ = {
        "DATABASE_URL": "sqlite+aiosqlite://", "DATABASE_POOL_SIZE": "7", "DATABASE_CHECKOUT_TIMEOUT": "0.1",
        "DATABASE_DEADLINE": "0.2", "BREAKER_WINDOW": "time", "BREAKER_WINDOW_CALLS": "8",
        "BREAKER_WINDOW_SECONDS": "9", "BREAKER_MINIMUM_CALLS": "10", "BREAKER_FAILURE_RATE": "0.25",
        "BREAKER_SLOW_CALL_RATE": "0.75", "BREAKER_SLOW_CALL_SECONDS": "0.3", "BREAKER_RESET_SECONDS": "4",
        "BREAKER_HALF_OPEN_PERMITS": "5", "BREAKER_PROBE_LEASE_SECONDS": "6",
    }  # fmt: skip
    pool = pool_settings(Settings.load(environ))
    breaker = pool.breaker
    assert (pool.url, pool.size, pool.checkout_timeout_s, pool.deadline_s) == ("sqlite+aiosqlite://", 7, 0.1, 0.2)
    assert (breaker.window, breaker.window_calls, breaker.window_s, breaker.minimum_calls) == ("time", 8, 9.0, 10)
    assert (breaker.failure_rate_threshold, breaker.slow_call_rate_threshold) == (0.25, 0.75)
    assert (breaker.slow_call_duration_s, breaker.reset_after_s, breaker.probe_lease_s) == (0.3, 4.0, 6.0)
    assert breaker.half_open_permits == 5


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"BREAKER_MINIMUM_CALLS": "20", "BREAKER_WINDOW_CALLS": "10"},
            "BREAKER_MINIMUM_CALLS: 20 is more than the window holds; accepted: at most BREAKER_WINDOW_CALLS (10)",
        ),
        (
            {"BREAKER_PROBE_LEASE_SECONDS": "3"},
            "BREAKER_PROBE_LEASE_SECONDS: 3 is too short for a slow call; accepted: more than "
            "BREAKER_SLOW_CALL_SECONDS and DATABASE_DEADLINE (5)",
        ),
        ({"BREAKER_WINDOW": "day"}, "BREAKER_WINDOW: 'day' is unknown; accepted: count, time"),
        (
            {"BREAKER_FAILURE_RATE": "2"},
            "BREAKER_FAILURE_RATE: '2' is out of range; accepted: a number from 0.001 to 1",
        ),
    ],
)
def test_a_bad_setting_is_one_line(environ: dict[str, str], line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ)
    assert str(caught.value) == line
