"""The pages of the docs that show benchmarks, written from the figures of a run.

`tables`, `service_tables` and `pictures` turn figures into Markdown and plots, `cells` is what tables share, `plots`
draws, `page` writes the files.
"""

from __future__ import annotations

__all__ = ["cells", "page", "pictures", "plots", "service_tables", "tables"]
