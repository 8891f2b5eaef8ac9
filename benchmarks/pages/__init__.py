"""The pages of the docs that show benchmarks, written from the figures of a run.

`tables` and `pictures` turn figures into Markdown and plots, `plots` draws, `page` writes the files.
"""

from __future__ import annotations

__all__ = ["page", "pictures", "plots", "tables"]
