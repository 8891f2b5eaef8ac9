"""Examples: build the traces that a contract accepts and rejects (section 13 of docs/contract-format.md).

`load_examples` (`loading`) returns each example with its traces and the findings that it expects;
`verification.examples.contract_examples` judges them. `span_nodes` writes out `given`, `like` and `repeat`, `building`
makes spans, `values` reads concrete values.

The caller passes two functions of higher layers: `assignments`, which finds the spans that an example with `like`
changes, and `read_file`, which reads an OTLP file.
"""

from __future__ import annotations

from spanpact.contract.examples.loading import Assignments, Example, FlowSpans, ReadFile, load_examples

__all__ = ["Assignments", "Example", "FlowSpans", "ReadFile", "load_examples"]
