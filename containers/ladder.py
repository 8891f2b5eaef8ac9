"""The ladder: the rungs a backend can come from, tried from the top, announced, and each one forcible.

1. `url`: a server that somebody runs already, named by an address.
2. `docker`: a container that is started here, if a Docker engine answers.
3. `program`: a program of this machine, found on PATH.
4. `bundled`: what an installed Python package brings along.

A rung that cannot be used says why, and the climb goes on; what was passed over is reported with what was found
(docs/architecture.md, "Where backends come from"). An explicit address is never passed over: who names a server
wants that one, or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Backend = TypeVar("Backend")


class BackendUnavailable(Exception):
    """No backend could be had: one line that says what was looked for and why each rung could not give it."""


@dataclass(frozen=True, slots=True)
class Rung(Generic[Backend]):
    """One place a backend can come from; `open` raises `BackendUnavailable` with the reason where it cannot.

    `final` rungs end the climb: their failure is the caller's error, not a reason to look further.
    """

    name: str
    open: Callable[[], AbstractContextManager[Backend]]
    final: bool = False


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A rung that was tried and could not be used, and why."""

    rung: str
    reason: str

    def __str__(self) -> str:
        return f"{self.rung}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Found(Generic[Backend]):
    """The backend, the rung that gave it, and the rungs that were passed over before."""

    backend: Backend
    rung: str
    passed_over: tuple[PassedOver, ...] = ()


@contextmanager
def climb(what: str, rungs: Sequence[Rung[Backend]], *, prefer: str | None = None) -> Iterator[Found[Backend]]:
    """Open the first usable rung, or only the rung named by `prefer`, for as long as the context lasts.

    Raises `BackendUnavailable` when none can be used, `ValueError` when `prefer` is no rung of this ladder. What the
    body of the `with` statement raises goes through untouched.
    """
    with ExitStack() as opened:
        yield _first_usable(what, _chosen(what, rungs, prefer), opened)


def _chosen(what: str, rungs: Sequence[Rung[Backend]], prefer: str | None) -> Sequence[Rung[Backend]]:
    if prefer is None:
        return rungs
    chosen = [rung for rung in rungs if rung.name == prefer]
    if not chosen:
        raise ValueError(f"{what} backend {prefer!r} is unknown; known are {', '.join(r.name for r in rungs)}")
    return chosen


def _first_usable(what: str, rungs: Sequence[Rung[Backend]], opened: ExitStack) -> Found[Backend]:
    passed_over: list[PassedOver] = []
    for rung in rungs:
        try:
            return Found(opened.enter_context(rung.open()), rung.name, tuple(passed_over))
        except BackendUnavailable as error:
            passed_over.append(PassedOver(rung.name, str(error)))
            if rung.final:
                break
    reasons = "; ".join(map(str, passed_over))
    raise BackendUnavailable(f"no {what} backend ({reasons})")
