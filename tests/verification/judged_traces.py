"""Which traces are judged, and a contract that looks at everything by which traces are grouped."""

from __future__ import annotations

from types import ModuleType

import pytest

from spanpact.contract.loader import load_text
from spanpact.trace.model import Trace
from spanpact.verification.verifying import Verification

CONTRACT = load_text("""
spanpact: 1
contract: grouped
version: 1.0.0
span: top
duration: {at_most: 1s}
attributes:
  id: {optional: true, type: string}
  n: {optional: true, at_least: 3}
  t: {optional: true, matches: '[a-z]+'}
children:
  first: {span: first, count: 0..}
  second: {span: second, count: 0..1, attributes: {id: {optional: true, same_as: top.id}}}
order: [first, second]
every: {all: {span: '*', forbid: [email]}}
""")


def judged_by(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of the traces that a module's verifications will judge, in order."""
    ids: list[str] = []

    class Counting(Verification):
        def judge(self, trace: Trace) -> bool:
            ids.append(trace.trace_id)
            return super().judge(trace)

    monkeypatch.setattr(module, "Verification", Counting)
    return ids
