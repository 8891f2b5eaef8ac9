"""Results: what the judging of one contract collects, and what is decided from it at the end.

`expectations` lists what a contract demands, `coverage` counts how far each was exercised, `collector` gathers findings
and gaps, `masking` makes their texts safe, `mentions` counts what no contract mentions, `pending` and `verdict` decide.
"""

from __future__ import annotations

from spanpact.engine.results.collector import ResultCollector
from spanpact.engine.results.expectations import ContractExpectations
from spanpact.engine.results.verdict import verdict_of

__all__ = ["ContractExpectations", "ResultCollector", "verdict_of"]
