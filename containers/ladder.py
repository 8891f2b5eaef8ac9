"""A ladder: the rungs that a backend can come from, tried from the top.

1. `url`: a server that already runs, named by an address.
2. `docker`: a container that is started here, if a Docker engine answers.
3. `program`: a program of this machine, found on PATH.
4. `bundled`: a program that an installed Python package brings along.

A rung that cannot be used gives its reason and is skipped; the skipped rungs are reported with the backend that was
found (docs/architecture.md, "Where backends come from"). An explicit address is never skipped: a caller who names a
server gets that one or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["BackendUnavailable", "Found", "Rung", "SkippedRung", "climb"]

Backend = TypeVar("Backend")


class BackendUnavailable(Exception):
    """No backend is available: one line with what was looked for and why each rung could not provide it."""


@dataclass(frozen=True, slots=True)
class Rung(Generic[Backend]):
    """One place that a backend can come from; `open` raises `BackendUnavailable` with the reason where it cannot.

    A `final` rung ends the climb: its failure is the caller's error, and no further rung is tried.
    """

    name: str
    open: Callable[[], AbstractContextManager[Backend]]
    final: bool = False


@dataclass(frozen=True, slots=True)
class SkippedRung:
    """A rung that was tried and could not be used, and why."""

    rung: str
    reason: str

    def __str__(self) -> str:
        return f"{self.rung}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Found(Generic[Backend]):
    """A backend, the rung that provided it, and the rungs that were skipped before."""

    backend: Backend
    rung: str
    skipped: tuple[SkippedRung, ...] = ()


@contextmanager
def climb(what: str, rungs: Sequence[Rung[Backend]], *, prefer: str | None = None) -> Iterator[Found[Backend]]:
    """Open the first usable rung, or only the rung named by `prefer`, for as long as the context lasts.

    Raise `BackendUnavailable` when no rung can be used, `ValueError` when `prefer` is no rung of this ladder. An
    exception of the `with` statement's body is passed on unchanged.
    """
    with ExitStack() as opened:
        yield _first_usable(what, _select(what, rungs, prefer), opened)


def _select(what: str, rungs: Sequence[Rung[Backend]], prefer: str | None) -> Sequence[Rung[Backend]]:
    if prefer is None:
        return rungs
    selected = [rung for rung in rungs if rung.name == prefer]
    if not selected:
        raise ValueError(f"{what} backend {prefer!r} is unknown; known are {', '.join(r.name for r in rungs)}")
    return selected


def _first_usable(what: str, rungs: Sequence[Rung[Backend]], opened: ExitStack) -> Found[Backend]:
    skipped: list[SkippedRung] = []
    for rung in rungs:
        try:
            return Found(opened.enter_context(rung.open()), rung.name, tuple(skipped))
        except BackendUnavailable as error:
            skipped.append(SkippedRung(rung.name, str(error)))
            if rung.final:
                break
    reasons = "; ".join(map(str, skipped))
    raise BackendUnavailable(f"no {what} backend ({reasons})")
