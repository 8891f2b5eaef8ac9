"""Examples: the traces that a contract accepts and rejects, as readings (section 13 of docs/contract-format.md).

`load_examples` gives each as an `Example`: the traces, and the findings it expects. Whether it gives these is
for whoever judges it. Two things are handed in, as they lie above or beside this layer: `assignments`, which
says what spans an example with `like` changes, and `read_file`, which reads OTLP files.
"""

from __future__ import annotations

from spanpact.contract.examples.loading import Assignments, Example, FlowSpans, ReadFile, load_examples

__all__ = ["Assignments", "Example", "FlowSpans", "ReadFile", "load_examples"]
