"""Decide whether a number of sampled requests fits a sampling rate, by the exact binomial test.

The p-value is the sum over all outcomes no likelier than the observed one: two tails. Each is summed outwards, until
terms no longer count. Where a tail has hundreds of thousands of terms, every n-th is taken and the sum corrected at its
end (Euler and Maclaurin), so the time does not grow with the number of requests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

_TOLERANCE: Final = 1e-7
"""Logarithms of equal likelihoods differ in their last bits."""
_STEPS: Final = 400
"""How many terms are summed for one standard deviation, at most: errors are below 1e-8 of the sum."""


def binomial_p_value(successes: int, trials: int, probability: float) -> float:
    """Return the two-sided p-value of the exact binomial test: how probable outcomes no likelier than this are."""
    if probability in (0.0, 1.0):
        return float(successes == trials * probability)
    likelihood = _Likelihood(trials, probability)
    limit = likelihood.log(successes) + _TOLERANCE
    mode = likelihood.mode
    if likelihood.log(mode) <= limit:
        return 1.0
    below = _last(lambda k: likelihood.log(k) <= limit, -1, mode)
    above = trials - _last(lambda k: likelihood.log(trials - k) <= limit, -1, trials - mode)
    return min(1.0, likelihood.tail(below, -1) + likelihood.tail(above, 1))


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the last number from `low` on, below `high`, of which something holds that holds of all before it."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


class _Likelihood:
    """The likelihood of each number of successes, as Loader (2000) computes it: exact to the last digits for any n."""

    def __init__(self, trials: int, probability: float) -> None:
        self._trials = trials
        self._p, self._q = probability, 1 - probability
        self._up, self._down = probability.as_integer_ratio()
        self.mode = min(trials, (trials + 1) * self._up // self._down)
        self._stride = max(1, int(math.sqrt(trials * self._p * self._q) / _STEPS))
        self._error_of_trials = _stirling_error(trials)

    def log(self, k: int) -> float:
        """Return the logarithm of the likelihood of `k` successes."""
        n, rest = self._trials, self._trials - k
        if k == 0:
            return n * math.log1p(-self._p)
        if rest == 0:
            return n * math.log(self._p)
        excess = (k * self._down - n * self._up) / self._down  # of integers, because k and n * p may be nearly equal
        errors = self._error_of_trials - _stirling_error(k) - _stirling_error(rest)
        deviance = _deviance(k, n * self._p, excess) + _deviance(rest, n * self._q, -excess)
        return errors - deviance - 0.5 * math.log(2 * math.pi * k * (rest / n))

    def tail(self, first: int, step: int) -> float:
        """Return the sum of the likelihoods from `first` on, downwards or upwards, away from the mode."""
        if not 0 <= first <= self._trials:
            return 0.0
        stride = self._stride
        most = (first if step < 0 else self._trials - first) // stride
        terms = [math.exp(self.log(first))]
        while len(terms) <= most and terms[-1] > terms[0] * 1e-18:
            terms.append(math.exp(self.log(first + step * stride * len(terms))))
        if stride == 1:
            return math.fsum(terms)
        odds = math.log((self._trials - first) / first * (self._p / self._q))
        slope = terms[0] * odds * step
        return stride * math.fsum(terms) - (stride - 1) / 2 * terms[0] + (stride * stride - 1) / 12 * slope


def _stirling_error(n: int) -> float:
    """Return how far Stirling's formula is from the logarithm of n!."""
    if n < 16:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - math.log(2 * math.pi) / 2 if n else 0.0
    square = 1 / n / n
    return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / n


def _deviance(k: int, mean: float, excess: float) -> float:
    """Return k·log(k / mean) + mean - k, where `excess` is k - mean, without losing digits where they are close."""
    if abs(excess) >= 0.1 * (k + mean):
        return k * math.log(k / mean) - excess
    ratio = excess / (k + mean)
    total, power, j = excess * ratio, 2 * k * ratio, 1
    while True:
        power *= ratio * ratio
        if (more := total + power / (2 * j + 1)) == total:
            return total
        total, j = more, j + 1
