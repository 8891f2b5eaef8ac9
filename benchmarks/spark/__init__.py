"""Spark with one thread against two, and what a span costs there: `python -m benchmarks.spark ARCHIVE`."""
