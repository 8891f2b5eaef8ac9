"""Find the shipped packs by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_text
from spanpact.contract.loader.vocabulary import suggest
from spanpact.errors import UsageError
from spanpact.packs.instrumentation_score import NAME as SCORE
from spanpact.trace.model import SourceInfo

if TYPE_CHECKING:
    from spanpact.packs.instrumentation_score.scoring import ScoreKeeper

INTEGRITY: Final = "integrity"
"""The pack that is used where neither a contract nor a pack is given."""
_FOLDER: Final = Path(__file__).parent / "contracts"
PACKS: Final = MappingProxyType(
    {
        "genai": "agent runs: the order of steps, budgets of tokens and calls, loops",
        SCORE: "the rules of the Instrumentation Score about traces and resources, with the score",
        INTEGRITY: "every trace is well formed",
        "sensitive-data": "no personal data or secret in any trace",
    }
)
"""The packs by name, with what each checks."""


@dataclass(frozen=True, slots=True)
class Packs:
    """The chosen packs: the contracts among them, and whether the score is asked for with the least accepted one."""

    plans: tuple[ContractPlan, ...] = ()
    scored: bool = False
    least_score: float = 0.0

    def observer(self, source: SourceInfo) -> ScoreKeeper:
        """Return the observer that keeps the score."""
        from spanpact.packs.instrumentation_score.scoring import ScoreKeeper  # the other packs do without

        return ScoreKeeper(source, least=self.least_score)


def contract_file(name: str) -> Path:
    """Return the contract file of a pack."""
    return _FOLDER / f"{name}.contract.yaml"


def load_pack(name: str) -> ContractPlan:
    """Load the contract of a pack. Its places name the file without the folder of the installation."""
    file = contract_file(name)
    return load_text(file.read_bytes(), file=file.name)


def load_packs(names: Sequence[str], *, least_score: float | None = None) -> Packs:
    """Load packs by name, each once. Raise UsageError for an unknown name, and a least score without the score."""
    for name in names:
        if name not in PACKS:
            raise UsageError(f"there is no pack {name!r}", hint=suggest(name, PACKS))
    scored = SCORE in names
    if least_score is not None and not scored:
        raise UsageError("--min-score needs the score", hint=f"add --pack {SCORE}")
    plans = tuple(load_pack(name) for name in dict.fromkeys(names) if name != SCORE)
    return Packs(plans, scored, least_score or 0.0)
