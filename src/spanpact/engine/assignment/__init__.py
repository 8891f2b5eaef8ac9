"""Assign the spans of a flow to the entries of a contract, one to one (section 5 of docs/contract-format.md).

`matching` finds candidates and groups, `least_cost` is the algorithm, `ambiguity` finds other assignments that are as
good, `hints` explains a missing span by what is near it.
"""

from __future__ import annotations

from spanpact.engine.assignment.matching import CompiledEntry, Group, Matcher, Placed, compile_entry

__all__ = ["CompiledEntry", "Group", "Matcher", "Placed", "compile_entry"]
