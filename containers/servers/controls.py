"""The faults that tests cause to a server that was started here, as a process or as a container."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Controls"]


class Controls(Protocol):
    """The faults of a server; `ServerProcess` and `ServerContainer` implement them."""

    @property
    def running(self) -> bool:
        """Return whether the server is alive; a paused one is."""

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing is answered."""

    def resume(self) -> None:
        """Let a paused server continue."""

    def kill(self) -> None:
        """End the server at once, and wait until it has ended."""

    def restart(self) -> None:
        """Start the server again on the same ports, ending it first if it runs. Return when it answers."""
