"""Streaming verification with `spanpact-core`, an optional native distribution (ADR 0041, docs/core.md).

The core scans documents, looks up what it has asked before, and counts. Everything new it asks of Python: what an
attribute, a span or a trace is like, how it is judged, and what its parts add. A document that it does not understand
is read here.

- `core_module`: whether the core is there;
- `questions`: the answers about resources, attributes and spans; `encodings`: how both encodings are decoded for them;
- `trace_answers`: the answers about traces. `contract_outlines` says what the core needs to know for split keys,
  `part_answers` what parts add, `counters` how that is counted, `counted_traces` what was counted for one trace;
- `native_stream`: the second pass over the documents, in the place of that of `verification.streaming`.
"""

from spanpact.verification.native.core_module import SWITCH, core_state, find_core

__all__ = ["SWITCH", "core_state", "find_core"]
