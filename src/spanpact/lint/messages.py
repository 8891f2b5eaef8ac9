"""The ids of lint with their levels and meanings, and the messages of a lint report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spanpact.errors import Place
from spanpact.findings import Level
from spanpact.findings.catalogue import IdMeaning, ids_by_name

_VIOLATIONS: Final = {
    "contract-error": "the file does not follow the contract language",
    "never-holds": "no span can meet it: parts of a matcher, or expectations on the same span, contradict each other",
    "never-selects": "`span` and `where` cannot select any span",
    "when-never-holds": "`when` holds for no flow, so the condition is never checked",
    "then-never-holds": "`then` cannot be met where `when` holds",
    "entry-shadowed": "a neighbouring entry takes every span that would break it",
    "examples-missing": "there is no accepted example, or no rejected one",
    "example-wrong": "an example gives other findings than it lists",
    "pending-expired": "an agreement of `pending` is past its date",
}
_IMPROVEMENTS: Final = {
    "never-judged": "an expectation on spans, events or links that must not exist",
    "alternative-shadowed": "an alternative that the rest of the matcher excludes, or that another alternative covers",
    "says-nothing": "no trace can break it",
    "then-redundant": "a part of `then` that `count` or `when` already guarantees",
    "entry-unused": "an entry without expectations that nothing refers to",
    "alias-unused": "aliases of an attribute that no expectation names",
    "fragment-unused": "a fragment that no given contract extends",
    "extends-unused": "a fragment from which the contract uses nothing",
    "level-unused": "a level for a finding that the contract cannot give",
    "given-unused": "fields in `given` for spans that no example has",
    "example-without-flow": "an accepted example without a span that the contract selects",
    "name-twice": "two contracts with the same name and version",
}
_INFORMATION: Final = {
    "class-unused": "a privacy class that nothing forbids: it is only masked",
    "literal-suspicious": "a literal that looks like a presence word, a range, a type or a pattern",
    "name-with-id": "a span name that looks as if it contained an id",
    "forbid-of-one-span": "`forbid` of an entry that does not reach the spans below it",
    "expectation-unproven": "no example gives other findings when the expectation is removed",
}


class LintId(IdMeaning):
    """An id of lint. docs/lint.md has an entry for each."""

    __slots__ = ()


LINT_IDS: Final = ids_by_name(LintId, violation=_VIOLATIONS, improvement=_IMPROVEMENTS, information=_INFORMATION)
"""Every id of lint. An id that findings have too (such as `example-wrong`) has the same meaning there."""


@dataclass(frozen=True, slots=True)
class LintMessage:
    """A mistake in a contract file: what, where, and (in `hint`) what to do about it."""

    id: str
    message: str
    hint: str = ""
    place: Place | None = None
    contract: str = ""
    level: Level = "violation"
    expectation: str = ""
    """The expectation that `expectation-unproven` is about (`top.kind`)."""


def lint_message(id: str, message: str, *, hint: str, place: Place | None) -> LintMessage:
    """Return a message with the level of its id."""
    return LintMessage(id, message, hint, place, level=LINT_IDS[id].level)


@dataclass(frozen=True, slots=True)
class LintReport:
    """All messages, ordered by file and place, and how many contracts and fragments were read."""

    messages: tuple[LintMessage, ...]
    contracts: int = 0
    fragments: int = 0

    @property
    def exit_code(self) -> int:
        """Return 2 for a file that does not follow the language, 1 for something to fix, 0 for information or less."""
        if any(each.id == "contract-error" for each in self.messages):
            return 2
        return int(any(each.level in ("violation", "improvement") for each in self.messages))
