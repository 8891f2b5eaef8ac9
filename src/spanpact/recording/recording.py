"""Record a contract: propose it, make sure that it accepts its traces, add examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.errors import SourceError
from spanpact.recording.acceptance import accept, forbid_what_never_occurred
from spanpact.recording.examples import add_examples
from spanpact.recording.proposing import propose
from spanpact.recording.samples import Recorded
from spanpact.recording.thresholds import ENOUGH
from spanpact.recording.yaml_text import yaml_text

_SCHEMA_LINE: Final = "# yaml-language-server: $schema={}\n"


@dataclass(frozen=True, slots=True)
class RecordedContract:
    """A proposed contract: its text, its plan, and the number of flows that it was recorded from."""

    text: str
    plan: ContractPlan
    flows: int


def record(
    recorded: Recorded, pattern: str, *, name: str = "", enough: int = ENOUGH, schema: str = ""
) -> RecordedContract:
    """Return a contract for the spans that a pattern selects, which all traces keep.

    `enough` is the number of times that something must have been seen to be demanded, and so the least number of flows.
    `schema` is the path of the JSON Schema for editors, from the contract's folder. Raise SourceError for too few
    flows.
    """
    top = recorded.flows(pattern)
    if len(top.spans) < enough:
        found = f"{len(top.spans)} flow{'s' * (len(top.spans) != 1)}"
        raise SourceError(
            f"{found} of `{pattern}`: at least {enough} are needed to tell a rule from chance",
            hint="record more traces, or set --flows",
        )
    block = propose(recorded, top, name=name, enough=enough)
    forbid_what_never_occurred(block, recorded.reading)
    accept(block, recorded.reading)
    add_examples(block, recorded, top)
    text = (_SCHEMA_LINE.format(schema) if schema else "") + yaml_text(block)
    return RecordedContract(text, load_text(text), len(top.spans))
