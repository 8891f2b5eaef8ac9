"""What tests do to a server that was started here, be it a process or a container."""

from __future__ import annotations

from typing import ClassVar, Protocol

from containers.ladder import BackendUnavailable


class Controls(Protocol):
    """The faults of a server: `ServerProcess` and `ServerContainer` have them."""

    @property
    def running(self) -> bool:
        """Whether the server is alive (a paused one is)."""

    def pause(self) -> None:
        """Stop it in its tracks: connections stay open and nothing is answered."""

    def resume(self) -> None:
        """Let a paused server go on."""

    def kill(self) -> None:
        """End it at once, and wait until it is gone."""

    def restart(self) -> None:
        """Start it again on the same ports, ending it first if it lives; returns when it answers."""


class Faults:
    """The faults of a backend: those of what was started here; `BackendUnavailable` where nothing was (rung `url`)."""

    __slots__ = ()
    what: ClassVar[str]
    """The server with its article, for messages."""
    rung: str
    process: Controls | None

    def pause(self) -> None:
        """Stop the server in its tracks: connections stay open and nothing is answered."""
        self._controlled().pause()

    def resume(self) -> None:
        """Let a paused server go on."""
        self._controlled().resume()

    def kill(self) -> None:
        """End the server at once; connections are reset, and what is only in its memory is lost."""
        self._controlled().kill()

    def restart(self) -> None:
        """Start the server again on the same ports; returns when it answers."""
        self._controlled().restart()

    def _controlled(self) -> Controls:
        if self.process is None:
            raise BackendUnavailable(
                f"{self.what} from the {self.rung} rung cannot be paused, killed or restarted here"
            )
        return self.process
