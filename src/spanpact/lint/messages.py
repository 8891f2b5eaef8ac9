"""What lint says: its ids, each with a level and a meaning, and the message that names a place in a contract file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spanpact.errors import Place
from spanpact.findings import Level


@dataclass(frozen=True, slots=True)
class LintId:
    """One id of the catalogue: its level and its meaning. docs/cli.md has an entry for each."""

    id: str
    level: Level
    meaning: str


_VIOLATIONS: Final = {
    "contract-error": "the file is not in the language",
    "never-holds": "no span can keep it: words of a matcher, or expectations on the same span, contradict each other",
    "never-selects": "`span` and `where` can select nothing",
    "when-never-holds": "`when` can hold of no flow, so that the condition is never judged",
    "then-never-holds": "`then` cannot be met where `when` holds",
    "entry-shadowed": "an entry beside it takes every span that would break it",
    "examples-missing": "there is no accepted example, or no rejected one",
    "example-wrong": "an example gave other findings than it lists",
    "pending-expired": "an agreement of `pending` is past its date",
}
_IMPROVEMENTS: Final = {
    "never-judged": "it is said of spans, events or links that must not be there at all",
    "alternative-shadowed": "an alternative that the other words exclude, or that an earlier one covers",
    "says-nothing": "nothing can break it",
    "then-redundant": "a side of `then` that `count` or `when` says already",
    "entry-unused": "an entry that demands nothing, and that nothing refers to",
    "alias-unused": "an alias of an attribute that nothing names",
    "fragment-unused": "a fragment that no contract among those given extends",
    "extends-unused": "a fragment from which the contract takes nothing",
    "level-unused": "a level of a finding that the contract cannot make",
    "given-unused": "fields in `given` for spans that no example has",
    "example-without-flow": "an accepted example without a span that the contract names: it shows nothing",
    "name-twice": "two contracts of one name and version",
}
_INFORMATION: Final = {
    "class-unused": "a privacy class that nothing forbids: it is only masked",
    "expectation-unproven": "removing the expectation changes the result of no example",
}

_BY_LEVEL: Final[tuple[tuple[Level, dict[str, str]], ...]] = (
    ("violation", _VIOLATIONS),
    ("improvement", _IMPROVEMENTS),
    ("information", _INFORMATION),
)

LINT_IDS: Final[Mapping[str, LintId]] = MappingProxyType(
    {id: LintId(id, level, meaning) for level, meanings in _BY_LEVEL for id, meaning in meanings.items()}
)
"""Every id of lint. Those that findings have too (`example-wrong`) mean the same there."""


@dataclass(frozen=True, slots=True)
class LintMessage:
    """One thing that is wrong with a contract file: what, where, and in `hint` what to do about it."""

    id: str
    message: str
    hint: str = ""
    place: Place | None = None
    contract: str = ""
    level: Level = "violation"


def lint_message(id: str, message: str, *, hint: str, place: Place | None) -> LintMessage:
    """A message at the level of its id."""
    return LintMessage(id, message, hint, place, level=LINT_IDS[id].level)


@dataclass(frozen=True, slots=True)
class LintReport:
    """All messages, in the order of the files and of the places in them; how many files of each kind were read."""

    messages: tuple[LintMessage, ...]
    contracts: int = 0
    fragments: int = 0

    @property
    def exit_code(self) -> int:
        """0 clean (information aside), 1 something to mend, 2 a file that is not in the language."""
        if any(each.id == "contract-error" for each in self.messages):
            return 2
        return int(any(each.level in ("violation", "improvement") for each in self.messages))
