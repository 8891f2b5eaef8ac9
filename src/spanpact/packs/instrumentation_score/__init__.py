"""The pack `instrumentation-score`: the rules of the public Instrumentation Score about traces and resources.

`rules` has the rules and their weights, `failures` and `instances` find where a trace fails them, `attribute_levels`
which attributes belong to resources and which to spans, and `scoring` keeps the score of each service.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "instrumentation-score"
