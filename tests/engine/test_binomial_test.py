"""The binomial test sums over all outcomes no likelier than the observed one, in the same time for any number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.engine.binomial_test import binomial_p_value
from tests.counted_calls import count_calls


def p_value_of_all_terms(successes: int, trials: int, probability: float) -> float:
    """Return the p-value by its definition: every outcome is looked at that is within 40 standard deviations."""
    within = range(trials + 1)
    if trials > 10_000:
        mean, deviation = trials * probability, math.sqrt(trials * probability * (1 - probability))
        within = range(int(mean - 40 * deviation), int(mean + 40 * deviation))

    def log_likelihood(k: int) -> float:
        ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        return ways + k * math.log(probability) + (trials - k) * math.log1p(-probability)

    limit = log_likelihood(successes) + 1e-7
    return min(1.0, math.fsum(math.exp(x) for k in within if (x := log_likelihood(k)) <= limit))


@given(
    st.integers(1, 400).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))),
    st.one_of(st.floats(1e-6, 1 - 1e-6), st.sampled_from((0.01, 0.1, 0.25, 0.5, 0.9))),
)
def test_the_p_value_is_the_sum_of_all_terms(counts: tuple[int, int], probability: float) -> None:
    expected = p_value_of_all_terms(*counts, probability)
    assert binomial_p_value(*counts, probability) == pytest.approx(expected, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("deviations", [0.001, 1, -2, 5, -8])
def test_a_p_value_of_sums_with_a_stride_is_that_of_all_terms(deviations: float) -> None:
    trials, probability = 2_000_000, 0.3
    sampled = round(trials * probability + deviations * math.sqrt(trials * probability * (1 - probability)))
    expected = p_value_of_all_terms(sampled, trials, probability)
    assert binomial_p_value(sampled, trials, probability) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("deviations", [0, 1, -2, 5, -8])
def test_the_p_value_of_very_many_requests_is_that_of_the_normal_distribution(deviations: int) -> None:
    trials = 10**18
    sampled = trials // 2 + deviations * 5 * 10**8
    expected = math.erfc(abs(deviations) / math.sqrt(2))
    assert binomial_p_value(sampled, trials, 0.5) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("sampled", "rate", "expected"), [(0, 0.0, 1.0), (1, 0.0, 0.0), (9, 1.0, 1.0), (8, 1.0, 0.0)])
def test_a_rate_of_none_or_all_allows_nothing_else(sampled: int, rate: float, expected: float) -> None:
    assert binomial_p_value(sampled, 9, rate) == expected


def test_the_work_does_not_grow_with_the_number_of_requests() -> None:
    few, more, many = (work(10**exponent) for exponent in (7, 8, 18))
    assert more < 1.2 * few
    assert many < 1.2 * few


def work(requests: int) -> int:
    """Return the calls for a share of sampled requests that is one standard deviation above a half."""
    return count_calls(lambda: binomial_p_value(requests // 2 + math.isqrt(requests) // 2, requests, 0.5))
