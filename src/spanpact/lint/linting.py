"""Run all lint rules on contract files and sort the messages."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from spanpact.contract.document import Mapping
from spanpact.contract.loader import LoadedFile, load_each
from spanpact.contract.semconv import is_shipped
from spanpact.errors import ContractError, Place
from spanpact.lint.linted_contract import LintedContract
from spanpact.lint.messages import LintMessage, LintReport
from spanpact.lint.rules.conditions import check_conditions
from spanpact.lint.rules.contradictions import check_contradictions
from spanpact.lint.rules.examples import JudgedContract, check_examples, judge_contract, unproven_of_fragment
from spanpact.lint.rules.forbidden import check_forbidden
from spanpact.lint.rules.levels import check_levels
from spanpact.lint.rules.literals import check_literals
from spanpact.lint.rules.names import check_names
from spanpact.lint.rules.never_judged import check_never_judged
from spanpact.lint.rules.no_effect import check_no_effect
from spanpact.lint.rules.pending import check_pending
from spanpact.lint.rules.shadowing import check_shadowing
from spanpact.lint.rules.span_names import check_span_names
from spanpact.lint.rules.unused import check_fragment, check_unused


def lint(
    paths: Iterable[str | os.PathLike[str]],
    *,
    today: dt.date | None = None,
    notify: Callable[[str], None] | None = None,
) -> LintReport:
    """Lint contract files, and all contract files below folders.

    `today` (UTC, default: the current day) decides which agreements of `pending` have expired. `notify`
    takes lines about what was found in a folder and not read. Raises `UsageError` for
    a file that cannot be read, and if there is none.
    """
    day = today or dt.datetime.now(dt.UTC).date()
    loaded = load_each(paths, notify=notify)
    contracts = [
        LintedContract(each.plan, each.document, each.fragments) for each in loaded if each.plan and each.document
    ]
    judged: list[JudgedContract] = []
    messages = [message for each in loaded for message in _errors(each.error, each.file)]
    for contract in contracts:
        messages += _check(contract, day)
        try:
            judged.append(judge_contract(contract))
        except ContractError as error:
            messages += _errors(error, contract.plan.file)
        else:
            messages += check_examples(judged[-1])
    messages += check_names(contracts)
    fragments = [each for each in loaded if each.document and not each.plan]
    # A contract that could not be read may be the one that uses a fragment: then nothing is certain.
    if contracts and len(judged) == len(contracts) and not any(each.error for each in loaded):
        messages += chain.from_iterable(_check_fragment(each, contracts, judged) for each in fragments)
    return LintReport(_sorted(messages, loaded), len(contracts), len(fragments))


def _errors(error: ContractError | None, file: str) -> Iterator[LintMessage]:
    """Yield a `contract-error` for the error and for each of its `others`."""
    for each in (error, *error.others) if error else ():
        yield LintMessage("contract-error", each.message, each.hint, each.place or Place(file, 1, 1))


def _check(contract: LintedContract, day: dt.date) -> Iterator[LintMessage]:
    """Yield the messages of all rules that need neither examples nor other contracts."""
    yield from check_contradictions(contract)
    yield from check_conditions(contract)
    yield from check_shadowing(contract)
    yield from check_never_judged(contract)
    yield from check_no_effect(contract)
    yield from check_unused(contract)
    yield from check_levels(contract)
    yield from check_pending(contract, day)
    yield from check_literals(contract)
    yield from check_forbidden(contract)
    yield from check_span_names(contract)


def _check_fragment(
    fragment: LoadedFile, contracts: Sequence[LintedContract], judged: Sequence[JudgedContract]
) -> Iterator[LintMessage]:
    assert fragment.document is not None
    file = _file(fragment.document)
    users = [contract for contract in contracts if any(_file(each) == file for each in contract.fragments)]
    yield from check_fragment(fragment.document, users)
    yield from unproven_of_fragment(file, [each for each in judged if each.contract in users])


def _file(document: Mapping) -> str:
    place = document.location.place
    return place.file if place else ""


def _sorted(messages: Sequence[LintMessage], loaded: Sequence[LoadedFile]) -> tuple[LintMessage, ...]:
    """Sort by file and place. A message about a fragment that several contracts give is kept once.

    `expectation-unproven` is left out where something to fix is at the same place, and what is in a shipped fragment,
    which nobody can edit.
    """
    messages = [each for each in messages if not (each.place and is_shipped(each.place.file))]
    wrong = {each.place for each in messages if each.level != "information" and each.id != "expectation-unproven"}
    messages = [each for each in messages if each.id != "expectation-unproven" or each.place not in wrong]
    rank = {each.file: i for i, each in enumerate(loaded)}
    names = {each.file: each.plan.name for each in loaded if each.plan}

    def key(message: LintMessage) -> tuple[int, str, int, int, str, str]:
        place = message.place or Place("", 0, 0)
        return (rank.get(place.file, len(rank)), place.file, place.line, place.column, message.id, message.message)

    named = (replace(each, contract=names.get(each.place.file, "") if each.place else "") for each in messages)
    return tuple(sorted(dict.fromkeys(named), key=key))
