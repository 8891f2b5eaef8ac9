"""Recording: propose a contract from traces, for a person to review.

1. `span_names` finds the patterns of names, `samples` gathers the spans of all flows by their place in the tree.
2. `proposing` writes what all of them kept: `content` of spans, `values` of attributes. `thresholds` says how often
   something must have been seen for that (docs/adr/0047).
3. `acceptance` verifies the traces with the proposal, and takes out what they break; it also finds privacy classes.
4. `examples` and `example_spans` write examples, `yaml_text` the file. `recording` does all of this.

May import: `verification`, `contract`, `findings`, `privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanpact.lazy_names import lazy_names

if TYPE_CHECKING:
    from spanpact.recording.ids import contract_names
    from spanpact.recording.recording import RecordedContract, record
    from spanpact.recording.samples import Recorded

__all__ = ["Recorded", "RecordedContract", "contract_names", "record"]

__getattr__ = lazy_names(
    __name__,
    {
        "spanpact.recording.ids": ("contract_names",),
        "spanpact.recording.recording": ("RecordedContract", "record"),
        "spanpact.recording.samples": ("Recorded",),
    },
)
