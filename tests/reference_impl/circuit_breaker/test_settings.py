"""The circuit breaker's settings are checked, with one line for a bad one; its exception can be pickled."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest

from reference_impl.circuit_breaker import BreakerSettings, CircuitOpen

CALLS = "a whole number from 1 to 1000000"
RATE = "a number above 0 and at most 1"
SECONDS = "a finite number of seconds above 0"


def test_the_defaults_are_settings_that_can_be_used() -> None:
    settings = BreakerSettings()
    assert (settings.window, settings.minimum_calls, settings.half_open_permits) == ("count", 10, 3)


def test_whole_seconds_and_rates_are_numbers_too() -> None:
    assert BreakerSettings(reset_after_s=5, failure_rate_threshold=1).reset_after_s == 5


def test_a_time_window_may_ask_for_more_calls_than_a_count_window_holds() -> None:
    assert BreakerSettings(window="time", window_calls=10, minimum_calls=500).minimum_calls == 500


def test_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        BreakerSettings().minimum_calls = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"window": "calls"}, "window: 'calls' is unknown; accepted: count, time"),
        ({"window_calls": 0}, f"window_calls: 0 is out of range; accepted: {CALLS}"),
        ({"window_calls": 1_000_001}, f"window_calls: 1000001 is out of range; accepted: {CALLS}"),
        ({"minimum_calls": 2.5}, f"minimum_calls: 2.5 is not a whole number; accepted: {CALLS}"),
        ({"half_open_permits": True}, f"half_open_permits: True is not a whole number; accepted: {CALLS}"),
        ({"failure_rate_threshold": 0}, f"failure_rate_threshold: 0 is out of range; accepted: {RATE}"),
        ({"failure_rate_threshold": 50}, f"failure_rate_threshold: 50 is out of range; accepted: {RATE}"),
        ({"slow_call_rate_threshold": math.nan}, f"slow_call_rate_threshold: nan is out of range; accepted: {RATE}"),
        ({"slow_call_duration_s": "1"}, f"slow_call_duration_s: '1' is not a number; accepted: {SECONDS}"),
        ({"reset_after_s": True}, f"reset_after_s: True is not a number; accepted: {SECONDS}"),
        ({"reset_after_s": -1.0}, f"reset_after_s: -1.0 is out of range; accepted: {SECONDS}"),
        ({"window_s": math.inf}, f"window_s: inf is out of range; accepted: {SECONDS}"),
        (
            {"window_calls": 5, "minimum_calls": 6},
            "minimum_calls: 6 is more than the window holds; accepted: at most window_calls, which is 5",
        ),
        (
            {"slow_call_duration_s": 2.0, "probe_lease_s": 2.0},
            "probe_lease_s: 2.0 is too short; accepted: more than slow_call_duration_s, which is 2",
        ),
    ],
)
def test_a_bad_value_is_one_clear_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"accepted: ") as refusal:
        BreakerSettings(**given)
    assert str(refusal.value) == message


def test_a_refusal_is_the_same_in_another_process() -> None:
    refusal = CircuitOpen("db", "open", 12.34, "4 of 4 calls failed")
    copy = pickle.loads(pickle.dumps(refusal))
    assert str(copy) == str(refusal) == "pool 'db' is open: 4 of 4 calls failed; it may be tried again in 12.3 s"
    assert (copy.pool, copy.state, copy.retry_after_s, copy.why) == ("db", "open", 12.34, "4 of 4 calls failed")
