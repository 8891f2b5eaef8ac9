"""The permission for one call through a circuit breaker, and the block that takes it and gives it back (S4.2)."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from reference_impl.circuit_breaker.values import Outcome, State


class End(Protocol):
    """What a permit calls when its call is over: with its outcome, or with its error for the breaker to judge."""

    def __call__(self, permit: Permit, result: Outcome | BaseException) -> None: ...


class Permit:
    """Permission for one call. The first of its three methods ends it; a further one changes nothing.

    `state` and `generation` are the breaker's when it let the call through, `started_at` its clock's reading.
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
        """Count the call as what the breaker's predicates say of `error`: failure, success, or neither."""
        self._end(self, error)

    def release(self) -> None:
        """Give the permit back uncounted, as for a call that was cancelled or never made."""
        self._end(self, "released")


class Guard:
    """One call's block, sync or async: acquires on entry, and ends the permit by how the block is left."""

    __slots__ = ("_acquire", "_permit")

    def __init__(self, acquire: Callable[[], Permit]) -> None:
        self._acquire = acquire
        self._permit: Permit | None = None

    def __enter__(self) -> Permit:
        if self._permit is not None:
            raise RuntimeError("a guard is for one call: ask the breaker for another")
        self._permit = self._acquire()
        return self._permit

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        permit = self._permit
        assert permit is not None  # entered
        if error is None:
            permit.succeed()
        else:
            permit.fail(error)

    async def __aenter__(self) -> Permit:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)
