"""Write the tables and plots of the docs from docs/benchmarks.json: `python -m benchmarks.pages`."""

from __future__ import annotations

from benchmarks.pages.page import ROOT, write

if __name__ == "__main__":
    for written in write():
        print(written.relative_to(ROOT))
