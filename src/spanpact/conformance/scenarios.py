"""The scenarios of the shipped contracts: named actions that make an implementation produce traces.

They are data, so that an implementation in any language can perform them. Each names the contracts that its traces
must exercise and keep. They come from S2 and S3 of docs/specification.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named action: what is done (`about`), and the contracts that its traces exercise and keep."""

    name: str
    about: str
    contracts: tuple[str, ...]


_COMMAND = ("redis-command",)
_FAILURE = ("redis-command", "redis-failure")
_VALIDATE = ("session-validate", "redis-command")

SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario("redis-get-hit", "GET of a key that is there", _COMMAND),
    Scenario("redis-get-miss", "GET of a key that is not there", _COMMAND),
    Scenario("redis-set", "SET of a key with an expiry", _COMMAND),
    Scenario("redis-hget", "HGET of a field that is there and of one that is not", _COMMAND),
    Scenario("redis-hgetall", "HGETALL of a hash that is there and of one that is not", _COMMAND),
    Scenario("redis-del", "DEL of one key and of several", _COMMAND),
    Scenario("redis-scan", "SCAN with a pattern, to its end", _COMMAND),
    Scenario("redis-expire", "EXPIRE of a key", _COMMAND),
    Scenario("redis-pipeline", "a pipeline of three commands", _COMMAND),
    Scenario("redis-transaction", "a pipeline in MULTI and EXEC", _COMMAND),
    Scenario("redis-unregistered-key", "GET of a key that holds an e-mail address and fits no template", _COMMAND),
    Scenario(
        "redis-failing-command", "a command on a key of the wrong type; its argument holds an e-mail address", _FAILURE
    ),
    Scenario("redis-failing-pipeline", "a pipeline with one command that fails", _FAILURE),
    Scenario("redis-unknown-command", "a command that no server knows", _FAILURE),
    Scenario("redis-script-error", "a Lua script that raises an error", _FAILURE),
    Scenario("redis-down", "GET while no server listens", _FAILURE),
    Scenario("session-hit", "a session that is cached is validated", _VALIDATE),
    Scenario("session-miss", "a session that is only in the database is validated", _VALIDATE),
    Scenario("session-expired", "a session that has expired is validated", _VALIDATE),
    Scenario("session-unknown", "a correctly signed session that does not exist is validated", _VALIDATE),
    Scenario("session-tampered", "a session whose signature is wrong is validated", ("session-validate",)),
    Scenario("session-redis-down", "a session is validated while Redis is down", _VALIDATE),
    Scenario(
        "session-invalidate", "a request ends one session", ("session-invalidate", "redis-command", "request-log")
    ),
    Scenario(
        "session-invalidate-again", "a request ends a session that has ended", ("session-invalidate", "redis-command")
    ),
    Scenario("session-invalidate-tampered", "a request with a bad token ends nothing", ("session-invalidate",)),
    Scenario(
        "session-invalidate-redis-down",
        "a request to end a session fails while Redis is down",
        ("session-invalidate", "redis-failure"),
    ),
    Scenario(
        "session-invalidate-all",
        "all sessions of a user with two devices are ended",
        ("session-invalidate-all", "redis-command"),
    ),
    Scenario(
        "session-invalidate-none",
        "all sessions of a user who has none are ended",
        ("session-invalidate-all", "redis-command"),
    ),
    Scenario("cache-warm", "the cache is warmed with twenty sessions", ("cache-warm", "redis-command")),
    Scenario("cache-warm-empty", "the cache is warmed from an empty database", ("cache-warm",)),
    Scenario("session-create", "a session is created", ("session-create", "redis-command")),
    Scenario(
        "session-create-redis-down", "a session is created while Redis is down", ("session-create", "redis-failure")
    ),
    Scenario(
        "two-services",
        "a request creates a session and notifies another service",
        ("cross-service", "session-create"),
    ),
    Scenario(
        "two-services-audit-down",
        "a request creates a session while the other service is down",
        ("cross-service", "session-create"),
    ),
    Scenario("purge", "a request starts a background job that purges 150 expired sessions", ("background-job",)),
    Scenario("purge-nothing", "a request starts a background job that finds no expired session", ("background-job",)),
    Scenario("database-call", "a session is stored in the database and read back", ("connection-manager",)),
    Scenario("database-call-fails", "a session is stored in a database that is locked", ("connection-manager",)),
    Scenario(
        "database-pool-exhausted",
        "a session is looked up while every connection of the pool is in use",
        ("connection-manager",),
    ),
    Scenario(
        "breaker-lifecycle",
        "in one trace, three requests fail at the database and open its breaker, one is refused, and after the "
        "wait the database works again and one probe closes the breaker",
        ("breaker-lifecycle", "call-rejected", "connection-manager", "session-invalidate"),
    ),
    Scenario(
        "session-database-down",
        "a session that is not cached is validated while the breaker refuses all calls",
        ("session-validate", "call-rejected", "connection-manager"),
    ),
)
