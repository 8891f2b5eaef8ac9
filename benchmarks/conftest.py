"""Benchmarks run on real backends (docs/backends.md), and leave a table and a file of figures (docs/benchmarks.md)."""

pytest_plugins = ["containers.pytest_backends", "benchmarks.figures"]
