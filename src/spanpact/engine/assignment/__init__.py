"""Steps 2 and 3: assign the spans of a flow to the entries of a contract, one to one (section 5).

`compiled_entries` compiles the entries, `candidates` finds the spans that each selects, `assigner` assigns them with
the algorithm of `least_cost`, `placements` is the result. `ambiguity` finds other assignments that are as good, `hints`
explains a missing span by spans near it. May import: `engine.checks` and what that may import.
"""

from __future__ import annotations

from spanpact.engine.assignment.assigner import SpanAssigner
from spanpact.engine.assignment.compiled_entries import CompiledEntry, compile_entry
from spanpact.engine.assignment.placements import Group, Placement

__all__ = ["CompiledEntry", "Group", "Placement", "SpanAssigner", "compile_entry"]
