"""Plugins of the benchmarks: real backends (docs/backends.md), and figures (docs/benchmarks.md)."""

pytest_plugins = ["containers.pytest_backends", "benchmarks.figures"]
