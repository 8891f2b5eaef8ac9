"""Integration tests run against real backends (docs/backends.md)."""

pytest_plugins = ["containers.pytest_backends"]
