"""The permit for one call through a circuit breaker, and the block that acquires and ends it (S4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from reference_impl.circuit_breaker.values import Outcome, State

End: TypeAlias = "Callable[[Permit, Outcome | BaseException], None]"
"""The function that a permit calls when its call ended: with the outcome, or the exception to classify."""


class Permit:
    """The permit for one call. The first call of one of its three methods ends it; later ones do nothing.

    `state` and `generation` are the breaker's when it admitted the call, `started_at` its clock's time.
    """

    __slots__ = ("_end", "ended", "generation", "started_at", "state")

    def __init__(self, end: End, state: State, generation: int, started_at: float) -> None:
        self._end = end
        self.state = state
        self.generation = generation
        self.started_at = started_at
        self.ended = False

    def succeed(self) -> None:
        """Count the call as a success, slow or not."""
        self._end(self, "succeeded")

    def fail(self, error: BaseException) -> None:
        """Count the call by the breaker's predicates for `error`: failure, success, or neither."""
        self._end(self, error)

    def release(self) -> None:
        """End the permit without counting the call, as for one that was cancelled or never made."""
        self._end(self, "released")


class Guard:
    """A block for one call, sync or async: acquires a permit, and ends it by the block's exception or success."""

    __slots__ = ("_acquire", "_permit")

    def __init__(self, acquire: Callable[[], Permit]) -> None:
        self._acquire = acquire
        self._permit: Permit | None = None

    def __enter__(self) -> Permit:
        if self._permit is not None:
            raise RuntimeError("a guard is for one call: call breaker.guard() again")
        self._permit = self._acquire()
        return self._permit

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        assert self._permit is not None  # entered
        self._permit.succeed() if error is None else self._permit.fail(error)

    async def __aenter__(self) -> Permit:
        return self.__enter__()

    async def __aexit__(self, *raised: Any) -> None:
        self.__exit__(*raised)
