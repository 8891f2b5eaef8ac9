"""Verify an archive on Spark (docs/archives.md, ADR 0070). The command line is `spanpact.cli.spark_job`.

- `tables`, `file_check`: the archive as Spark reads it;
- `clock_counts`, `link_search`: what is asked of it in SQL;
- `partition_job`: what a task does with the rows of a partition;
- `verify_spark`: the driver, from the archive to the report; `failures`: errors of Spark as one line.

It needs the extra `spark`, so that nothing is imported here.
"""

from __future__ import annotations

__all__: list[str] = []
