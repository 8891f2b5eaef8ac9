"""The backends of the demo and the tests: real servers that are found or started, and stopped again.

`ladder` is the order in which places are tried, `servers` has one module a kind of server, `images` the images of their
containers, `engine` the Docker engine. `backends` lists the kinds, `pytest_backends` makes them fixtures. Imports
nothing of this project.
"""

from __future__ import annotations

__all__ = ["backends", "commands", "engine", "images", "ladder", "pytest_backends", "servers"]
