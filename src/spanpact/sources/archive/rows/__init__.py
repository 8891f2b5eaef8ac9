"""The rows of an archive.

`schema` has the tables, their columns and the version, `manifest` what belongs to an archive. `contents` makes rows of
spans and spans of rows, `records` does so with log records, `values` with values. `columns` decides which attributes
have a column of their own.
"""

from __future__ import annotations
