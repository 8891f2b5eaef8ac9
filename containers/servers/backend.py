"""The common part of all kinds of servers: opening one from a ladder, its description, and the faults of tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeVar

from containers.ladder import BackendUnavailable, Rung, SkippedRung, climb
from containers.servers.controls import Controls
from containers.servers.urls import without_credentials

__all__ = ["ServerBackend", "open_server"]


@dataclass(frozen=True, slots=True)
class ServerBackend:
    """A server that answers: its URL, its version, the rung that provided it, and the rungs that were skipped.

    `process` is the container or process that was started here, None on the rung `url`. Without it, pause, resume, kill
    and restart raise `BackendUnavailable`.
    """

    kind: ClassVar[str]
    """The name of the server in messages: `Redis`."""
    url: str
    version: str
    rung: str = ""
    skipped: tuple[SkippedRung, ...] = field(default=(), kw_only=True)
    process: Controls | None = field(default=None, kw_only=True, compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.version} at {without_credentials(self.url)} ({self.rung})"

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing is answered."""
        self.controls().pause()

    def resume(self) -> None:
        """Let a paused server continue."""
        self.controls().resume()

    def kill(self) -> None:
        """End the server at once: connections are reset, and data in its memory is lost."""
        self.controls().kill()

    def restart(self) -> None:
        """Start the server again on the same ports. Return when it answers."""
        self.controls().restart()

    def controls(self) -> Controls:
        """Return the container or process. Raise `BackendUnavailable` where the server was not started here."""
        if self.process is None:
            raise BackendUnavailable(
                f"a {self.kind} from the {self.rung} rung cannot be paused, killed or restarted here"
            )
        return self.process


Server = TypeVar("Server", bound=ServerBackend)


@contextmanager
def open_server(
    kind: str,
    prefer: str | None,
    *,
    variable: str,
    at_address: Callable[[str], Server],
    rungs: Sequence[Rung[Server]],
) -> Iterator[Server]:
    """Open the first usable rung of a kind of server for as long as the context lasts.

    The rung `url` comes before `rungs`: `at_address` checks the server at the address in the environment's `variable`,
    and no other rung is tried if that is set. `prefer` is None, the name of the only rung to try, or an address.
    Raise `BackendUnavailable`, with every rung's reason, where there is none, and `ValueError` for an unknown rung.
    """
    given = prefer is not None and "://" in prefer
    address = prefer if prefer is not None and given else os.environ.get(variable, "")

    def open_address() -> nullcontext[Server]:
        if not address:
            raise BackendUnavailable(f"{variable} is not set")
        return nullcontext(at_address(address))

    ladder = (Rung("url", open_address, final=bool(address)), *rungs)
    with climb(kind, ladder, prefer="url" if given else prefer) as found:
        yield replace(found.backend, rung=found.rung, skipped=found.skipped)
