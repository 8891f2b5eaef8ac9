"""What tests do to a server that was started here, be it a process or a container."""

from __future__ import annotations

from typing import Protocol


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
