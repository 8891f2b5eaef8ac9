"""Step 4: `every`, what must hold of each span, or each event, of a flow (section 2).

- `compiled_rules` compiles the rules, and decides what they select;
- `selections` lets one rule select among some spans, and checks the content of what it selects;
- `checking` does this for all rules of a flow, then judges how many each selected, and its aggregates;
- `span_answers` remembers what all rules say of one span: other spans with the same content need not be checked.

May import: `engine.checks`, `engine.assignment`, `engine.results`.
"""

from __future__ import annotations

from spanpact.engine.rules.checking import FlowRules, check_rules, flow_counts
from spanpact.engine.rules.compiled_rules import (
    CompiledRule,
    compile_rule,
    names_of_rules,
    selects_event,
    spans_of_rule,
)
from spanpact.engine.rules.span_answers import Asked, SpanAnswer, ask_rules

__all__ = [
    "Asked",
    "CompiledRule",
    "FlowRules",
    "SpanAnswer",
    "ask_rules",
    "check_rules",
    "compile_rule",
    "flow_counts",
    "names_of_rules",
    "selects_event",
    "spans_of_rule",
]
