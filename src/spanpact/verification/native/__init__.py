"""Streaming verification with `spanpact-core`, an optional native distribution (ADR 0041, docs/core.md).

The core scans documents, looks up what it has asked before, and counts. Everything new it asks of Python: what an
attribute, a span or a trace is like, and how it is judged. A document that it does not understand is read here.

- `core_module`: whether the core is there;
- `questions`: the answers about resources, attributes and spans; `encodings`: how both encodings are decoded for them;
- `native_stream`: the second pass over the documents, in the place of that of `verification.streaming`.
"""

from spanpact.verification.native.core_module import SWITCH, core_state, find_core

__all__ = ["SWITCH", "core_state", "find_core"]
