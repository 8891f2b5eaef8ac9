"""Lint contract files: run every check on every file and sort the messages."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from spanpact.contract.document import Mapping
from spanpact.contract.loader import LoadedFile, load_each
from spanpact.errors import ContractError, Place
from spanpact.lint.conditions import condition_messages
from spanpact.lint.contract_facts import Facts
from spanpact.lint.contradictions import contradictions
from spanpact.lint.definitions import contract_definitions, fragment_definitions, names_twice
from spanpact.lint.examples import Proved, example_messages, fragment_proofs, prove
from spanpact.lint.messages import LintMessage, LintReport
from spanpact.lint.tree import tree_messages


def lint(paths: Iterable[str | os.PathLike[str]], *, today: dt.date | None = None) -> LintReport:
    """Everything that is wrong with the contract files given, and with those below the folders given.

    `today` (UTC, default: the present day) decides what of `pending` has expired. Raises UsageError for a file that
    cannot be read, and where there is none.
    """
    day = today or dt.datetime.now(dt.UTC).date()
    loaded = load_each(paths)
    contracts = [Facts(each.plan, each.document, each.fragments) for each in loaded if each.plan and each.document]
    proved: list[Proved] = []
    messages = [message for each in loaded for message in errors(each.error, each.file)]
    for facts in contracts:
        messages += chain(_static(facts), contract_definitions(facts, day))
        try:
            proved.append(prove(facts))
        except ContractError as error:
            messages += errors(error, facts.plan.file)
        else:
            messages += example_messages(proved[-1])
    messages += names_twice(contracts)
    fragments = [each for each in loaded if each.document and not each.plan]
    if contracts and len(proved) == len(contracts) and not any(each.error for each in loaded):  # else users are unknown
        messages += chain.from_iterable(_of_fragment(each, contracts, proved) for each in fragments)
    return LintReport(_sorted(messages, loaded), len(contracts), len(fragments))


def errors(error: ContractError | None, file: str) -> Iterator[LintMessage]:
    """A `contract-error` for the mistake, and for each that was found beside it."""
    for each in (error, *error.others) if error else ():
        yield LintMessage("contract-error", each.message, each.hint, each.place or Place(file, 1, 1))


def _static(facts: Facts) -> Iterator[LintMessage]:
    yield from contradictions(facts)
    yield from tree_messages(facts)
    yield from condition_messages(facts)


def _of_fragment(fragment: LoadedFile, contracts: Sequence[Facts], proved: Sequence[Proved]) -> Iterator[LintMessage]:
    assert fragment.document is not None
    file = _file(fragment.document)
    users = [facts for facts in contracts if any(_file(each) == file for each in facts.fragments)]
    yield from fragment_definitions(fragment.document, users)
    yield from fragment_proofs(file, [each for each in proved if each.facts in users])


def _file(document: Mapping) -> str:
    place = document.location.place
    return place.file if place else ""


def _sorted(messages: Sequence[LintMessage], loaded: Sequence[LoadedFile]) -> tuple[LintMessage, ...]:
    """By the order of the files, then by place; a fragment's message that several contracts give is one.

    Of what is wrong anyway it is not said that no example proves it.
    """
    wrong = {each.place for each in messages if each.id != "expectation-unproven"}
    messages = [each for each in messages if each.id != "expectation-unproven" or each.place not in wrong]
    rank = {each.file: i for i, each in enumerate(loaded)}
    names = {each.file: each.plan.name for each in loaded if each.plan}

    def key(message: LintMessage) -> tuple[int, str, int, int, str, str]:
        place = message.place or Place("", 0, 0)
        return (rank.get(place.file, len(rank)), place.file, place.line, place.column, message.id, message.message)

    named = (replace(each, contract=names.get(each.place.file, "") if each.place else "") for each in messages)
    return tuple(sorted(dict.fromkeys(named), key=key))
