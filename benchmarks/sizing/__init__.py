"""What takes spans, and what that costs: the table of sizes in docs/deploy.md (`python -m benchmarks.sizing`).

`receivers` starts each of them, `measuring` sends spans and reads what the process used, `table` writes the page.
"""

from __future__ import annotations

__all__ = ["measuring", "receivers", "table"]
